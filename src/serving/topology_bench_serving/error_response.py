"""Error objects of the Open Inference Protocol, sent from inside and outside the FastAPI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from topology_bench_serving.open_inference import build_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Send


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON error object as a response."""
    return Response(build_error(message), status, dict(headers or {}), "application/json")


async def send_error(send: Send, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
    """Send a JSON error object from an ASGI middleware."""
    response = error_response(status, message, headers)
    await send({"type": "http.response.start", "status": status, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})


def where(error: BaseException) -> str:
    """Return an error's type and place without its message, which may hold a part of the text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    return f"{type(error).__name__} at {place}"
