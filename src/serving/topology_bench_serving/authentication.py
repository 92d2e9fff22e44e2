"""Lets only holders of an API key past the gateway, decided on headers alone, before any body is read."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from topology_bench_serving import stages
from topology_bench_serving.error_response import send_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

CALLER = "topology_bench_caller"
UNAUTHORIZED = 401
# The kubelet and the metrics reader have no key, and learn nothing here about any request.
OPEN_PATHS = ("/v2/health/live", "/v2/health/ready", "/metrics")


class Authentication:
    """ASGI middleware that asks for `x-api-key: KEY` or `Authorization: Bearer KEY`."""

    def __init__(self, app: ASGIApp, keys: tuple[str, ...]) -> None:
        """Wrap app; the fingerprint of the caller's key is left in the scope under CALLER."""
        self._app = app
        self._keys = [(key.encode(), fingerprint(key)) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller, or answer 401."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            started = time.perf_counter()
            caller = self._find_caller(_read_key(scope["headers"]))
            stages.note(scope, "authenticate", time.perf_counter() - started)
            if caller is None:
                message = "a valid API key is needed, as x-api-key or as Authorization: Bearer"
                await send_error(send, UNAUTHORIZED, message, {"www-authenticate": "Bearer"})
                return
            scope[CALLER] = caller
        await self._app(scope, receive, send)

    def _find_caller(self, presented: bytes) -> str | None:
        caller = None
        # Every key is compared to its end, so that the time tells nothing about which one came close.
        for key, key_fingerprint in self._keys:
            if hmac.compare_digest(key, presented):
                caller = key_fingerprint
        return caller


def fingerprint(key: str) -> str:
    """Return 12 hexadecimal digits that tell keys apart in the audit log without giving them away."""
    return hashlib.sha256(b"topology-bench:" + key.encode()).hexdigest()[:12]


def _read_key(headers: list[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"x-api-key":
            return value
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
    return b""
