"""Refuses request bodies over a limit with 413, whether or not their length was announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from topology_bench_serving.error_response import send_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOO_LARGE = 413


class BodyLimit:
    """ASGI middleware that never lets the application hold more than `max_bytes` of a body."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap app, which turns Starlette's HTTPException into an error object."""
        self._app = app
        self._max_bytes = max_bytes
        self._message = f"the request body must not exceed {max_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 at once where the announced length is too large; else count what arrives."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        # The server has checked that the header is a number; a longer one than any limit needs no conversion.
        if announced.isdigit() and (len(announced) > 18 or int(announced) > self._max_bytes):  # noqa: PLR2004
            await send_error(send, TOO_LARGE, self._message)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(TOO_LARGE, self._message)
            return message

        await self._app(scope, receive_counted, send)
