from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import onnxruntime
import pytest
from processes import (
    ANSWER_SECONDS,
    MODEL_NAME,
    TINY_MODEL,
    Bounds,
    Server,
    despite_pauses,
    infer_request,
    run_server,
)

from topology_bench_serving.counters import NAMES, Counters
from topology_bench_serving.fastapi_server import LocalBackend
from topology_bench_serving.settings import read_classifier_settings

OK = 'topology_bench_requests_total{code="200"}'
BAD = 'topology_bench_requests_total{code="400"}'
ROWS = "topology_bench_inference_count_total"
RUNS = "topology_bench_execution_count_total"


def difference(before: dict[str, float], after: dict[str, float], name: str) -> float:
    return after.get(name, 0.0) - before.get(name, 0.0)


def test_every_answer_is_counted_once_over_all_workers(fastapi_server: Server) -> None:
    before = fastapi_server.metrics()
    address = str(fastapi_server.client.base_url)

    def ask(index: int) -> None:
        with httpx.Client(base_url=address, timeout=ANSWER_SECONDS) as client:
            for _ in range(50):
                texts = ["good", "bad"][: 1 + index % 2]
                answer = client.post(f"/v2/models/{MODEL_NAME}/infer", json=infer_request(*texts))
                assert answer.status_code == 200
            assert client.post(f"/v2/models/{MODEL_NAME}/infer", content=b"{").status_code == 400

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(16)))
    after = fastapi_server.metrics()
    assert difference(before, after, OK) == 800
    assert difference(before, after, BAD) == 16
    assert difference(before, after, ROWS) == 1200
    assert difference(before, after, RUNS) == 800
    stages = [f'topology_bench_stage_seconds_total{{stage="{stage}"}}' for stage in ("tokenize", "compute")]
    assert all(difference(before, after, stage) > 0 for stage in stages)


def test_runtime_is_reported_as_found(fastapi_server: Server) -> None:
    (info,) = (name for name in fastapi_server.metrics() if name.startswith("topology_bench_runtime_info"))
    assert 'component="fastapi",provider="CPUExecutionProvider",device="cpu",runtime="onnxruntime"' in info


def test_workers_take_the_gpus_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_session = onnxruntime.InferenceSession
    asked = []

    def open_without_gpu(path: str, options: object, providers: list[tuple[str, dict[str, str]]]) -> object:
        asked.append(providers[0])
        return open_session(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", open_without_gpu)
    variables = {"MODEL_DIRECTORY": str(TINY_MODEL), "PROVIDER": "cuda", "DEVICES": "3"}
    settings = read_classifier_settings({f"TOPOLOGY_BENCH_{name}": value for name, value in variables.items()})
    counters = Counters(tmp_path)
    for slot in range(5):
        counters.slot = slot
        backend = LocalBackend(settings, MODEL_NAME, counters)
        backend.load()
        assert asyncio.run(backend.runtime_info()).device == "cpu"
        backend.close()
    assert asked == [("CUDAExecutionProvider", {"device_id": number}) for number in "01201"]


def test_connections_are_spread_over_the_workers(tmp_path: Path) -> None:
    """A worker that wakes to waiting connections must leave some of them to the other, which wakes a little later."""
    despite_pauses(fewest_connections_of_a_worker, tmp_path)


def fewest_connections_of_a_worker(directory: Path) -> Bounds:
    count = 400
    with run_server("fastapi", directory, STATE_DIRECTORY=str(directory)) as server, contextlib.ExitStack() as stack:
        first, second = worker_ids(server.process.pid)
        for worker in (first, second):
            os.kill(worker, signal.SIGSTOP)
        connections = [stack.enter_context(connect(server)) for _ in range(count)]
        os.kill(first, signal.SIGCONT)
        # Time enough to take all of them in one go; taken in turns of a millisecond they last far longer.
        time.sleep(0.05)
        os.kill(second, signal.SIGCONT)
        for connection in connections:
            send_infer_request(connection, "good")
        assert [connection.getresponse().status for connection in connections] == [200] * count
        answered = requests_by_worker(directory)
    assert sum(answered) == count
    return [(count / 16, min(answered), count)]


def requests_by_worker(directory: Path) -> list[float]:
    values = memoryview((directory / "counters").read_bytes()).cast("d")
    return [values[worker * len(NAMES) + NAMES.index("requests_200")] for worker in range(2)]


def test_health_is_answered_during_inference(tmp_path: Path) -> None:
    despite_pauses(slowest_health, tmp_path)


def slowest_health(directory: Path) -> Bounds:
    with run_server("fastapi", directory, WORKERS="1", MAX_BATCH_SIZE="400", MAX_BODY_BYTES=str(1 << 24)) as server:
        texts = ["word " * 200] * 400
        before = server.metrics()
        address = server.client.base_url
        with ThreadPoolExecutor(1) as threads, httpx.Client(base_url=address, timeout=ANSWER_SECONDS) as client:
            long = threads.submit(server.infer, *texts)
            slowest = 0.0
            while not long.done():
                asked = time.monotonic()
                assert client.get("/v2/health/live").status_code == 200
                slowest = max(slowest, time.monotonic() - asked)
        assert long.result().status_code == 200
        inference = difference(before, server.metrics(), 'topology_bench_stage_seconds_total{stage="compute"}')
        assert inference > 0.5
        return [(0, slowest, inference / 2)]


def test_more_than_the_limit_in_flight_is_refused(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path, WORKERS="1", MAX_IN_FLIGHT="1") as server:
        address = str(server.client.base_url)

        def ask(_: int) -> set[int]:
            with httpx.Client(base_url=address, timeout=ANSWER_SECONDS) as client:
                path = f"/v2/models/{MODEL_NAME}/infer"
                return {client.post(path, json=infer_request(*["slow " * 200] * 32)).status_code for _ in range(10)}

        with ThreadPoolExecutor(8) as threads:
            codes = set().union(*threads.map(ask, range(8)))
        assert codes == {200, 503}
        assert server.infer("good").status_code == 200


def test_requests_under_way_are_answered_before_the_end(tmp_path: Path) -> None:
    despite_pauses(answered_before_the_end, tmp_path)


def answered_before_the_end(directory: Path) -> Bounds:
    with run_server("fastapi", directory, STATE_DIRECTORY=str(directory)) as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(server)) for _ in range(8)]
        for connection in connections:
            send_infer_request(connection, *["slow " * 200] * 32)
        wait_until_all_is_read(server)
        server.process.send_signal(signal.SIGTERM)
        answered = sum(requests_by_worker(directory))
        assert [connection.getresponse().status for connection in connections] == [200] * 8
        assert server.process.wait(ANSWER_SECONDS) == 0
        assert "Traceback" not in server.output
    return [(0, answered, 7)]


def connect(server: Server) -> contextlib.closing[http.client.HTTPConnection]:
    """Open a connection, which the system does for a server that has not accepted it yet."""
    address = server.client.base_url
    connection = http.client.HTTPConnection(address.host, address.port, timeout=ANSWER_SECONDS)
    connection.connect()
    return contextlib.closing(connection)


def send_infer_request(connection: http.client.HTTPConnection, *texts: str) -> None:
    connection.request(
        "POST",
        f"/v2/models/{MODEL_NAME}/infer",
        json.dumps(infer_request(*texts)),
        {"content-type": "application/json"},
    )


def wait_until_all_is_read(server: Server) -> None:
    """Wait until the server has accepted every connection and read every byte sent to it, as the kernel counts them."""
    port = f"{server.client.base_url.port:04X}"
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        # Bytes on their way out and in; of a listening socket the second is its connections not yet accepted. An answer
        # that is there already waits at our end.
        queues = [
            row[4].partition(":")[0 if row[2].endswith(f":{port}") else 2]
            for row in rows
            if port in (row[1].partition(":")[2], row[2].partition(":")[2])
        ]
        if queues and not any(int(queue, 16) for queue in queues):
            return
        time.sleep(0.002)
    pytest.fail("the server does not read what it is sent")


def test_a_worker_that_dies_ends_the_server_which_says_how(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path) as server:
        assert server.infer("good").status_code == 200
        workers = worker_ids(server.process.pid)
        assert len(workers) == 2
        os.kill(workers[1], signal.SIGKILL)
        assert server.process.wait(60) == 128 + signal.SIGKILL
        assert f"Worker {workers[1]} was ended by SIGKILL, as a system does when memory runs out" in server.output
        assert not Path(f"/proc/{workers[0]}").exists()


def test_a_worker_that_hangs_ends_the_server_which_says_so(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path, WORKERS="1") as server:
        (worker,) = worker_ids(server.process.pid)
        os.kill(worker, signal.SIGSTOP)
        assert server.process.wait(60) == 1
        assert f"Worker {worker} did not answer" in server.output


def worker_ids(supervisor: int) -> list[int]:
    """Return the ids of a supervisor's workers; it has other children too."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
