"""Counters that all worker processes of one server share, in one memory-mapped file.

Every worker writes a slot of its own, so that counting takes no lock, and any worker can add up all slots. A slot
belongs to the process that holds its file lock; when a process dies its slot is free again and its sums stay.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from typing import TYPE_CHECKING

from topology_bench_serving.stages import STAGES

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "counters"
SLOTS = 256
BYTES_PER_VALUE = 8

REQUEST_CODES = ("200", "400", "401", "404", "405", "413", "429", "500", "502", "503", "504", "other")
NAMES = (
    "ready",
    "inference_count",
    "execution_count",
    *(f"requests_{code}" for code in REQUEST_CODES),
    "timed_requests",
    "timed_seconds",
    *(f"stage_{stage}" for stages in STAGES.values() for stage in stages),
)


class Counters:
    """One worker's slot of the shared counters, and the view of all slots.

    `add` must be called from one thread only, the one that runs the event loop.
    """

    def __init__(self, directory: Path) -> None:
        """Open the file in directory, making it if needed, and claim a slot. Raises RuntimeError if none is free."""
        size = SLOTS * len(NAMES) * BYTES_PER_VALUE
        # The file stays open for the life of the process: closing any descriptor of it would drop the lock.
        self._file = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, size)
        self._values = memoryview(mmap.mmap(self._file, size)).cast("d")
        self.slot = _claim_slot(self._file)
        """This worker's slot: the lowest that no other worker holds, so that those of N workers are 0 to N-1."""
        self._offsets = {name: self.slot * len(NAMES) + index for index, name in enumerate(NAMES)}
        self._values[self._offsets["ready"]] = 0.0

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to this worker's part of a counter; a double counts exactly up to 2**53."""
        self._values[self._offsets[name]] += amount

    def set_ready(self, *, ready: bool) -> None:
        """Say whether this worker can answer."""
        self._values[self._offsets["ready"]] = 1.0 if ready else 0.0

    def totals(self) -> dict[str, float]:
        """Return each counter's sum over all workers, those that have died included."""
        width = len(NAMES)
        return {name: sum(self._values[index::width]) for index, name in enumerate(NAMES)}


def start_anew(directory: Path) -> None:
    """Remove the counters of an earlier server; to be called before any worker starts."""
    (directory / FILE_NAME).unlink(missing_ok=True)


def _claim_slot(file: int) -> int:
    for slot in range(SLOTS):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            continue
        return slot
    message = "no counter slot is free"
    raise RuntimeError(message)
