"""The text classifier that all topologies share: tokenize, pad to a bucket, run ONNX Runtime, softmax."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from topology_bench_serving.settings import SettingsError

if TYPE_CHECKING:
    from topology_bench_serving.settings import ClassifierSettings

# Each tokenizer would otherwise start a thread per core beside the threads that the settings allow.
os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Classification:
    """Answers to N texts for a model of K labels, and what they cost."""

    labels: list[str]
    scores: Floats
    """[N,1]: the probability of the label."""
    logits: Floats
    """[N,K]"""
    tokenize_seconds: float
    compute_seconds: float


class Classifier:
    """A loaded model. Its methods may be called from several threads."""

    def __init__(self, settings: ClassifierSettings, device_id: int = 0) -> None:
        """Load the model from its directory. Raises SettingsError where the files do not fit together."""
        directory = settings.model_directory
        for name in ("model.onnx", "tokenizer.json", "config.json"):
            if not (directory / name).is_file():
                message = f"TOPOLOGY_BENCH_MODEL_DIRECTORY: {name} is missing"
                raise SettingsError(message)
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        self.labels = _labels(config)
        _check_length(config, settings.max_length)
        self._pad_id = int(config.get("pad_token_id") or 0)
        self._buckets = _reachable(settings.padding_buckets, settings.max_length)
        self._tokenizer = _load_tokenizer(str(directory / "tokenizer.json"), settings.max_length)
        self._session = _load_session(str(directory / "model.onnx"), settings, device_id)
        self._has_token_types = _check_inputs(self._session)
        self._output = _check_output(self._session, len(self.labels))
        self.provider: str = self._session.get_providers()[0]
        """The execution provider that ONNX Runtime chose, which may not be the one asked for."""
        self.device = f"cuda:{device_id}" if self.provider == "CUDAExecutionProvider" else "cpu"

    def warm_up(self) -> None:
        """Run each padded length once, so that no later request pays for a first run."""
        for length in self._buckets:
            ones = np.ones((1, length), np.int64)
            self._run(ones, ones)
        self.classify(["warm up"])

    def classify(self, texts: list[str]) -> Classification:
        """Classify N >= 1 texts in one run, padded to the smallest bucket that holds the longest."""
        started = time.perf_counter()
        input_ids, attention_mask = self._encode(texts)
        encoded = time.perf_counter()
        logits = self._run(input_ids, attention_mask)
        probabilities = _softmax(logits)
        best = probabilities.argmax(axis=1)
        finished = time.perf_counter()
        return Classification(
            labels=[self.labels[index] for index in best],
            scores=np.take_along_axis(probabilities, best[:, None], axis=1),
            logits=logits,
            tokenize_seconds=encoded - started,
            compute_seconds=finished - encoded,
        )

    def _encode(self, texts: list[str]) -> tuple[Integers, Integers]:
        """Return token ids and attention mask, both [N,L] with L a bucket."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        longest = max(len(row) for row in rows)
        length = next(bucket for bucket in self._buckets if bucket >= longest)
        input_ids = np.full((len(rows), length), self._pad_id, np.int64)
        attention_mask = np.zeros((len(rows), length), np.int64)
        for index, row in enumerate(rows):
            input_ids[index, : len(row)] = row
            attention_mask[index, : len(row)] = 1
        return input_ids, attention_mask

    def _run(self, input_ids: Integers, attention_mask: Integers) -> Floats:
        """Return the logits, [N,K], of token ids and mask, [N,L]."""
        feeds = {"input_ids": input_ids, "attention_mask": attention_mask}
        if self._has_token_types:
            feeds["token_type_ids"] = np.zeros_like(input_ids)
        logits: Floats = self._session.run([self._output], feeds)[0]
        return logits.astype(np.float32, copy=False)


def _labels(config: dict[str, Any]) -> list[str]:
    """Return the label names in index order."""
    names = config.get("id2label")
    if not isinstance(names, dict) or sorted(names, key=int) != [str(index) for index in range(len(names))]:
        message = "config.json: id2label must name every label from 0 on"
        raise SettingsError(message)
    return [str(names[str(index)]) for index in range(len(names))]


def _check_length(config: dict[str, Any], max_length: int) -> None:
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and max_length > positions:
        message = f"TOPOLOGY_BENCH_MAX_LENGTH: the model has only {positions} positions"
        raise SettingsError(message)


def _reachable(buckets: tuple[int, ...], max_length: int) -> tuple[int, ...]:
    """Return the buckets that a text cut to max_length can need."""
    largest = next(bucket for bucket in buckets if bucket >= max_length)
    return tuple(bucket for bucket in buckets if bucket <= largest)


def _load_tokenizer(path: str, max_length: int) -> Tokenizer:
    tokenizer: Tokenizer = Tokenizer.from_file(path)
    # A file may carry a fixed padding, which would make every text as long as the longest.
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def _load_session(path: str, settings: ClassifierSettings, device_id: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.intra_op_threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait take the cores from the other workers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = ["CPUExecutionProvider"]
    if settings.provider == "cuda":
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": str(device_id)}))
    return onnxruntime.InferenceSession(path, options, providers=providers)


def _check_inputs(session: onnxruntime.InferenceSession) -> bool:
    """Return whether the graph takes token_type_ids; raises SettingsError for a graph of other inputs."""
    types = {tensor.name: tensor.type for tensor in session.get_inputs()}
    required = {"input_ids", "attention_mask"}
    if set(types) - {"token_type_ids"} != required or set(types.values()) != {"tensor(int64)"}:
        message = "model.onnx: expected the int64 inputs input_ids, attention_mask and perhaps token_type_ids"
        raise SettingsError(message)
    return "token_type_ids" in types


def _check_output(session: onnxruntime.InferenceSession, label_count: int) -> str:
    """Return the name of the logits; raises SettingsError where there are none of the right width."""
    outputs = {tensor.name: tensor for tensor in session.get_outputs()}
    logits = outputs.get("logits") or (next(iter(outputs.values())) if len(outputs) == 1 else None)
    if logits is None or len(logits.shape) != 2 or logits.shape[1] not in (label_count, None):  # noqa: PLR2004
        message = f"model.onnx: expected an output logits of shape [N,{label_count}], as config.json has labels"
        raise SettingsError(message)
    return str(logits.name)


def _softmax(logits: Floats) -> Floats:
    """Return the probabilities, [N,K]; subtracting the maximum keeps exp from overflowing."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)
