from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from topology_bench_serving.settings import (
    SettingsError,
    read_classifier_settings,
    read_gateway_settings,
    read_server_settings,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sixteen characters"


def test_defaults() -> None:
    classifier = read_classifier_settings({"TOPOLOGY_BENCH_MODEL_DIRECTORY": "/model"})
    assert classifier.padding_buckets == (16, 32, 64, 128)
    assert classifier.max_length == 128
    assert (classifier.provider, classifier.devices) == ("cpu", 1)
    server = read_server_settings({"TOPOLOGY_BENCH_MODEL_NAME": "m"})
    assert (server.port, server.workers, server.max_batch_size, server.max_body_bytes) == (8000, 1, 32, 1 << 20)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTRA_OP_THREADS", "0"),
        ("INTRA_OP_THREADS", "two"),
        ("INTRA_OP_THREADS", "-1"),
        ("INTRA_OP_THREADS", "9" * 5000),
        ("MAX_LENGTH", "256"),
        ("PADDING_BUCKETS", "16,16,128"),
        ("PADDING_BUCKETS", "0,128"),
        ("PADDING_BUCKETS", "64,,128"),
        ("PADDING_BUCKETS", "16 32"),
        ("DEVICES", "0"),
        ("DEVICES", "129"),
        ("DEVICES", "all"),
        ("PROVIDER", "tpu"),
        ("MODEL_DIRECTORY", " "),
    ],
)
def test_bad_classifier_settings_name_the_variable(name: str, value: str) -> None:
    variables = {"TOPOLOGY_BENCH_MODEL_DIRECTORY": "/model", f"TOPOLOGY_BENCH_{name}": value}
    expected = "PADDING_BUCKETS" if name == "MAX_LENGTH" else name
    with pytest.raises(SettingsError, match=f"TOPOLOGY_BENCH_{expected}: "):
        read_classifier_settings(variables)


@pytest.mark.parametrize(("name", "value"), [("PORT", "65536"), ("WORKERS", "129"), ("MAX_BODY_BYTES", "1e6")])
def test_bad_server_settings_name_the_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"TOPOLOGY_BENCH_{name}: "):
        read_server_settings({"TOPOLOGY_BENCH_MODEL_NAME": "m", f"TOPOLOGY_BENCH_{name}": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRITON_GRPC", "triton"),
        ("TRITON_GRPC", ":8001"),
        ("TRITON_GRPC", "triton:0"),
        ("TRITON_TIMEOUT_SECONDS", "0"),
        ("TRITON_TIMEOUT_SECONDS", "nan"),
        ("TRITON_TIMEOUT_SECONDS", "soon"),
        ("DEIDENTIFY", "maybe"),
        ("API_KEY", "short"),
        ("API_KEY", ""),
        ("API_KEY_FILE", "/nonexistent"),
    ],
)
def test_bad_gateway_settings_name_the_variable(name: str, value: str) -> None:
    variables = {"TOPOLOGY_BENCH_TRITON_GRPC": "triton:8001", "TOPOLOGY_BENCH_API_KEY": KEY}
    with pytest.raises(SettingsError, match=f"TOPOLOGY_BENCH_{name}: ") as caught:
        read_gateway_settings({**variables, f"TOPOLOGY_BENCH_{name}": value})
    assert KEY not in str(caught.value)


def test_key_file_holds_one_key_to_a_line(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY} one\n\n{KEY} two\n", encoding="ascii")
    variables = {"TOPOLOGY_BENCH_TRITON_GRPC": "triton:8001", "TOPOLOGY_BENCH_API_KEY_FILE": str(file)}
    assert read_gateway_settings(variables).api_keys == (f"{KEY} one", f"{KEY} two")
