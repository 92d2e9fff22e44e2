from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from processes import SERVING

from topology_bench_serving.counters import Counters, start_anew

if TYPE_CHECKING:
    from pathlib import Path

ADD = """
import sys
from pathlib import Path
from topology_bench_serving.counters import Counters
counters = Counters(Path(sys.argv[1]))
counters.set_ready(ready=True)
print(counters.slot, flush=True)
for _ in range(int(sys.argv[2])):
    counters.add("requests_200")
sys.stdin.read()
"""


def start_worker(directory: Path, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", ADD, str(directory), str(count)]
    return subprocess.Popen(command, cwd=SERVING, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def read_slot(worker: subprocess.Popen[bytes]) -> int:
    assert worker.stdout is not None
    return int(worker.stdout.readline())


def test_sums_over_processes_are_exact_and_outlive_them(tmp_path: Path) -> None:
    counters = Counters(tmp_path)
    workers = [start_worker(tmp_path, 20_000 + index) for index in range(4)]
    for worker in workers:
        worker.communicate()
    assert counters.totals()["requests_200"] == 80_006
    # Slots of the dead are claimed again without losing what they counted.
    for _ in range(4):
        start_worker(tmp_path, 1).communicate()
    assert counters.totals()["requests_200"] == 80_010
    start_anew(tmp_path)
    assert Counters(tmp_path).totals()["requests_200"] == 0


def test_slots_are_the_lowest_ones_free(tmp_path: Path) -> None:
    workers = [start_worker(tmp_path, 0) for _ in range(4)]
    assert sorted(read_slot(worker) for worker in workers) == [0, 1, 2, 3]
    assert Counters(tmp_path).slot == 4
    for worker in workers:
        worker.communicate()


def test_a_slot_claimed_again_is_not_ready(tmp_path: Path) -> None:
    first = Counters(tmp_path)
    start_worker(tmp_path, 0).communicate()
    assert first.totals()["ready"] == 1
    worker = subprocess.run(
        [sys.executable, "-c", ADD.replace("counters.set_ready(ready=True)", ""), str(tmp_path), "0"],
        cwd=SERVING,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    assert worker.returncode == 0
    assert first.totals()["ready"] == 0
