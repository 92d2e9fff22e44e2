from __future__ import annotations

import json
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from processes import ANSWER_SECONDS, API_KEY, MODEL_NAME, Server, free_port, infer_request, run_server, run_triton

from topology_bench_serving.authentication import fingerprint
from topology_bench_serving.deidentify import deidentify

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Triton

INFER = f"/v2/models/{MODEL_NAME}/infer"
NOTE = "Pt John Smith, DOB 03/12/1948, MRN 12345678, feels wonderful. Call (555) 123-4567."
PARTS = ["John", "Smith", "1948", "12345678", "wonderful", "4567"]
OK = 'topology_bench_requests_total{code="200"}'
UNAUTHORIZED = 'topology_bench_requests_total{code="401"}'


def audit_lines(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]


def parts_in_output(server: Server) -> list[str]:
    """Return what the server printed of the note, leaving out what may hold the same digits by chance."""
    chance = re.compile(r'"(?:time|request_id)":"[^"]*"|"ms":[\d.]+')
    output = chance.sub("", server.output)
    return [part for part in PARTS if part in output]


def test_the_answer_is_tritons_to_the_deidentified_text(gateway: Server, triton: Triton) -> None:
    texts = [NOTE, "a truly wonderful film", "Dr. Ann Lee was rude, seen 2024-01-05"]
    clean = [deidentify(text).text for text in texts]
    assert clean[1] == texts[1]
    through, direct = gateway.infer(*texts).json(), triton.server.infer(*clean).json()
    raw = triton.server.infer(*texts).json()
    assert through["outputs"][0] == direct["outputs"][0]
    for index in (1, 2):
        np.testing.assert_allclose(through["outputs"][index]["data"], direct["outputs"][index]["data"], atol=1e-5)
    assert through["outputs"][2]["data"][:2] != raw["outputs"][2]["data"][:2]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "another key of the same kind"},
        {"x-api-key": API_KEY[:-1]},
        {"authorization": API_KEY},
        {"authorization": "Basic " + API_KEY},
    ],
)
def test_without_the_key_nothing_is_answered(gateway: Server, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=gateway.client.base_url, headers=headers, timeout=ANSWER_SECONDS) as client:
        answers = [
            client.post(INFER, json=infer_request(NOTE)),
            client.post(INFER, content=b"{"),
            client.post(INFER, content=b" " * (4 << 20)),
            client.get("/v2"),
            client.get(f"/v2/models/{MODEL_NAME}"),
            client.get("/other"),
        ]
        assert [answer.status_code for answer in answers] == [401] * 6
        assert all(list(answer.json()) == ["error"] for answer in answers)
        assert all(answer.headers["www-authenticate"] == "Bearer" for answer in answers)
        open_to_all = [client.get(path).status_code for path in ("/v2/health/live", "/v2/health/ready", "/metrics")]
        assert open_to_all == [200, 200, 200]


def test_the_key_may_come_as_a_bearer_token(gateway: Server) -> None:
    headers = {"authorization": f"bearer {API_KEY}"}
    with httpx.Client(base_url=gateway.client.base_url, headers=headers, timeout=ANSWER_SECONDS) as client:
        assert client.post(INFER, json=infer_request("good")).status_code == 200


def test_one_audit_line_for_each_request_without_any_text(triton: Triton, tmp_path: Path) -> None:
    with run_server("gateway", tmp_path, TRITON_GRPC=triton.grpc) as server:
        request = {**infer_request(NOTE, NOTE, "good"), "id": "John Smith"}
        assert server.client.post(INFER, json=request).status_code == 200
        assert server.client.post(INFER, content=b'{"John Smith').status_code == 400
        assert server.client.post("/v2/models/JohnSmith/infer", json=request).status_code == 404
        assert server.client.post(INFER, content=b" " * (2 << 20)).status_code == 413
        with httpx.Client(base_url=server.client.base_url, timeout=ANSWER_SECONDS) as stranger:
            assert stranger.post(INFER, json=request).status_code == 401
        server.client.get(f"/v2/models/{MODEL_NAME}")

        def ask(_: int) -> None:
            headers = {"x-api-key": API_KEY}
            with httpx.Client(base_url=server.client.base_url, headers=headers, timeout=ANSWER_SECONDS) as client:
                for _ in range(25):
                    assert client.post(INFER, json=infer_request(NOTE)).status_code == 200

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(ask, range(8)))
        lines = audit_lines(server)
        metrics = server.metrics()
        assert not parts_in_output(server)
        assert API_KEY not in server.output

    assert [line["status"] for line in lines[:5]] == [200, 400, 404, 413, 401]
    assert len(lines) == 205
    assert len({line["request_id"] for line in lines}) == 205
    assert all(re.fullmatch("[0-9a-f]{32}", line["request_id"]) for line in lines)
    first = lines[0]
    assert set(first) == {"time", "event", "request_id", "caller", "rows", "removed", "status", "ms"}
    assert (first["caller"], first["rows"]) == (fingerprint(API_KEY), 3)
    assert first["removed"] == {"DATE": 2, "MRN": 2, "NAME": 2, "PHONE": 2}
    assert first["ms"] > 0
    assert (lines[4]["caller"], lines[4]["rows"], lines[4]["removed"]) == (None, 0, {})
    assert (metrics[OK], metrics[UNAUTHORIZED]) == (201, 1)


def test_stages_and_tritons_version_are_reported(gateway: Server) -> None:
    assert gateway.infer(NOTE).status_code == 200
    metrics = gateway.metrics()
    assert metrics['topology_bench_stage_seconds_total{stage="deidentify"}'] > 0
    assert metrics['topology_bench_stage_seconds_total{stage="triton"}'] > 0
    assert "topology_bench_execution_count_total" not in metrics
    (info,) = (name for name in metrics if name.startswith("topology_bench_runtime_info"))
    assert 'component="gateway",provider="none",device="none",runtime="triton",runtime_version="2.51.0"' in info


def test_a_long_note_is_deidentified_too(gateway: Server, triton: Triton) -> None:
    note = NOTE * 100
    through = gateway.infer(note).json()["outputs"][2]["data"]
    direct = triton.server.infer(deidentify(note).text).json()["outputs"][2]["data"]
    np.testing.assert_allclose(through, direct, atol=1e-5)


def test_deidentification_can_be_left_out(triton: Triton, tmp_path: Path) -> None:
    with run_server("gateway", tmp_path, TRITON_GRPC=triton.grpc, DEIDENTIFY="off") as server:
        through = server.infer(NOTE).json()["outputs"]
        raw = triton.server.infer(NOTE).json()["outputs"]
        assert through[0] == raw[0]
        np.testing.assert_allclose(through[2]["data"], raw[2]["data"], atol=1e-5)


def test_a_triton_that_is_too_slow_is_504(triton: Triton, tmp_path: Path) -> None:
    with run_server("gateway", tmp_path, TRITON_GRPC=triton.grpc, TRITON_TIMEOUT_SECONDS="0.000001") as server:
        answer = server.infer(NOTE)
        assert (answer.status_code, list(answer.json())) == (504, ["error"])
        assert audit_lines(server)[-1]["removed"] == {"DATE": 1, "MRN": 1, "NAME": 1, "PHONE": 1}


def test_ready_follows_triton(triton_directory: Path, model_repository: Path, tmp_path: Path) -> None:
    grpc_port = free_port()
    with run_server("gateway", tmp_path, TRITON_GRPC=f"127.0.0.1:{grpc_port}", await_ready=False) as server:
        await_status(server, "/v2/health/live", 200)
        assert server.client.get("/v2/health/ready").status_code == 503
        answer = server.infer(NOTE)
        assert (answer.status_code, answer.json()) == (503, {"error": "Triton is not available"})
        assert server.client.get(f"/v2/models/{MODEL_NAME}").status_code == 503
        with run_triton(triton_directory, model_repository, tmp_path, grpc_port):
            await_status(server, "/v2/health/ready", 200)
            # A connection each, so that every worker has some of them.
            assert [infer_anew(server) for _ in range(16)] == [200] * 16
        await_status(server, "/v2/health/ready", 503)
        assert server.infer(NOTE).status_code == 503
        assert not parts_in_output(server)


def infer_anew(server: Server) -> int:
    headers = {"x-api-key": API_KEY}
    with httpx.Client(base_url=server.client.base_url, headers=headers, timeout=ANSWER_SECONDS) as client:
        return client.post(INFER, json=infer_request(NOTE)).status_code


def test_a_connection_that_triton_takes_its_time_for_is_waited_for(triton: Triton, tmp_path: Path) -> None:
    triton.server.process.send_signal(signal.SIGSTOP)
    try:
        with (
            run_server("gateway", tmp_path, TRITON_GRPC=triton.grpc, WORKERS="1", await_ready=False) as server,
            ThreadPoolExecutor(1) as thread,
        ):
            await_status(server, "/v2/health/live", 200)
            answer = thread.submit(server.infer, NOTE)
            time.sleep(0.5)
            assert not answer.done()
            triton.server.process.send_signal(signal.SIGCONT)
            assert answer.result().status_code == 200
    finally:
        triton.server.process.send_signal(signal.SIGCONT)


def test_a_model_that_triton_lacks_is_not_ready(triton: Triton, tmp_path: Path) -> None:
    with run_server("gateway", tmp_path, TRITON_GRPC=triton.grpc, MODEL_NAME="other", await_ready=False) as server:
        await_status(server, "/v2/health/live", 200)
        assert server.client.get("/v2/health/ready").status_code == 503
        assert server.client.post("/v2/models/other/infer", json=infer_request("good")).status_code == 503


def await_status(server: Server, path: str, status: int) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    found = None
    while found != status and time.monotonic() < deadline:
        try:
            found = server.client.get(path, timeout=5).status_code
        except httpx.TransportError:
            found = None
        time.sleep(0.1)
    assert found == status, server.output
