"""The gateway of the `hybrid` topology: authenticates, removes identifiers, audits, and asks Triton."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import fastapi

from topology_bench_serving import audit, stages
from topology_bench_serving.accounting import Accounting
from topology_bench_serving.application import create_application
from topology_bench_serving.authentication import Authentication
from topology_bench_serving.body_limit import BodyLimit
from topology_bench_serving.counters import Counters
from topology_bench_serving.deidentify import deidentify
from topology_bench_serving.metrics import RuntimeInfo
from topology_bench_serving.settings import GatewaySettings, read_gateway_settings, read_server_settings
from topology_bench_serving.triton_client import PROBE_SECONDS, TritonClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI, Request
    from starlette.types import ASGIApp

    from topology_bench_serving.open_inference import InferRequest, Tensor

# Up to here de-identification takes less time than handing it to the thread and back.
INLINE_CHARACTERS = 2000


def create_app() -> ASGIApp:
    """Return one worker's application, configured by the environment. Raises SettingsError."""
    settings = read_server_settings(os.environ)
    gateway_settings = read_gateway_settings(os.environ)
    counters = Counters(settings.state_directory or Path())
    backend = TritonBackend(gateway_settings, settings.model_name)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        backend.open()
        following = asyncio.create_task(backend.follow(counters))
        yield
        following.cancel()
        counters.set_ready(ready=False)
        await backend.close()

    app = create_application("gateway", settings, counters, backend, lifespan)
    limited = BodyLimit(app, settings.max_body_bytes)
    return Accounting(Authentication(limited, gateway_settings.api_keys), counters, audit.write_audit_line)


class TritonBackend:
    """De-identifies in this process and lets Triton answer."""

    def __init__(self, settings: GatewaySettings, model_name: str) -> None:
        """Take the settings; `open` makes what belongs to the event loop."""
        self._settings = settings
        self._model_name = model_name
        self._client: TritonClient
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deidentify")
        self._triton_version = "unknown"

    def open(self) -> None:
        """Make the channel; to be called inside the event loop that will use it."""
        self._client = TritonClient(self._settings.triton_grpc, self._model_name, self._settings.triton_timeout_seconds)

    async def follow(self, counters: Counters) -> None:
        """Have this worker count as ready while its own connection stands, the one that carries its requests."""
        async for is_connected in self._client.connected():
            if is_connected:
                version = await self._client.server_version(self._settings.triton_timeout_seconds)
                self._triton_version = version or self._triton_version
            counters.set_ready(ready=is_connected)

    async def close(self) -> None:
        """Close the channel and the thread."""
        await self._client.close()
        self._thread.shutdown()

    async def infer(self, request: InferRequest, http_request: Request) -> list[Tensor]:
        """Return Triton's answer to the de-identified texts."""
        started = time.perf_counter()
        texts, removed = request.texts, Counter[str]()
        if self._settings.deidentify:
            if sum(len(text) for text in texts) <= INLINE_CHARACTERS:
                texts, removed = _deidentify_all(texts)
            else:
                loop = asyncio.get_running_loop()
                texts, removed = await loop.run_in_executor(self._thread, _deidentify_all, texts)
        # Noted before Triton is asked, so that a failure there is audited with what was removed.
        audit.note(http_request.scope, len(texts), removed)
        deidentified = time.perf_counter()
        tensors = await self._client.infer(replace(request, texts=texts))
        stages.note(http_request.scope, "deidentify", deidentified - started)
        stages.note(http_request.scope, "triton", time.perf_counter() - deidentified)
        return tensors

    async def model_metadata(self) -> dict[str, object]:
        """Return Triton's metadata object."""
        return await self._client.model_metadata()

    async def is_ready(self) -> bool:
        """Tell whether Triton has the model ready."""
        return await self._client.is_model_ready()

    async def runtime_info(self) -> RuntimeInfo:
        """Return Triton's version beside our own; the provider is Triton's to report, since no model runs here."""
        if self._triton_version == "unknown":
            self._triton_version = await self._client.server_version(PROBE_SECONDS) or "unknown"
        return RuntimeInfo(
            component="gateway",
            provider="none",
            device="none",
            runtime="triton",
            runtime_version=self._triton_version,
            python=platform.python_version(),
            server_version=fastapi.__version__,
        )


def _deidentify_all(texts: list[str]) -> tuple[list[str], Counter[str]]:
    """Return the texts without identifiers, and how many of each type were removed from all of them."""
    results = [deidentify(text) for text in texts]
    removed: Counter[str] = Counter()
    for result in results:
        removed.update(result.removed)
    return [result.text for result in results], removed
