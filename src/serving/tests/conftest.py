"""The servers that several tests share; each starts once in a session."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes import SERVING, Server, parse_metrics, run_server, run_triton

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Triton:
    """A running Triton and where else it listens."""

    server: Server
    grpc: str
    metrics_port: int

    def metrics(self) -> dict[str, float]:
        """Return what Triton counts and what our model adds to it."""
        return parse_metrics(self.server.client.get(f"http://127.0.0.1:{self.metrics_port}/metrics").text)


@pytest.fixture(scope="session")
def triton_directory() -> Path:
    variable = "TOPOLOGY_BENCH_TRITON"
    directory = Path(os.environ.get(variable, "/nonexistent"))
    if not (directory / "bin" / "tritonserver").is_file():
        pytest.fail(
            f"{variable} must name a folder with bin/tritonserver and backends/; "
            "tools/unpack_triton.py makes one from the wheel pinned in requirements/triton.txt"
        )
    if not (directory / "backends" / "python" / "triton_python_backend_stub").is_file():
        pytest.fail(f"{variable} names a Triton without a stub for this Python; see tools/unpack_triton.py")
    return directory


@pytest.fixture(scope="session")
def model_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repository = tmp_path_factory.mktemp("repository")
    model = repository / "sentiment"
    (model / "1").mkdir(parents=True)
    shutil.copyfile(Path(__file__).with_name("config.pbtxt"), model / "config.pbtxt")
    shutil.copyfile(SERVING / "topology_bench_serving" / "triton_model.py", model / "1" / "model.py")
    return repository


@pytest.fixture(scope="session")
def triton(
    triton_directory: Path, model_repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Triton]:
    directory = tmp_path_factory.mktemp("triton")
    with run_triton(triton_directory, model_repository, directory) as (server, grpc, metrics):
        yield Triton(server, f"127.0.0.1:{grpc}", metrics)


@pytest.fixture(scope="session")
def fastapi_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with run_server("fastapi", tmp_path_factory.mktemp("fastapi")) as server:
        yield server


@pytest.fixture(scope="session")
def gateway(triton: Triton, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with run_server("gateway", tmp_path_factory.mktemp("gateway"), TRITON_GRPC=triton.grpc) as server:
        yield server


@pytest.fixture(params=["fastapi", "triton", "gateway"])
def any_server(request: pytest.FixtureRequest) -> Server:
    """Each topology in turn."""
    if request.param == "triton":
        triton: Triton = request.getfixturevalue("triton")
        return triton.server
    name = "fastapi_server" if request.param == "fastapi" else "gateway"
    server: Server = request.getfixturevalue(name)
    return server


@pytest.fixture(params=["fastapi", "gateway"])
def our_server(request: pytest.FixtureRequest) -> Server:
    """Each server whose every answer is our own."""
    name = "fastapi_server" if request.param == "fastapi" else "gateway"
    server: Server = request.getfixturevalue(name)
    return server
