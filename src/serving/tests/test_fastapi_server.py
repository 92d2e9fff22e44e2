from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
from processes import MODEL_NAME, Server, infer_request, run_server

from topology_bench_serving.counters import NAMES

if TYPE_CHECKING:
    from pathlib import Path

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
        with httpx.Client(base_url=address) as client:
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


def test_connections_are_spread_over_the_workers(tmp_path: Path) -> None:
    """Two connections opened at once must not leave one of two workers idle."""
    with run_server("fastapi", tmp_path, STATE_DIRECTORY=str(tmp_path)) as server:
        address = str(server.client.base_url)
        uneven = 0
        for _ in range(10):
            before = requests_by_worker(tmp_path)
            barrier = threading.Barrier(2)

            def ask(_: int, barrier: threading.Barrier = barrier) -> None:
                with httpx.Client(base_url=address) as client:
                    barrier.wait()
                    for _ in range(10):
                        client.post(f"/v2/models/{MODEL_NAME}/infer", json=infer_request("good"))

            with ThreadPoolExecutor(2) as threads:
                list(threads.map(ask, range(2)))
            answered = [after - earlier for earlier, after in zip(before, requests_by_worker(tmp_path), strict=True)]
            uneven += 0 in answered
        assert uneven <= 3


def requests_by_worker(directory: Path) -> list[float]:
    values = memoryview((directory / "counters").read_bytes()).cast("d")
    return [values[worker * len(NAMES) + NAMES.index("requests_200")] for worker in range(2)]


def test_health_is_answered_during_inference(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path, WORKERS="1", MAX_BATCH_SIZE="4096") as server:
        texts = ["word " * 200] * 4000
        with ThreadPoolExecutor(1) as threads:
            started = time.monotonic()
            long = threads.submit(server.client.post, f"/v2/models/{MODEL_NAME}/infer", json=infer_request(*texts))
            slowest = 0.0
            with httpx.Client(base_url=server.client.base_url) as client:
                while not long.done():
                    asked = time.monotonic()
                    assert client.get("/v2/health/live").status_code == 200
                    slowest = max(slowest, time.monotonic() - asked)
            total = time.monotonic() - started
        assert long.result().status_code in (200, 413)
        assert slowest < max(0.5, total / 2)


def test_more_than_the_limit_in_flight_is_refused(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path, WORKERS="1", MAX_IN_FLIGHT="1") as server:
        address = str(server.client.base_url)

        def ask(_: int) -> set[int]:
            with httpx.Client(base_url=address) as client:
                path = f"/v2/models/{MODEL_NAME}/infer"
                return {client.post(path, json=infer_request(*["slow " * 200] * 32)).status_code for _ in range(10)}

        with ThreadPoolExecutor(8) as threads:
            codes = set().union(*threads.map(ask, range(8)))
        assert codes == {200, 503}
        assert server.infer("good").status_code == 200


def test_requests_under_way_are_answered_before_the_end(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path) as server:
        texts = ["slow " * 200] * 32
        with ThreadPoolExecutor(8) as threads:
            answers = [threads.submit(server.infer, *texts) for _ in range(8)]
            time.sleep(0.1)
            server.process.send_signal(signal.SIGTERM)
            codes = [answer.result().status_code for answer in answers]
        assert server.process.wait(30) == 0
        assert codes == [200] * 8
        assert "Traceback" not in server.output


def test_a_worker_that_dies_is_replaced_and_its_counts_stay(tmp_path: Path) -> None:
    with run_server("fastapi", tmp_path) as server:
        for _ in range(20):
            assert server.infer("good").status_code == 200
        children = f"/proc/{server.process.pid}/task/{server.process.pid}/children"
        with open(children, encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
            workers = [int(child) for child in file.read().split()]
        names = {worker: (f"/proc/{worker}/cmdline") for worker in workers}
        killed = 0
        for worker, name in names.items():
            with open(name, "rb") as file:  # noqa: PTH123 - as above
                if b"spawn_main" in file.read():
                    os.kill(worker, signal.SIGKILL)
                    killed += 1
        assert killed == 2
        server.client.close()
        with httpx.Client(base_url=server.client.base_url) as client:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    if client.get("/v2/health/ready", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            assert f"{OK} 20" in client.get("/metrics").text
