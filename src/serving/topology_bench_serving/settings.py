"""Settings of the servers, read once from variables named `TOPOLOGY_BENCH_...`.

The same names serve as environment variables of FastAPI and the gateway and as `parameters` in Triton's config.pbtxt,
so that one deployment can give all three the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "TOPOLOGY_BENCH_"
MAX_WORKERS = 128
MAX_DEVICES = 128
MIN_KEY_CHARACTERS = 16
MAX_PORT = 65535


class SettingsError(ValueError):
    """A variable is missing or has a value that cannot be used; the message names it."""


@dataclass(frozen=True)
class ClassifierSettings:
    """How the model is loaded and how its input is shaped."""

    model_directory: Path
    """Holds model.onnx, tokenizer.json and config.json."""
    provider: str
    """`cpu` or `cuda`: what is asked for; what is used is known only after loading."""
    devices: int
    """GPUs that workers are spread over, and those of Triton's instances that Triton itself gives none."""
    intra_op_threads: int
    max_length: int
    """Tokens kept of each text, special tokens included."""
    padding_buckets: tuple[int, ...]
    """Lengths in tokens that a batch may be padded to, ascending."""


@dataclass(frozen=True)
class ServerSettings:
    """What FastAPI and the gateway share as HTTP servers."""

    model_name: str
    host: str
    port: int
    workers: int
    max_batch_size: int
    """Texts in one request."""
    max_body_bytes: int
    max_in_flight: int
    """Infer requests that one worker holds at a time; more are refused with 503."""
    state_directory: Path | None
    """Holds the counters that all workers share; None lets `serve` make a temporary one."""


@dataclass(frozen=True)
class GatewaySettings:
    """What the gateway needs beside the server settings."""

    triton_grpc: str
    """host:port of Triton's gRPC endpoint."""
    triton_timeout_seconds: float
    api_keys: tuple[str, ...]
    deidentify: bool


def read_classifier_settings(variables: Mapping[str, str]) -> ClassifierSettings:
    """Read the classifier's settings. Raises SettingsError."""
    max_length = _integer(variables, "MAX_LENGTH", 128, 1, 8192)
    buckets = _buckets(variables)
    if buckets[-1] < max_length:
        _refuse("PADDING_BUCKETS", f"the largest bucket must hold MAX_LENGTH, which is {max_length}")
    return ClassifierSettings(
        model_directory=Path(_required(variables, "MODEL_DIRECTORY")),
        provider=_choice(variables, "PROVIDER", "cpu", ("cpu", "cuda")),
        devices=_integer(variables, "DEVICES", 1, 1, MAX_DEVICES),
        intra_op_threads=_integer(variables, "INTRA_OP_THREADS", 1, 1, 1024),
        max_length=max_length,
        padding_buckets=buckets,
    )


def read_server_settings(variables: Mapping[str, str]) -> ServerSettings:
    """Read the HTTP server's settings. Raises SettingsError."""
    state_directory = _text(variables, "STATE_DIRECTORY")
    return ServerSettings(
        model_name=_required(variables, "MODEL_NAME"),
        host=_text(variables, "HOST") or "0.0.0.0",  # noqa: S104 - a pod is reached through its own address
        port=_integer(variables, "PORT", 8000, 1, MAX_PORT),
        workers=_integer(variables, "WORKERS", 1, 1, MAX_WORKERS),
        max_batch_size=_integer(variables, "MAX_BATCH_SIZE", 32, 1, 4096),
        max_body_bytes=_integer(variables, "MAX_BODY_BYTES", 1 << 20, 1, 1 << 30),
        max_in_flight=_integer(variables, "MAX_IN_FLIGHT", 1024, 1, 1 << 20),
        state_directory=Path(state_directory) if state_directory else None,
    )


def read_gateway_settings(variables: Mapping[str, str]) -> GatewaySettings:
    """Read the gateway's own settings, the API keys from their file included. Raises SettingsError."""
    target = _required(variables, "TRITON_GRPC")
    host, _, port = target.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= MAX_PORT:
        _refuse("TRITON_GRPC", "expected host:port")
    return GatewaySettings(
        triton_grpc=target,
        triton_timeout_seconds=_seconds(variables, "TRITON_TIMEOUT_SECONDS", 30.0),
        api_keys=_api_keys(variables),
        deidentify=_choice(variables, "DEIDENTIFY", "on", ("on", "off")) == "on",
    )


def _api_keys(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys, one to a line, so that an old and a new one can be valid together during a change."""
    file = _text(variables, "API_KEY_FILE")
    name = "API_KEY_FILE" if file else "API_KEY"
    if file:
        try:
            content = Path(file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            _refuse(name, f"cannot be read as ASCII text ({type(error).__name__})")
    else:
        content = _required(variables, name)
    keys = tuple(line.strip() for line in content.splitlines() if line.strip())
    if not keys:
        _refuse(name, "holds no key")
    if not all(key.isascii() and len(key) >= MIN_KEY_CHARACTERS for key in keys):
        _refuse(name, f"each key needs at least {MIN_KEY_CHARACTERS} ASCII characters")
    return keys


def _buckets(variables: Mapping[str, str]) -> tuple[int, ...]:
    text = _text(variables, "PADDING_BUCKETS") or "16,32,64,128"
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        _refuse("PADDING_BUCKETS", "expected whole numbers with commas between")
    buckets = tuple(int(part) for part in parts)
    if buckets[0] < 1 or any(later <= earlier for earlier, later in pairwise(buckets)):
        _refuse("PADDING_BUCKETS", "expected ascending numbers from 1")
    return buckets


def _integer(variables: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = _text(variables, name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
        _refuse(name, f"expected a whole number from {least} to {most}")
    return int(text)


def _seconds(variables: Mapping[str, str], name: str, default: float) -> float:
    text = _text(variables, name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:  # noqa: PLR2004 - an hour
        _refuse(name, "expected seconds, more than 0 and at most 3600")
    return value


def _choice(variables: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = _text(variables, name) or default
    if text not in choices:
        _refuse(name, f"expected one of {', '.join(choices)}")
    return text


def _required(variables: Mapping[str, str], name: str) -> str:
    text = _text(variables, name)
    if not text:
        _refuse(name, "is not set")
    return text


def _text(variables: Mapping[str, str], name: str) -> str:
    return variables.get(PREFIX + name, "").strip()


def _refuse(name: str, problem: str) -> NoReturn:
    message = f"{PREFIX}{name}: {problem}"
    raise SettingsError(message)
