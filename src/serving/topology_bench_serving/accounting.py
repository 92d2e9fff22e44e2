"""Counts every answered infer request, whatever answered it: the model, a refusal or a failure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from topology_bench_serving.counters import REQUEST_CODES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from topology_bench_serving.counters import Counters


class OnAnswer(Protocol):
    """Is told of each answer just before it is sent; `seconds` runs from the request's headers."""

    def __call__(self, scope: Scope, status: int, seconds: float) -> None:
        """Take note of one answer."""


class Accounting:
    """ASGI middleware, the outermost one."""

    def __init__(self, app: ASGIApp, counters: Counters, on_answer: OnAnswer | None = None) -> None:
        """Wrap app; on_answer is called for infer requests only."""
        self._app = app
        self._counters = counters
        self._on_answer = on_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count before the answer leaves, so that who has the answer also finds it counted."""
        if scope["type"] != "http" or not _is_infer(scope):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                code = str(status)
                self._counters.add(f"requests_{code if code in REQUEST_CODES else 'other'}")
                if self._on_answer is not None:
                    self._on_answer(scope, status, time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, send_counted)


def _is_infer(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith("/v2/models/") and path.endswith("/infer")
