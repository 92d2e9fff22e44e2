"""DistilBertForSequenceClassification as an ONNX graph, built from numpy weights under Hugging Face's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = dict[str, NDArray[np.float32]]

OPSET = 17
LAYER_NORM_EPSILON = 1e-12
MASKED = -1e9
WEIGHT_DEVIATION = 0.02
ATTENTION = ("q_lin", "k_lin", "v_lin", "out_lin")


@dataclass(frozen=True)
class Shape:
    """The sizes of a DistilBERT; the defaults are those of distilbert-base-uncased."""

    dim: int = 768
    heads: int = 12
    layers: int = 6
    hidden_dim: int = 3072
    vocabulary: int = 30522
    positions: int = 512
    labels: int = 2


def random_weights(shape: Shape, seed: int) -> Weights:
    """Return weights as a new model would be initialised: normal, with zero biases and unit norms."""
    generator = np.random.default_rng(seed)
    dim, hidden = shape.dim, shape.hidden_dim
    weights: Weights = {}

    def add_matrix(name: str, rows: int, columns: int) -> None:
        weights[name] = generator.standard_normal((rows, columns), dtype=np.float32) * np.float32(WEIGHT_DEVIATION)

    def add_linear(name: str, rows: int, columns: int) -> None:
        add_matrix(f"{name}.weight", rows, columns)
        weights[f"{name}.bias"] = np.zeros(rows, np.float32)

    def add_norm(name: str) -> None:
        weights[f"{name}.weight"] = np.ones(dim, np.float32)
        weights[f"{name}.bias"] = np.zeros(dim, np.float32)

    add_matrix("distilbert.embeddings.word_embeddings.weight", shape.vocabulary, dim)
    add_matrix("distilbert.embeddings.position_embeddings.weight", shape.positions, dim)
    add_norm("distilbert.embeddings.LayerNorm")
    for index in range(shape.layers):
        layer = f"distilbert.transformer.layer.{index}"
        for name in ATTENTION:
            add_linear(f"{layer}.attention.{name}", dim, dim)
        add_norm(f"{layer}.sa_layer_norm")
        add_linear(f"{layer}.ffn.lin1", hidden, dim)
        add_linear(f"{layer}.ffn.lin2", dim, hidden)
        add_norm(f"{layer}.output_layer_norm")
    add_linear("pre_classifier", dim, dim)
    add_linear("classifier", shape.labels, dim)
    return weights


def build(shape: Shape, weights: Weights) -> onnx.ModelProto:
    """Return the checked model: int64 input_ids and attention_mask, [N,L], to float logits, [N,K]."""
    graph = _Graph(weights)
    tokens = _embed(graph)
    mask = _attention_mask(graph)
    for index in range(shape.layers):
        tokens = _layer(graph, shape, tokens, mask, f"distilbert.transformer.layer.{index}")
    first = graph.add("Gather", tokens, graph.constant("first", np.array(0, np.int64)), axis=1)
    hidden = graph.add("Relu", graph.linear(first, "pre_classifier"))
    graph.nodes.append(helper.make_node("Identity", [graph.linear(hidden, "classifier")], ["logits"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "distilbert",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, ["batch_size", "sequence_length"])
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch_size", shape.labels])],
            list(graph.initializers.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="topology-bench",
    )
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Nodes and constants so far; methods add to them and return the name of what they made."""

    def __init__(self, weights: Weights) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self._weights = weights

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX attributes vary
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def scalar(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, np.float32))

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def weight(self, name: str) -> str:
        return self.constant(name, self._weights[name])

    def linear(self, tensor: str, name: str) -> str:
        matrix = self.constant(f"{name}.weight.T", self._weights[f"{name}.weight"].T)
        return self.add("Add", self.add("MatMul", tensor, matrix), self.weight(f"{name}.bias"))

    def norm(self, tensor: str, name: str) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", tensor, scale, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)


def _embed(graph: _Graph) -> str:
    """Return the embedded tokens, [N,L,dim]."""
    length = graph.add("Shape", "input_ids", start=1, end=2)
    positions = graph.weight("distilbert.embeddings.position_embeddings.weight")
    zero = graph.integers("zero", 0)
    used = graph.add("Slice", positions, zero, length, zero)
    words = graph.add("Gather", graph.weight("distilbert.embeddings.word_embeddings.weight"), "input_ids", axis=0)
    return graph.norm(graph.add("Add", words, used), "distilbert.embeddings.LayerNorm")


def _attention_mask(graph: _Graph) -> str:
    """Return what is added to attention scores, [N,1,1,L]: 0 for tokens, a large negative number for padding."""
    absent = graph.add("Sub", graph.scalar("one", 1.0), graph.add("Cast", "attention_mask", to=TensorProto.FLOAT))
    penalty = graph.add("Mul", absent, graph.scalar("masked", MASKED))
    return graph.add("Unsqueeze", penalty, graph.integers("axes_1_2", 1, 2))


def _layer(graph: _Graph, shape: Shape, tokens: str, mask: str, layer: str) -> str:
    """Return one transformer layer's output, [N,L,dim]."""
    attended = graph.linear(_attend(graph, shape, tokens, mask, f"{layer}.attention"), f"{layer}.attention.out_lin")
    tokens = graph.norm(graph.add("Add", attended, tokens), f"{layer}.sa_layer_norm")
    inner = _gelu(graph, graph.linear(tokens, f"{layer}.ffn.lin1"))
    outer = graph.linear(inner, f"{layer}.ffn.lin2")
    return graph.norm(graph.add("Add", outer, tokens), f"{layer}.output_layer_norm")


def _attend(graph: _Graph, shape: Shape, tokens: str, mask: str, attention: str) -> str:
    """Return the attended tokens of all heads side by side, [N,L,dim]."""
    head_dim = shape.dim // shape.heads
    split = graph.integers("split_heads", 0, 0, shape.heads, head_dim)
    joined = graph.integers("join_heads", 0, 0, shape.dim)

    def heads(name: str, order: list[int]) -> str:
        parts = graph.add("Reshape", graph.linear(tokens, f"{attention}.{name}"), split)
        return graph.add("Transpose", parts, perm=order)

    query = graph.add("Mul", heads("q_lin", [0, 2, 1, 3]), graph.scalar("scale", head_dim**-0.5))
    scores = graph.add("MatMul", query, heads("k_lin", [0, 2, 3, 1]))
    shares = graph.add("Softmax", graph.add("Add", scores, mask), axis=-1)
    mixed = graph.add("MatMul", shares, heads("v_lin", [0, 2, 1, 3]))
    return graph.add("Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), joined)


def _gelu(graph: _Graph, tensor: str) -> str:
    """Return x * (1 + erf(x / sqrt(2))) / 2."""
    error = graph.add("Erf", graph.add("Mul", tensor, graph.scalar("rsqrt2", 2**-0.5)))
    doubled = graph.add("Mul", tensor, graph.add("Add", error, graph.scalar("one", 1.0)))
    return graph.add("Mul", doubled, graph.scalar("half", 0.5))
