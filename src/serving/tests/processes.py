"""Starts the real servers as processes of their own, and stops them."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SERVING = Path(__file__).parents[1]
TINY_MODEL = SERVING.parents[1] / "media" / "models" / "tiny-sentiment"
PAYLOAD = SERVING.parents[1] / "media" / "payload" / "clinical-sentences.json"
API_KEY = "a key made up for these tests"
MODEL_NAME = "sentiment"
START_SECONDS = 120.0
STOP_SECONDS = 30.0
# What answers at all answers far sooner, but for a pause of the machine.
ANSWER_SECONDS = 60.0
# Linux gives out others by itself: what starts meanwhile takes none of these.
PORTS = range(15_000, 30_000)

Bounds = list[tuple[float, float, float]]
"""At least, what was found, at most."""


class Server:
    """A running server: its process, a client of its address, and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], client: httpx.Client, output: Path) -> None:
        self.process = process
        self.client = client
        self._output = output

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def infer(self, *texts: str) -> httpx.Response:
        return self.client.post(f"/v2/models/{MODEL_NAME}/infer", json=infer_request(*texts))

    def metrics(self) -> dict[str, float]:
        return parse_metrics(self.client.get("/metrics").text)


def infer_request(*texts: str) -> dict[str, object]:
    return {"inputs": [{"name": "text", "shape": [len(texts), 1], "datatype": "BYTES", "data": list(texts)}]}


def parse_metrics(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def despite_pauses(measure: Callable[[Path], Bounds], directory: Path) -> None:
    """Measure until each figure lies between its bounds.

    A pause of the machine spoils one once; one that is counted in the wrong place is wrong at each of the five. What is
    exact (answers, counts) is for `measure` to assert, and fails at once.
    """
    for attempt in range(5):
        own = directory / str(attempt)
        own.mkdir()
        outside = [bounds for bounds in measure(own) if not bounds[0] <= bounds[1] <= bounds[2]]
        if not outside:
            return
    pytest.fail(f"at least, found, at most: {outside}")


def serving_environment(variables: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOPOLOGY_BENCH_")}
    return {
        **inherited,
        "PYTHONPATH": str(SERVING),
        "TOPOLOGY_BENCH_MODEL_DIRECTORY": str(TINY_MODEL),
        "TOPOLOGY_BENCH_MODEL_NAME": MODEL_NAME,
        "TOPOLOGY_BENCH_HOST": "127.0.0.1",
        "TOPOLOGY_BENCH_WORKERS": "2",
        "TOPOLOGY_BENCH_API_KEY": API_KEY,
        **{f"TOPOLOGY_BENCH_{name}": value for name, value in variables.items()},
    }


@contextlib.contextmanager
def run_server(component: str, directory: Path, *, await_ready: bool = True, **variables: str) -> Iterator[Server]:
    """Run `fastapi` or `gateway` until the block ends; its output goes to a file in directory."""
    port = free_port()
    command = [sys.executable, "-m", "topology_bench_serving.serve", component]
    environment = serving_environment({"PORT": str(port), **variables})
    with run_process(command, environment, directory / f"{component}-{port}.log", port) as server:
        server.client.headers["x-api-key"] = API_KEY
        if await_ready:
            wait_until_ready(server)
        yield server


@contextlib.contextmanager
def run_triton(
    triton: Path, repository: Path, directory: Path, grpc_port: int | None = None
) -> Iterator[tuple[Server, int, int]]:
    """Run Triton until the block ends; yields the server, its gRPC port and its metrics port."""
    http, grpc, metrics = free_port(), grpc_port or free_port(), free_port()
    command = [
        str(triton / "bin" / "tritonserver"),
        f"--model-repository={repository}",
        f"--backend-directory={triton / 'backends'}",
        f"--cache-directory={triton / 'caches'}",
        "--http-address=127.0.0.1",
        f"--http-port={http}",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={grpc}",
        f"--metrics-port={metrics}",
        "--disable-auto-complete-config",
        "--exit-timeout-secs=5",
    ]
    packages = f"{SERVING}:{sysconfig.get_path('purelib')}"
    environment = serving_environment({"PACKAGES": packages})
    with run_process(command, environment, directory / f"triton-{http}.log", http) as server:
        wait_until_ready(server)
        yield server, grpc, metrics


@contextlib.contextmanager
def run_process(command: list[str], environment: Mapping[str, str], log: Path, port: int) -> Iterator[Server]:
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS) as client,
    ):
        try:
            yield Server(process, client, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            message = f"the server ended with {server.process.returncode}:\n{server.output}"
            raise RuntimeError(message)
        with contextlib.suppress(httpx.TransportError):
            if server.client.get("/v2/health/ready", timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    message = f"the server is not ready:\n{server.output}"
    raise RuntimeError(message)
