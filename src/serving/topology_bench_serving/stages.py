"""How long the stages of answering one infer request took, kept in its ASGI scope until it is answered.

All seconds are of `time.perf_counter`, which is steady and the same in every thread of a process. The stages of one
request do not overlap, so that their sum is at most the request's whole duration; what is left of that is the server's
own handling: HTTP, JSON, the event loop's turns. What each stage is:

- `queue` (fastapi): from handing the texts to the inference thread until that thread begins with them, which is the
  wait for the requests before them in the same worker.
- `tokenize` (fastapi): texts to padded token ids.
- `compute` (fastapi): ONNX Runtime's run and the softmax.
- `authenticate` (gateway): comparing the request's key with every key.
- `deidentify` (gateway): removing identifiers, including the wait for the thread that long texts are handed to.
- `triton` (gateway): the gRPC call, from packing the request to the unpacked answer; Triton's own queue and compute
  are inside it, and so is the network between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

STAGES = {
    "fastapi": ("queue", "tokenize", "compute"),
    "gateway": ("authenticate", "deidentify", "triton"),
}
"""By the component that has them."""
_ENTRY = "topology_bench_stages"


def begin(scope: Scope) -> Mapping[str, float]:
    """Return where the seconds of the request's stages will be, by stage; to be called once for each request."""
    seconds: dict[str, float] = {}
    scope[_ENTRY] = seconds
    return seconds


def note(scope: Scope, stage: str, seconds: float) -> None:
    """Keep what one stage took; of a request that nobody counts it is dropped."""
    entry: dict[str, float] | None = scope.get(_ENTRY)
    if entry is not None:
        entry[stage] = seconds
