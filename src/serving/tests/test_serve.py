from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from processes import START_SECONDS, TINY_MODEL, free_port, serving_environment

if TYPE_CHECKING:
    from pathlib import Path


def serve(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "topology_bench_serving.serve", *arguments]
    environment = serving_environment({"PORT": str(free_port()), **variables})
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)


@pytest.mark.parametrize("arguments", [[], ["triton"], ["fastapi", "gateway"]])
def test_usage(arguments: list[str]) -> None:
    result = serve(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")


@pytest.mark.parametrize(
    ("component", "variables", "message"),
    [
        ("fastapi", {"PORT": "http"}, "TOPOLOGY_BENCH_PORT: expected a whole number from 1 to 65535\n"),
        ("fastapi", {"MODEL_NAME": ""}, "TOPOLOGY_BENCH_MODEL_NAME: is not set\n"),
        ("gateway", {}, "TOPOLOGY_BENCH_TRITON_GRPC: is not set\n"),
        (
            "gateway",
            {"TRITON_GRPC": "triton:8001", "API_KEY": "short"},
            "TOPOLOGY_BENCH_API_KEY: each key needs at least 16 ASCII characters\n",
        ),
    ],
)
def test_a_bad_setting_is_told_in_one_line(component: str, variables: dict[str, str], message: str) -> None:
    result = serve(component, **variables)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", message)


def test_a_model_that_cannot_be_loaded_ends_the_server(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(TINY_MODEL, model)
    (model / "model.onnx").write_bytes(b"not a model")
    result = serve("fastapi", WORKERS="2", MODEL_DIRECTORY=str(model))
    assert result.returncode == 3
