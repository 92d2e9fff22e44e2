"""Starts one server: `python3 -m topology_bench_serving.serve fastapi|gateway`, configured by the environment.

Exits with 2 and one line on stderr where a setting cannot be used, with 3 where the model cannot be loaded, and with 0
after SIGTERM, when the requests under way are answered. A worker that ends unasked ends the server: with 128 + N after
signal N, with the worker's own code otherwise.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from topology_bench_serving.counters import start_anew
from topology_bench_serving.settings import (
    PREFIX,
    SettingsError,
    read_classifier_settings,
    read_gateway_settings,
    read_server_settings,
)

if TYPE_CHECKING:
    from uvicorn.supervisors.multiprocess import Process

    from topology_bench_serving.settings import ServerSettings

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

    made = None if settings.state_directory else Path(tempfile.mkdtemp(prefix="topology-bench-"))
    directory = settings.state_directory or made or Path()
    os.environ[PREFIX + "STATE_DIRECTORY"] = str(directory)
    directory.mkdir(parents=True, exist_ok=True)
    start_anew(directory)
    try:
        return _supervise(component, settings)
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)


def _supervise(component: str, settings: ServerSettings) -> int:
    """Run the workers until SIGTERM or the first of them that ends; returns the exit code."""
    config = uvicorn.Config(
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
        timeout_worker_healthcheck=10,
    )
    listener = config.bind_socket()
    supervisor = _Supervisor(config, sockets=[listener])
    supervisor.run()
    listener.close()
    return supervisor.exit_code


class _Supervisor(Multiprocess):
    """Ends with the first worker that ends unasked, where uvicorn's own starts another in its place.

    A worker killed for want of memory would be started and killed without end, or be replaced in the middle of a
    measurement, and nothing outside would know. So the container ends, and the cluster says why.
    """

    exit_code = 0

    def keep_subprocess_alive(self) -> None:
        for worker in self.processes:
            if self.should_exit.is_set() or worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            # A signal to the whole process group may reach the worker first.
            self.handle_signals()
            if self.should_exit.is_set():
                return
            self.exit_code, how = _end(worker)
            print(f"Worker {worker.pid} {how}; the server ends with it.", file=sys.stderr)
            self.should_exit.set()


def _end(worker: Process) -> tuple[int, str]:
    """Return the exit code for a worker that is lost, and how it was lost; one that hangs is killed."""
    if worker.process.is_alive():
        worker.kill()
        worker.join()
        return 1, "did not answer"
    code = worker.exitcode or 0
    if code == -signal.SIGKILL:
        return 128 - code, "was ended by SIGKILL, as a system does when memory runs out"
    if code < 0:
        return 128 - code, f"was ended by {signal.Signals(-code).name}"
    if code == STARTUP_FAILURE:
        return code, "could not start"
    return code or 1, f"ended with code {code}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
