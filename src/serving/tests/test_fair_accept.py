from __future__ import annotations

import asyncio
import contextlib
import socket
import time

from topology_bench_serving.fair_accept import TURN_SECONDS, new_event_loop

WAITING = 64


def test_a_worker_leaves_the_next_connection_to_the_others_for_a_turn() -> None:
    """Turns may last longer on a busy machine, never shorter."""
    with (
        contextlib.closing(new_event_loop()) as loop,
        socket.create_server(("127.0.0.1", 0), backlog=WAITING) as listener,
        contextlib.ExitStack() as clients,
    ):
        for _ in range(WAITING):
            clients.enter_context(socket.create_connection(listener.getsockname()))
        seconds = loop.run_until_complete(take_all(listener))
    # The loop's clock has whole milliseconds, so that a turn may seem up to half as long.
    assert seconds >= (WAITING - 1) * TURN_SECONDS / 2


async def take_all(listener: socket.socket) -> float:
    """Return the seconds from the first connection taken to the last."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    done = asyncio.Event()

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken.append(time.monotonic())
            transport.close()
            if len(taken) == WAITING:
                done.set()

    server = await loop.create_server(Connection, sock=listener, backlog=WAITING)
    await done.wait()
    server.close()
    await server.wait_closed()
    # The last transport closes in the loop's next turn.
    await asyncio.sleep(0.01)
    return taken[-1] - taken[0]
