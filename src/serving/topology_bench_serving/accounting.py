"""Counts every answered infer request, whatever answered it: the model, a refusal or a failure; times the successes.

A request's duration runs from the start of this middleware, the first code of ours that sees it, until the last byte
of its answer is handed over for sending. What went before is not in it: the connection, bytes that waited in the
socket while the event loop was busy, and the parsing of the headers. Only answers with status 200 are timed, since a
client's latency is that of its successes; their count, their durations and their stages are of the same requests.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from topology_bench_serving import stages
from topology_bench_serving.counters import REQUEST_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from topology_bench_serving.counters import Counters


OK = 200


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
        status = 0
        seconds_by_stage = stages.begin(scope)

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                code = str(status)
                self._counters.add(f"requests_{code if code in REQUEST_CODES else 'other'}")
                if self._on_answer is not None:
                    self._on_answer(scope, status, time.perf_counter() - started)
            await send(message)
            if status == OK and message["type"] == "http.response.body" and not message.get("more_body", False):
                self._add_durations(time.perf_counter() - started, seconds_by_stage)

        await self._app(scope, receive, send_counted)

    def _add_durations(self, seconds: float, seconds_by_stage: Mapping[str, float]) -> None:
        self._counters.add("timed_requests")
        self._counters.add("timed_seconds", seconds)
        for stage, stage_seconds in seconds_by_stage.items():
            self._counters.add(f"stage_{stage}", stage_seconds)


def _is_infer(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith("/v2/models/") and path.endswith("/infer")
