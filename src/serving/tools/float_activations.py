"""Turn a dynamically quantised ONNX model into one with int8 weights and float activations.

Dynamic quantisation scales a whole batch by its largest activation, so the answer to one text depends on the texts
that happened to be batched with it. Topologies that batch differently then disagree. Weights stay int8 in the file;
ONNX Runtime folds them to float when it loads the model, and every row is computed on its own.

Usage: python float_activations.py INPUT.onnx OUTPUT.onnx
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def use_float_activations(model: onnx.ModelProto) -> int:
    """Replace each `DynamicQuantizeLinear -> MatMulInteger -> Cast -> Mul` by a float `MatMul`, in place.

    Returns the number of products replaced. Raises ValueError for a graph of any other form.
    """
    graph = model.graph
    producer = {output: node for node in graph.node for output in node.output}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)

    replaced = 0
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "MatMulInteger":
            nodes.append(node)
            continue
        quantize = producer[node.input[0]]
        weight = node.input[1]
        zero_point = constants[node.input[3]]
        if quantize.op_type != "DynamicQuantizeLinear" or np.any(numpy_helper.to_array(zero_point)):
            message = f"{node.name}: expected dynamic activations and symmetric weights"
            raise ValueError(message)
        (cast,) = consumers[node.output[0]]
        (rescale,) = consumers[cast.output[0]]
        scale_product = producer[next(name for name in rescale.input if name != cast.output[0])]
        weight_scale = next(name for name in scale_product.input if name in constants)
        nodes += [
            helper.make_node("Cast", [weight], [f"{weight}_float"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", [f"{weight}_float", weight_scale], [f"{weight}_scaled"]),
            helper.make_node("MatMul", [quantize.input[0], f"{weight}_scaled"], [rescale.output[0]], name=node.name),
        ]
        replaced += 1
    if replaced == 0:
        message = "the graph has no MatMulInteger node"
        raise ValueError(message)

    rewritten = {node.output[0] for node in nodes if node.op_type == "MatMul"}
    nodes = [node for node in nodes if node.op_type == "MatMul" or node.output[0] not in rewritten]
    nodes = without_unused(nodes, {output.name for output in graph.output})
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    return replaced


def without_unused(nodes: list[onnx.NodeProto], outputs: set[str]) -> list[onnx.NodeProto]:
    """Return the nodes that lead to one of the named outputs, in their order."""
    needed = set(outputs)
    kept: list[onnx.NodeProto] = []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    return kept[::-1]


def main() -> None:
    """Read the model named first and write the model named second."""
    source, destination = (Path(argument) for argument in sys.argv[1:])
    model = onnx.load(source)
    replaced = use_float_activations(model)
    onnx.save(model, destination)
    print(f"{replaced} products replaced, {destination.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
