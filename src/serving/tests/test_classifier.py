from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from processes import TINY_MODEL

from topology_bench_serving.classifier import Classifier
from topology_bench_serving.settings import ClassifierSettings, SettingsError

SETTINGS = ClassifierSettings(
    model_directory=TINY_MODEL,
    provider="cpu",
    devices=1,
    intra_op_threads=1,
    max_length=128,
    padding_buckets=(16, 32, 64, 128),
)
TEXTS = ["a truly wonderful film", "a dull, lifeless mess", "", "I loved it " * 12, "I hated every minute of it " * 40]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    loaded = Classifier(SETTINGS)
    loaded.warm_up()
    return loaded


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY_MODEL, tmp_path / "model"))


def test_answers(classifier: Classifier) -> None:
    answer = classifier.classify(TEXTS)
    assert answer.labels[:2] == ["POSITIVE", "NEGATIVE"]
    assert answer.scores.shape == (5, 1)
    assert answer.logits.shape == (5, 2)
    assert answer.scores.dtype == answer.logits.dtype == np.float32
    exponents = np.exp(answer.logits.astype(np.float64))
    np.testing.assert_allclose(answer.scores[:, 0], (exponents / exponents.sum(1, keepdims=True)).max(1), atol=1e-6)
    assert answer.tokenize_seconds > 0
    assert answer.compute_seconds > 0
    assert (classifier.provider, classifier.device) == ("CPUExecutionProvider", "cpu")


def test_an_answer_does_not_depend_on_its_batch(classifier: Classifier) -> None:
    together = classifier.classify(TEXTS)
    for index, text in enumerate(TEXTS):
        alone = classifier.classify([text])
        assert alone.labels == [together.labels[index]]
        np.testing.assert_allclose(alone.logits[0], together.logits[index], atol=1e-5)


@pytest.mark.parametrize(
    ("words", "length"), [(1, 16), (14, 16), (15, 32), (30, 32), (31, 64), (62, 64), (63, 128), (5000, 128)]
)
def test_a_batch_is_padded_to_the_smallest_bucket_that_holds_it(
    classifier: Classifier, words: int, length: int
) -> None:
    input_ids, attention_mask = classifier._encode(["film", "film " * words])  # noqa: SLF001
    assert input_ids.shape == attention_mask.shape == (2, length)
    assert attention_mask.sum(axis=1).tolist() == [3, min(words + 2, 128)]


def test_padding_and_truncation_of_the_tokenizers_file_are_overridden(model_copy: Path) -> None:
    file = model_copy / "tokenizer.json"
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    tokenizer["padding"] = {
        "strategy": {"Fixed": 128},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    tokenizer["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    file.write_text(json.dumps(tokenizer), encoding="utf-8")
    loaded = Classifier(replace(SETTINGS, model_directory=model_copy))
    input_ids, _ = loaded._encode(["film " * 20])  # noqa: SLF001
    assert input_ids.shape == (1, 32)


def test_token_types_are_filled_with_zeros(model_copy: Path) -> None:
    names = ["input_ids", "attention_mask", "token_type_ids"]
    nodes = [
        helper.make_node("Sum", ["token_type_float", "zero"], ["sums"]),
        helper.make_node("ReduceSum", ["sums", "axis"], ["total"], keepdims=1),
        helper.make_node("Concat", ["total", "total"], ["logits"], axis=1),
    ]
    nodes.insert(0, helper.make_node("Cast", ["token_type_ids"], ["token_type_float"], to=TensorProto.FLOAT))
    graph = helper.make_graph(
        nodes,
        "zeros",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "l"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])],
        [
            helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
            helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, model_copy / "model.onnx")
    answer = Classifier(replace(SETTINGS, model_directory=model_copy)).classify(["a", "b"])
    assert answer.logits.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert answer.scores.tolist() == [[0.5], [0.5]]


def test_a_model_whose_files_do_not_fit_is_refused(model_copy: Path) -> None:
    settings = replace(SETTINGS, model_directory=model_copy)
    config = model_copy / "config.json"
    original = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**original, "id2label": {"0": "A", "1": "B", "2": "C"}}), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[N,3\]"):
        Classifier(settings)
    config.write_text(json.dumps({**original, "id2label": {"1": "A", "2": "B"}}), encoding="utf-8")
    with pytest.raises(SettingsError, match="id2label"):
        Classifier(settings)
    config.write_text(json.dumps({**original, "max_position_embeddings": 64}), encoding="utf-8")
    with pytest.raises(SettingsError, match="64 positions"):
        Classifier(settings)
    (model_copy / "tokenizer.json").unlink()
    with pytest.raises(SettingsError, match=r"tokenizer\.json is missing"):
        Classifier(settings)
