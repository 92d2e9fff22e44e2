from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest
from processes import infer_request

from topology_bench_serving.open_inference import (
    InferRequest,
    OpenInferenceError,
    Tensor,
    build_infer_response,
    parse_infer_request,
)

SECRET = "Jane Doe"


def request(**changes: object) -> bytes:
    tensor = {"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": [SECRET], **changes}
    return json.dumps({"inputs": [tensor]}).encode()


def refusal(body: bytes) -> str:
    with pytest.raises(OpenInferenceError) as caught:
        parse_infer_request(body, 32)
    assert caught.value.status == 400
    assert SECRET not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("data", [["a", "b"], [["a"], ["b"]], [["a", "b"]], [[["a"]], "b"]])
def test_data_may_be_flat_or_nested(data: list[object]) -> None:
    assert parse_infer_request(request(shape=[2, 1], data=data), 32).texts == ["a", "b"]


def test_outputs_keep_the_models_order_and_appear_once() -> None:
    document = infer_request("a")
    document["outputs"] = [{"name": "logits"}, {"name": "label"}, {"name": "logits"}]
    assert parse_infer_request(json.dumps(document).encode(), 32).outputs == ("label", "logits")
    document["outputs"] = []
    assert parse_infer_request(json.dumps(document).encode(), 32).outputs == ("label", "score", "logits")


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [0, 1], "data": []},
        {"shape": [33, 1], "data": ["a"] * 33},
        {"shape": [2, 1]},
        {"shape": [1, 1], "data": [SECRET, "b"]},
        {"shape": [1]},
        {"shape": [1, 2]},
        {"shape": [-1, 1]},
        {"shape": [True, 1]},
        {"shape": [1.0, 1]},
        {"shape": ["1", 1]},
        {"shape": [10**30, 1]},
        {"shape": None},
        {"name": SECRET},
        {"datatype": "FP32"},
        {"datatype": SECRET},
        {"data": SECRET},
        {"data": {SECRET: 1}},
        {"data": [1]},
        {"data": [None]},
        {"data": [{}]},
        {"data": ["\ud800"]},
        {"parameters": {"binary_data_size": 4}},
        {"parameters": SECRET},
    ],
)
def test_bad_tensors_are_refused(changes: dict[str, object]) -> None:
    assert refusal(request(**changes))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"inputs":[]}',
        b'{"inputs":{}}',
        b'{"inputs":[1]}',
        b"\xff\xfe{}",
        b'{"inputs":[{"name":"text","shape":[1,1],"datatype":"BYTES","data":["\xff"]}]}',
        request() + b" trailing",
        request()[:-1] + b',"id":5}',
        request()[:-1] + b',"id":"\\ud800"}',
        request()[:-1] + b',"parameters":{"x":NaN}}',
        request()[:-1] + b',"parameters":{"x":-Infinity}}',
        request()[:-1] + b',"parameters":{"binary_data_output":true}}',
        request()[:-1] + b',"parameters":[]}',
        request()[:-1] + b',"outputs":[{"name":"Jane Doe"}]}',
        request()[:-1] + b',"outputs":["label"]}',
        request()[:-1] + b',"outputs":"label"}',
        request()[:-1] + b',"outputs":[{"name":["label"]}]}',
        request()[:-1] + b',"outputs":[{"name":"label","parameters":{"classification":1}}]}',
        request()[:-1] + b',"x":' + b"9" * 5000 + b"}",
        b"[" * 500_000,
        b'{"inputs":' * 100_000,
        b'{"inputs":[{"name":"text","shape":[1,1],"datatype":"BYTES","data":' + b"[" * 400_000,
    ],
)
def test_bad_documents_are_refused(body: bytes) -> None:
    assert refusal(body)


def test_two_inputs_are_refused() -> None:
    document: dict[str, Any] = json.loads(request())
    document["inputs"] *= 2
    assert refusal(json.dumps(document).encode())


def test_any_damage_to_a_request_is_refused_or_harmless() -> None:
    generator = random.Random(0)  # noqa: S311 - repeatable, not secret
    whole = request()
    for _ in range(5000):
        damaged = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        # Any other exception than a refusal fails the test.
        with contextlib.suppress(OpenInferenceError):
            assert len(parse_infer_request(bytes(damaged), 32).texts) == 1


def test_answer_has_tritons_form() -> None:
    tensors = [
        Tensor("label", "BYTES", (1, 1), ["POSITIVE"]),
        Tensor("score", "FP32", (1, 1), [0.5]),
        Tensor("logits", "FP32", (1, 2), [-1.0, 1.0]),
    ]
    answer = build_infer_response(InferRequest("7", ["a"], ("label", "logits")), "m", tensors)
    assert answer == (
        b'{"id":"7","model_name":"m","model_version":"1","outputs":['
        b'{"name":"label","datatype":"BYTES","shape":[1,1],"data":["POSITIVE"]},'
        b'{"name":"logits","datatype":"FP32","shape":[1,2],"data":[-1.0,1.0]}]}'
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_an_answer_that_is_not_finite_is_a_failure(number: float) -> None:
    tensors = [Tensor("score", "FP32", (1, 1), [number])]
    with pytest.raises(OpenInferenceError) as caught:
        build_infer_response(InferRequest(None, ["a"], ("score",)), "m", tensors)
    assert caught.value.status == 500
