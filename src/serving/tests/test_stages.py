"""What the servers say of their own time, held against work of known length and against the client's clock."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent import futures
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from processes import (
    ANSWER_SECONDS,
    API_KEY,
    MODEL_NAME,
    TINY_MODEL,
    Bounds,
    Server,
    despite_pauses,
    infer_request,
    run_server,
)
from tritonclient.grpc import service_pb2, service_pb2_grpc

from topology_bench_serving.accounting import Accounting
from topology_bench_serving.application import create_application
from topology_bench_serving.classifier import Classifier
from topology_bench_serving.counters import Counters
from topology_bench_serving.fastapi_server import LocalBackend
from topology_bench_serving.settings import read_classifier_settings, read_server_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fastapi import FastAPI

INFER = f"/v2/models/{MODEL_NAME}/infer"
TOTAL = "topology_bench_request_duration_seconds_sum"
COUNT = "topology_bench_request_duration_seconds_count"
TOKENIZE_SECONDS = 0.02
COMPUTE_SECONDS = 0.1
TRITON_SECONDS = 0.15
# What a loaded machine may add to one sleep.
SLACK = 0.06


def stage(name: str) -> str:
    return f'topology_bench_stage_seconds_total{{stage="{name}"}}'


@dataclass(frozen=True)
class Timed:
    """The seconds that one server's counters gained, and what the clients measured meanwhile."""

    gained: dict[str, float]
    client_seconds: list[float]


def gained(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def settled_metrics(server: Server, count: float) -> dict[str, float]:
    """Return the metrics once `count` requests are timed; a client may have its answer a moment before that."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (metrics := server.metrics())[COUNT] < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return metrics


@pytest.fixture
def slow_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make tokenizing and computing of the real classifier last at least a known time."""
    encode, run = Classifier._encode, Classifier._run  # noqa: SLF001 - the two halves whose times are told apart

    def encode_slowly(self: Classifier, texts: list[str]) -> Any:  # noqa: ANN401
        time.sleep(TOKENIZE_SECONDS)
        return encode(self, texts)

    def run_slowly(self: Classifier, *arguments: Any) -> Any:  # noqa: ANN401
        time.sleep(COMPUTE_SECONDS)
        return run(self, *arguments)

    monkeypatch.setattr(Classifier, "_encode", encode_slowly)
    monkeypatch.setattr(Classifier, "_run", run_slowly)


async def ask_at_once(directory: Path, requests: int) -> Timed:
    """Send requests at the same time to one worker of FastAPI inside this process."""
    variables = {"TOPOLOGY_BENCH_MODEL_DIRECTORY": str(TINY_MODEL), "TOPOLOGY_BENCH_MODEL_NAME": MODEL_NAME}
    counters = Counters(directory)
    backend = LocalBackend(read_classifier_settings(variables), MODEL_NAME, counters)
    backend.load()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_application("fastapi", read_server_settings(variables), counters, backend, lifespan)
    transport = httpx.ASGITransport(Accounting(app, counters))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:

        async def ask() -> float:
            started = time.perf_counter()
            assert (await client.post(INFER, json=infer_request("good"))).status_code == 200
            return time.perf_counter() - started

        client_seconds = await asyncio.gather(*(ask() for _ in range(requests)))
    backend.close()
    return Timed(counters.totals(), client_seconds)


@pytest.mark.usefixtures("slow_classifier")
def test_waiting_tokenizing_and_computing_are_told_apart(tmp_path: Path) -> None:
    """Four requests at once before one thread: the first waits for none, the second for one, and so on."""
    despite_pauses(four_at_once, tmp_path)


def four_at_once(directory: Path) -> Bounds:
    timed = asyncio.run(ask_at_once(directory, 4))
    totals, one = timed.gained, TOKENIZE_SECONDS + COMPUTE_SECONDS
    assert totals["timed_requests"] == 4
    stages = totals["stage_queue"] + totals["stage_tokenize"] + totals["stage_compute"]
    assert stages < totals["timed_seconds"] <= sum(timed.client_seconds)
    return [
        (4 * TOKENIZE_SECONDS, totals["stage_tokenize"], 4 * (TOKENIZE_SECONDS + SLACK)),
        (4 * COMPUTE_SECONDS, totals["stage_compute"], 4 * (COMPUTE_SECONDS + SLACK)),
        # The last three begin a little later than the first is handed over, hence not quite 6 times.
        (5 * one, totals["stage_queue"], 6 * (one + 2 * SLACK)),
    ]


@pytest.mark.usefixtures("slow_classifier")
def test_a_request_alone_does_not_wait(tmp_path: Path) -> None:
    despite_pauses(one_alone, tmp_path)


def one_alone(directory: Path) -> Bounds:
    totals = asyncio.run(ask_at_once(directory, 1)).gained
    assert totals["timed_seconds"] - totals["stage_queue"] >= TOKENIZE_SECONDS + COMPUTE_SECONDS
    return [(0, totals["stage_queue"], SLACK)]


def test_only_successes_are_timed_over_all_workers(fastapi_server: Server) -> None:
    before = fastapi_server.metrics()
    client_seconds = 0.0
    with contextlib.ExitStack() as stack:
        # Several connections, so that both workers have some of the requests.
        address = fastapi_server.client.base_url
        clients = [stack.enter_context(httpx.Client(base_url=address, timeout=ANSWER_SECONDS)) for _ in range(8)]
        for client in clients * 5:
            started = time.perf_counter()
            assert client.post(INFER, json=infer_request("good")).status_code == 200
            client_seconds += time.perf_counter() - started
            assert client.post(INFER, content=b"{").status_code == 400
            assert client.post("/v2/models/other/infer", json=infer_request("good")).status_code == 404
            assert client.get("/v2/health/ready").status_code == 200
    difference = gained(before, settled_metrics(fastapi_server, before[COUNT] + 40))
    assert difference[COUNT] == difference['topology_bench_requests_total{code="200"}'] == 40
    stages = sum(difference[stage(name)] for name in ("queue", "tokenize", "compute"))
    assert 0 < stages < difference[TOTAL] < client_seconds


class SlowTriton(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Takes a known time for each request, and fails on those of two texts. The real one's time is not known."""

    def ModelReady(self, *_: Any) -> Any:  # noqa: ANN401, N802 - named by the protocol
        return service_pb2.ModelReadyResponse(ready=True)

    def ServerMetadata(self, *_: Any) -> Any:  # noqa: ANN401, N802
        return service_pb2.ServerMetadataResponse(version="2.51.0")

    def ModelInfer(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401, N802
        time.sleep(TRITON_SECONDS)
        rows = request.inputs[0].shape[0]
        if rows > 1:
            context.abort(grpc.StatusCode.INTERNAL, "no")
        answer = service_pb2.ModelInferResponse()
        for name, datatype, width, content in (
            ("label", "BYTES", 1, b"\x01\x00\x00\x00P"),
            ("score", "FP32", 1, bytes(4)),
            ("logits", "FP32", 2, bytes(8)),
        ):
            answer.outputs.add(name=name, datatype=datatype, shape=[rows, width])
            answer.raw_output_contents.append(content)
        return answer


@pytest.fixture
def slow_triton() -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(SlowTriton(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


def test_the_gateways_own_work_is_told_from_its_wait(slow_triton: str, tmp_path: Path) -> None:
    despite_pauses(lambda directory: own_work_and_wait(slow_triton, directory), tmp_path)


def own_work_and_wait(slow_triton: str, directory: Path) -> Bounds:
    requests = 24
    with run_server("gateway", directory, TRITON_GRPC=slow_triton) as server:
        address = str(server.client.base_url)

        def ask(index: int) -> float:
            with httpx.Client(base_url=address, headers={"x-api-key": API_KEY}, timeout=ANSWER_SECONDS) as client:
                if index % 2:
                    assert client.post(INFER, json=infer_request("one", "two")).status_code == 502
                    return 0.0
                client.get("/v2/health/live")
                started = time.perf_counter()
                assert client.post(INFER, json=infer_request("Dr. Ann Lee, MRN 12345678")).status_code == 200
                return time.perf_counter() - started

        with futures.ThreadPoolExecutor(4) as threads:
            client_seconds = sum(threads.map(ask, range(2 * requests)))
        metrics = settled_metrics(server, requests)
    assert metrics[COUNT] == requests
    triton, deidentify = metrics[stage("triton")], metrics[stage("deidentify")]
    assert triton >= requests * TRITON_SECONDS
    assert metrics[stage("authenticate")] > 0
    assert deidentify > 0
    own = metrics[TOTAL] - triton
    assert metrics[stage("authenticate")] + deidentify < own
    assert metrics[TOTAL] < client_seconds
    assert stage("compute") not in metrics
    return [(0, triton, requests * (TRITON_SECONDS + SLACK)), (0, own, requests * SLACK)]
