"""An event loop whose servers take connections in turns with the other workers.

uvloop takes every connection that waits when it wakes. Of 24 short runs with 2 to 8 connections against two workers, 13
then had all their connections in one worker, and half of the cores idle for as long as these were kept alive. Here a
worker takes one connection and leaves the next to the others for a moment; in 24 such runs both always had work.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable

TURN_SECONDS = 0.001
FAILURE_SECONDS = 0.1


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop; uvicorn calls this by its name."""
    return _FairLoop()


class _FairLoop(uvloop.Loop):
    async def create_server(self, protocol_factory: Any, *args: Any, sock: Any = None, **options: Any) -> Any:  # noqa: ANN401
        if sock is None or options.get("ssl") is not None:
            return await super().create_server(protocol_factory, *args, sock=sock, **options)
        return _FairServer(self, protocol_factory, sock, options.get("backlog", 100))


class _FairServer:
    """What uvicorn needs of an asyncio server, on a socket that other processes listen on too."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        listener: socket.socket,
        backlog: int,
    ) -> None:
        self._loop = loop
        self._protocol_factory = protocol_factory
        self._listener = listener
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        listener.setblocking(False)  # noqa: FBT003 - the call has no keyword
        listener.listen(backlog)
        self._watch()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _watch(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            # Another worker was first.
            return
        except OSError:
            # Out of descriptors, say: looking again at once would only burn the core.
            self._pause(FAILURE_SECONDS)
            return
        connection.setblocking(False)  # noqa: FBT003 - as above
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol_factory, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._pause(TURN_SECONDS)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._loop.call_later(seconds, self._watch)
