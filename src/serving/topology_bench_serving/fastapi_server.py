"""The `fastapi` topology: the classifier inside the web server's own process."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import fastapi
import onnxruntime

from topology_bench_serving import stages
from topology_bench_serving.accounting import Accounting
from topology_bench_serving.application import create_application
from topology_bench_serving.body_limit import BodyLimit
from topology_bench_serving.classifier import Classification, Classifier
from topology_bench_serving.counters import Counters
from topology_bench_serving.metrics import RuntimeInfo
from topology_bench_serving.open_inference import InferRequest, Tensor, build_model_metadata
from topology_bench_serving.settings import ClassifierSettings, read_classifier_settings, read_server_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI, Request
    from starlette.types import ASGIApp


def create_app() -> ASGIApp:
    """Return one worker's application, configured by the environment. Raises SettingsError."""
    settings = read_server_settings(os.environ)
    counters = Counters(settings.state_directory or Path())
    backend = LocalBackend(read_classifier_settings(os.environ), settings.model_name, counters)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        backend.load()
        counters.set_ready(ready=True)
        yield
        counters.set_ready(ready=False)
        backend.close()

    app = create_application("fastapi", settings, counters, backend, lifespan)
    return Accounting(BodyLimit(app, settings.max_body_bytes), counters)


class LocalBackend:
    """Runs the classifier in one thread beside the event loop.

    One thread keeps health checks answered during a run. More would run several inferences at once inside one
    worker, so that workers x threads would no longer be the cores in use.
    """

    def __init__(self, settings: ClassifierSettings, model_name: str, counters: Counters) -> None:
        """Take the settings; the model is loaded by `load`."""
        self._settings = settings
        self._model_name = model_name
        self._counters = counters
        self._classifier: Classifier
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")

    def load(self) -> None:
        """Load the model and run it once for each padded length. Raises SettingsError."""
        # Workers take the GPUs in turns; Triton puts an instance on each likewise.
        self._classifier = Classifier(self._settings, self._counters.slot % self._settings.devices)
        self._classifier.warm_up()

    def close(self) -> None:
        """Let the running inference end and stop the thread."""
        self._thread.shutdown()

    async def infer(self, request: InferRequest, http_request: Request) -> list[Tensor]:
        """Classify the texts in one run."""
        loop = asyncio.get_running_loop()
        handed_over = time.perf_counter()
        began, answer = await loop.run_in_executor(self._thread, self._classify, request.texts)
        self._counters.add("execution_count")
        stages.note(http_request.scope, "queue", began - handed_over)
        stages.note(http_request.scope, "tokenize", answer.tokenize_seconds)
        stages.note(http_request.scope, "compute", answer.compute_seconds)
        rows, label_count = answer.logits.shape
        return [
            Tensor("label", "BYTES", (rows, 1), answer.labels),
            Tensor("score", "FP32", (rows, 1), answer.scores.ravel().tolist()),
            Tensor("logits", "FP32", (rows, label_count), answer.logits.ravel().tolist()),
        ]

    def _classify(self, texts: list[str]) -> tuple[float, Classification]:
        """Return when the thread began with the texts, by time.perf_counter, and the answer."""
        return time.perf_counter(), self._classifier.classify(texts)

    async def model_metadata(self) -> dict[str, object]:
        """Return the metadata object."""
        return build_model_metadata(self._model_name, "onnxruntime_onnxv1", len(self._classifier.labels))

    async def is_ready(self) -> bool:
        """Return True: the worker serves no request before its model is loaded."""
        return True

    async def runtime_info(self) -> RuntimeInfo:
        """Return what this process found at run time."""
        return RuntimeInfo(
            component="fastapi",
            provider=self._classifier.provider,
            device=self._classifier.device,
            runtime="onnxruntime",
            runtime_version=onnxruntime.__version__,
            python=platform.python_version(),
            server_version=fastapi.__version__,
        )
