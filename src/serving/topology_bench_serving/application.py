"""The HTTP side of the Open Inference Protocol, shared by FastAPI's own server and the gateway."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

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
    in_flight = 0

    def check_model(model: str) -> None:
        if model != settings.model_name:
            raise OpenInferenceError(404, f"the model is unknown; this server has {settings.model_name}")

    async def is_ready() -> bool:
        # A worker that still loads its model would make the first requests slow, and the load uneven.
        return counters.totals()["ready"] >= settings.workers and await backend.is_ready()

    @app.get("/v2/health/live")
    async def live() -> Response:
        return Response()

    @app.get("/v2/health/ready")
    async def ready() -> Response:
        return Response() if await is_ready() else error_response(503, "the server is not ready")

    @app.get("/v2")
    async def server_metadata() -> Response:
        name = f"topology-bench-{component}"
        return JSONResponse({"name": name, "version": topology_bench_serving.__version__, "extensions": []})

    @app.get("/v2/models/{model}")
    async def model_metadata(model: str) -> Response:
        check_model(model)
        return JSONResponse(await backend.model_metadata())

    @app.get("/v2/models/{model}/ready")
    async def model_ready(model: str) -> Response:
        check_model(model)
        return Response() if await is_ready() else error_response(503, "the model is not ready")

    @app.post("/v2/models/{model}/infer")
    async def infer(model: str, http_request: Request) -> Response:
        nonlocal in_flight
        check_model(model)
        if in_flight >= settings.max_in_flight:
            raise OpenInferenceError(503, "the server is overloaded")
        in_flight += 1
        try:
            request = parse_infer_request(await http_request.body(), settings.max_batch_size)
            tensors = await backend.infer(request, http_request)
            content = build_infer_response(request, settings.model_name, tensors)
        except (OpenInferenceError, HTTPException, StarletteHTTPException):
            raise
        except Exception as error:
            # The message of an unforeseen error may hold a part of the text, so only its place is logged.
            logger.error("infer failed: %s", where(error))  # noqa: TRY400
            raise OpenInferenceError(500, "the server failed on this request") from None
        finally:
            in_flight -= 1
        counters.add("inference_count", len(request.texts))
        return Response(content, media_type="application/json")

    @app.get("/metrics")
    async def metrics() -> Response:
        content = build_metrics(counters.totals(), await backend.runtime_info())
        return PlainTextResponse(content, media_type=CONTENT_TYPE)

    return app


async def _answer_open_inference_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OpenInferenceError)  # noqa: S101 - registered for this type
    return error_response(error.status, error.message)


async def _answer_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for this type
    return error_response(error.status_code, str(error.detail), error.headers)


async def _answer_failure(_: Request, __: Exception) -> Response:
    return error_response(500, "the server failed on this request")
