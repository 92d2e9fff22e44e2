"""Starts one server: `python3 -m topology_bench_serving.serve fastapi|gateway`, configured by the environment.

Exits with 2 and one line on stderr where a setting cannot be used.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import uvicorn

from topology_bench_serving.counters import start_anew
from topology_bench_serving.settings import (
    PREFIX,
    SettingsError,
    read_classifier_settings,
    read_gateway_settings,
    read_server_settings,
)

APPLICATIONS = {
    "fastapi": "topology_bench_serving.fastapi_server:create_app",
    "gateway": "topology_bench_serving.gateway:create_app",
}


def main(arguments: list[str]) -> int:
    """Run the server that arguments name until it is told to stop; returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in APPLICATIONS:
        print("usage: python3 -m topology_bench_serving.serve fastapi|gateway", file=sys.stderr)
        return 2
    component = arguments[0]
    try:
        settings = read_server_settings(os.environ)
        # Read here too, so that a bad value ends the start before any worker begins.
        if component == "fastapi":
            read_classifier_settings(os.environ)
        else:
            read_gateway_settings(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2

    made = None
    if settings.state_directory is None:
        made = tempfile.mkdtemp(prefix="topology-bench-")
        os.environ[PREFIX + "STATE_DIRECTORY"] = made
    else:
        settings.state_directory.mkdir(parents=True, exist_ok=True)
    start_anew(Path(made) if made else settings.state_directory or Path())
    # A server of one worker passes SIGTERM on after its shutdown, which must not skip the clean-up below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.run(
            APPLICATIONS[component],
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            loop="topology_bench_serving.fair_accept:new_event_loop",
            http="httptools",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            # Idle connections of a load generator must not be closed between two phases.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=20,
            # A long text can keep a worker busy; it must not be taken for dead.
            timeout_worker_healthcheck=30,
        )
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
