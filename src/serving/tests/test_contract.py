"""What every topology answers; the same request, compared with what real Triton does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from processes import MODEL_NAME, TINY_MODEL, Server, infer_request

from topology_bench_serving.classifier import Classifier
from topology_bench_serving.settings import ClassifierSettings

if TYPE_CHECKING:
    import httpx

INFER = f"/v2/models/{MODEL_NAME}/infer"
TEXTS = ["a truly wonderful film", "a dull, lifeless mess", "not bad at all", "", "naïve 日本 😀 \u0000", "slow " * 200]
EXPECTED = Classifier(ClassifierSettings(TINY_MODEL, "cpu", 1, 1, 128, (16, 32, 64, 128)))


def outputs(response: httpx.Response) -> dict[str, dict[str, Any]]:
    assert response.status_code == 200, response.text
    return {output["name"]: output for output in response.json()["outputs"]}


def tensor_request(**changes: object) -> dict[str, object]:
    tensor = {"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": ["Jane Doe"], **changes}
    return {"inputs": [tensor]}


@pytest.mark.parametrize("texts", [TEXTS[:1], TEXTS[1:2], TEXTS, TEXTS * 5])
def test_answers_are_the_models(any_server: Server, texts: list[str]) -> None:
    expected = EXPECTED.classify(texts)
    found = outputs(any_server.infer(*texts))
    assert [(name, output["datatype"], output["shape"]) for name, output in found.items()] == [
        ("label", "BYTES", [len(texts), 1]),
        ("score", "FP32", [len(texts), 1]),
        ("logits", "FP32", [len(texts), 2]),
    ]
    assert found["label"]["data"] == expected.labels
    np.testing.assert_allclose(found["score"]["data"], expected.scores.ravel(), atol=1e-5)
    np.testing.assert_allclose(found["logits"]["data"], expected.logits.ravel(), atol=1e-5)


def test_answer_names_the_model_and_echoes_the_id(any_server: Server) -> None:
    answer = any_server.client.post(INFER, json={**infer_request("a"), "id": "request 7"})
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["id", "model_name", "model_version", "outputs"]
    assert answer.json()["id"] == "request 7"
    assert (answer.json()["model_name"], answer.json()["model_version"]) == (MODEL_NAME, "1")
    assert "id" not in any_server.infer("a").json()


def test_outputs_can_be_chosen(any_server: Server) -> None:
    chosen = {"outputs": [{"name": "logits"}, {"name": "label"}]}
    answer = any_server.client.post(INFER, json={**infer_request("a", "b"), **chosen})
    assert list(outputs(answer)) == ["label", "logits"]


def test_nested_data_is_the_same_as_flat(any_server: Server) -> None:
    flat = any_server.infer("good", "bad").json()
    nested = any_server.client.post(INFER, json=tensor_request(shape=[2, 1], data=[["good"], ["bad"]])).json()
    for flat_output, nested_output in zip(flat["outputs"], nested["outputs"], strict=True):
        assert {**flat_output, "data": None} == {**nested_output, "data": None}
    assert flat["outputs"][0] == nested["outputs"][0]


def test_metadata(any_server: Server) -> None:
    server = any_server.client.get("/v2")
    assert server.status_code == 200
    assert set(server.json()) == {"name", "version", "extensions"}
    model = any_server.client.get(f"/v2/models/{MODEL_NAME}").json()
    assert model.pop("platform") in ("onnxruntime_onnxv1", "python")
    assert model == {
        "name": MODEL_NAME,
        "versions": ["1"],
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1, 1]}],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1, 1]},
            {"name": "score", "datatype": "FP32", "shape": [-1, 1]},
            {"name": "logits", "datatype": "FP32", "shape": [-1, 2]},
        ],
    }


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", f"/v2/models/{MODEL_NAME}/ready"])
def test_health(any_server: Server, path: str) -> None:
    answer = any_server.client.get(path)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [0, 1], "data": []},
        {"shape": [33, 1], "data": ["Jane Doe"] * 33},
        {"shape": [2, 1]},
        {"shape": [1, 1], "data": ["Jane Doe", "b"]},
        {"shape": [1]},
        {"shape": [1, 2], "data": ["Jane Doe", "b"]},
        {"datatype": "FP32", "data": [1.0]},
        {"name": "other"},
    ],
)
def test_a_tensor_of_another_form_is_refused_by_all(any_server: Server, changes: dict[str, object]) -> None:
    answer = any_server.client.post(INFER, json=tensor_request(**changes))
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert "Jane" not in answer.text


def test_an_unknown_output_is_refused_by_all(any_server: Server) -> None:
    answer = any_server.client.post(INFER, json={**infer_request("Jane Doe"), "outputs": [{"name": "other"}]})
    assert answer.status_code == 400
    assert "Jane" not in answer.text


def test_an_unknown_model_is_not_found(any_server: Server) -> None:
    answers = [
        any_server.client.get("/v2/models/other"),
        any_server.client.post("/v2/models/other/infer", json=infer_request("Jane Doe")),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert list(answer.json()) == ["error"]
        assert "Jane" not in answer.text


MALFORMED = [
    b"{",
    b"null",
    b"[]",
    b"{}",
    b"Jane Doe",
    b"\xff\xfe",
    b'{"inputs":[{"name":"text","shape":[1,1],"datatype":"BYTES","data":["\\ud800"]}]}',
    json.dumps(tensor_request(data=[1])).encode(),
    json.dumps(tensor_request(data="Jane Doe")).encode(),
    json.dumps(tensor_request(shape=["1", 1])).encode(),
    json.dumps(tensor_request(shape=[10**30, 1])).encode(),
    json.dumps(tensor_request(shape=None)).encode(),
    json.dumps(tensor_request())[:-1].encode() + b',"id":5}',
]


@pytest.mark.parametrize("body", MALFORMED)
def test_a_malformed_request_is_400_here_and_500_on_bare_triton(any_server: Server, body: bytes) -> None:
    answer = any_server.client.post(INFER, content=body)
    is_triton = "x-api-key" not in any_server.client.headers
    assert answer.status_code == (500 if is_triton else 400)
    assert list(answer.json()) == ["error"]
    assert "Jane" not in answer.text
    assert any_server.infer("good").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 500_000,
        b'{"inputs":' * 100_000,
        b'{"a":' + b"9" * 900_000 + b"}",
        json.dumps(tensor_request())[:-1].encode() + b',"parameters":{"x":NaN}}',
        json.dumps({**infer_request("a"), "parameters": {"binary_data_output": True}}).encode(),
        json.dumps(
            {**infer_request("a"), "outputs": [{"name": "label", "parameters": {"classification": 1}}]}
        ).encode(),
    ],
)
def test_what_bare_triton_takes_or_falls_over_is_refused_here(our_server: Server, body: bytes) -> None:
    answer = our_server.client.post(INFER, content=body)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert our_server.infer("good").status_code == 200


def test_bytes_that_are_not_utf8_are_refused_by_all(any_server: Server) -> None:
    body = json.dumps(tensor_request(data=["?"])).encode().replace(b"?", b"Jane \xff\xfe")
    answer = any_server.client.post(INFER, content=body)
    assert answer.status_code == 400
    assert "Jane" not in answer.text


def test_a_body_over_the_limit_is_refused(our_server: Server) -> None:
    limit = 1 << 20
    padded = json.dumps(infer_request("good")).encode().ljust(limit)
    assert our_server.client.post(INFER, content=padded).status_code == 200
    answer = our_server.client.post(INFER, content=padded + b" ")
    assert answer.status_code == 413
    assert list(answer.json()) == ["error"]
    # Without an announced length the body is cut off where it passes the limit.
    chunks = (b" " * 65536 for _ in range(400))
    assert our_server.client.post(INFER, content=chunks).status_code == 413
    assert our_server.infer("good").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", INFER), ("POST", "/v2"), ("GET", "/other")])
def test_other_routes_answer_with_an_error_object(our_server: Server, method: str, path: str) -> None:
    answer = our_server.client.request(method, path)
    assert answer.status_code in (404, 405)
    assert list(answer.json()) == ["error"]
