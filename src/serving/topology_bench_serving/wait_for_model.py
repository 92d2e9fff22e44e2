"""Waits until `receive_model` has put a model in place; the loader container's only process.

Run as `python3 -m topology_bench_serving.wait_for_model DIRECTORY MANIFEST_HASH`, with the standard library of Python
3.10 alone. Exits with 0 when the completion marker in DIRECTORY holds that hash. Every few seconds it prints what has
arrived, for who looks at the container's log. It ends at once on SIGTERM, with 143; it has no time limit of its own.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from topology_bench_serving.receive_model import INCOMING, read_marker

POLL_SECONDS = 0.2
REPORT_SECONDS = 3.0
MEBIBYTE = 1 << 20


def main(arguments: list[str]) -> int:
    """Wait for the model; returns the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004
        print("usage: python3 -m topology_bench_serving.wait_for_model DIRECTORY MANIFEST_HASH", file=sys.stderr)
        return 2
    directory, expected = Path(arguments[0]), arguments[1]
    # The first process of a container ignores SIGTERM unless it says otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    next_report = 0.0
    while (found := read_marker(directory)) != expected:
        if time.monotonic() >= next_report:
            next_report = time.monotonic() + REPORT_SECONDS
            print(f"waiting for model upload: {_describe(directory, found)}", flush=True)
        time.sleep(POLL_SECONDS)
    print("the model is in place", flush=True)
    return 0


def _describe(directory: Path, found: str | None) -> str:
    other = ", another model is in place" if found else ""
    received = []
    for path in sorted((directory / INCOMING).rglob("*")):
        try:
            if path.is_file():
                received.append(f"{path.name} {path.stat().st_size / MEBIBYTE:.1f} MiB")
        except FileNotFoundError:
            # Renamed into place between the two looks.
            continue
    return (", ".join(received) or "nothing received yet") + other


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
