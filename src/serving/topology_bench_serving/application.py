"""The HTTP side of the Open Inference Protocol, shared by FastAPI's own server and the gateway."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect

import topology_bench_serving
from topology_bench_serving.error_response import error_response, where
from topology_bench_serving.metrics import CONTENT_TYPE, RuntimeInfo, build_metrics
from topology_bench_serving.open_inference import (
    InferRequest,
    OpenInferenceError,
    Tensor,
    build_infer_response,
    parse_infer_request,
)

if TYPE_CHECKING:
    from starlette.types import Lifespan

    from topology_bench_serving.counters import Counters
    from topology_bench_serving.settings import ServerSettings

logger = logging.getLogger(__name__)

FAILURE = "the server failed on this request"
CLIENT_GONE = 499


class Backend(Protocol):
    """What answers behind the protocol: a model in this process, or Triton."""

    async def infer(self, request: InferRequest, http_request: Request) -> list[Tensor]:
        """Answer a validated request with all outputs it asks for. Raises OpenInferenceError."""

    async def model_metadata(self) -> dict[str, object]:
        """Return the model metadata object. Raises OpenInferenceError."""

    async def is_ready(self) -> bool:
        """Tell whether an infer request would be answered now."""

    async def runtime_info(self) -> RuntimeInfo:
        """Return what runs behind this server."""


def create_application(
    component: str, settings: ServerSettings, counters: Counters, backend: Backend, lifespan: Lifespan[FastAPI]
) -> FastAPI:
    """Return the application with every route of the protocol and /metrics."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.add_exception_handler(StarletteHTTPException, _answer_http_exception)
    app.add_exception_handler(OpenInferenceError, _answer_open_inference_error)
    app.add_exception_handler(Exception, _answer_failure)
    endpoints = _Endpoints(component, settings, counters, backend)
    app.get("/v2/health/live")(endpoints.live)
    app.get("/v2/health/ready")(endpoints.ready)
    app.get("/v2")(endpoints.server_metadata)
    app.get("/v2/models/{model}")(endpoints.model_metadata)
    app.get("/v2/models/{model}/ready")(endpoints.model_ready)
    app.post("/v2/models/{model}/infer")(endpoints.infer)
    app.get("/metrics")(endpoints.metrics)
    return app


class _Endpoints:
    """The routes of one worker."""

    def __init__(self, component: str, settings: ServerSettings, counters: Counters, backend: Backend) -> None:
        self._component = component
        self._settings = settings
        self._counters = counters
        self._backend = backend
        self._in_flight = 0

    async def live(self) -> Response:
        return Response()

    async def ready(self) -> Response:
        return Response() if await self._is_ready() else error_response(503, "the server is not ready")

    async def server_metadata(self) -> Response:
        name = f"topology-bench-{self._component}"
        return JSONResponse({"name": name, "version": topology_bench_serving.__version__, "extensions": []})

    async def model_metadata(self, model: str) -> Response:
        self._check_model(model)
        return JSONResponse(await self._backend.model_metadata())

    async def model_ready(self, model: str) -> Response:
        self._check_model(model)
        return Response() if await self._is_ready() else error_response(503, "the model is not ready")

    async def infer(self, model: str, http_request: Request) -> Response:
        self._check_model(model)
        if self._in_flight >= self._settings.max_in_flight:
            raise OpenInferenceError(503, "the server is overloaded")
        self._in_flight += 1
        try:
            content = await self._answer(http_request)
        except (OpenInferenceError, StarletteHTTPException):
            raise
        except ClientDisconnect:
            # Nobody will read this answer, but it must not count as a failure of the server.
            return error_response(CLIENT_GONE, "the client has gone")
        except Exception as error:  # noqa: BLE001 - see below
            # The message of an unforeseen error may hold a part of the text, so only its place is logged.
            logger.error("infer failed: %s", where(error))  # noqa: TRY400
            raise OpenInferenceError(500, FAILURE) from None
        finally:
            self._in_flight -= 1
        return Response(content, media_type="application/json")

    async def metrics(self) -> Response:
        content = build_metrics(self._counters.totals(), await self._backend.runtime_info())
        return PlainTextResponse(content, media_type=CONTENT_TYPE)

    async def _answer(self, http_request: Request) -> bytes:
        request = parse_infer_request(await http_request.body(), self._settings.max_batch_size)
        tensors = await self._backend.infer(request, http_request)
        content = build_infer_response(request, self._settings.model_name, tensors)
        self._counters.add("inference_count", len(request.texts))
        return content

    async def _is_ready(self) -> bool:
        # A worker that still loads its model would make the first requests slow, and the load uneven.
        return self._counters.totals()["ready"] >= self._settings.workers and await self._backend.is_ready()

    def _check_model(self, model: str) -> None:
        if model != self._settings.model_name:
            raise OpenInferenceError(404, f"the model is unknown; this server has {self._settings.model_name}")


async def _answer_open_inference_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OpenInferenceError)  # noqa: S101 - registered for this type
    return error_response(error.status, error.message)


async def _answer_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for this type
    return error_response(error.status_code, str(error.detail), error.headers)


async def _answer_failure(_: Request, __: Exception) -> Response:
    return error_response(500, FAILURE)
