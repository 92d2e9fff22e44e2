"""One JSON line on stdout for each infer request that reached the gateway; never any text of it.

The request id is our own: the one in the client's request may itself name a patient.
"""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from topology_bench_serving.authentication import CALLER

if TYPE_CHECKING:
    from starlette.types import Scope

ENTRY = "topology_bench_audit"
STDOUT = 1


def note(scope: Scope, rows: int, removed: Counter[str]) -> None:
    """Keep what a request held, as counts, until it is answered."""
    scope[ENTRY] = (rows, removed)


def write_audit_line(scope: Scope, status: int, seconds: float) -> None:
    """Write the line of one answered request, before its answer leaves."""
    rows, removed = scope.get(ENTRY) or (0, Counter[str]())
    line = {
        "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "event": "infer",
        "request_id": uuid.uuid4().hex,
        "caller": scope.get(CALLER),
        "rows": rows,
        "removed": dict(sorted(removed.items())),
        "status": status,
        "ms": round(seconds * 1000, 3),
    }
    # One write of less than a page is never torn by the lines of the other workers.
    os.write(STDOUT, json.dumps(line, separators=(",", ":")).encode() + b"\n")
