"""The Prometheus text that FastAPI and the gateway serve at /metrics."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from topology_bench_serving.counters import REQUEST_CODES
from topology_bench_serving.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
RUNTIME_INFO_NAME = "topology_bench_runtime_info"
RUNTIME_INFO_HELP = "What really runs: the execution provider in use, its device and versions"


@dataclass(frozen=True)
class RuntimeInfo:
    """What a server runs on, as found at run time; the labels of the info gauge, which Triton's model publishes too."""

    component: str
    provider: str
    device: str
    runtime: str
    runtime_version: str
    python: str
    server_version: str

    def labels(self) -> dict[str, str]:
        """Return the gauge's labels."""
        return asdict(self)


def build_metrics(totals: Mapping[str, float], info: RuntimeInfo) -> str:
    """Return the metrics of one server; totals are summed over its workers."""
    lines = [
        "# HELP topology_bench_requests_total Infer requests answered, by status code",
        "# TYPE topology_bench_requests_total counter",
    ]
    lines += [
        f'topology_bench_requests_total{{code="{code}"}} {_number(totals[f"requests_{code}"])}'
        for code in REQUEST_CODES
        if code == "200" or totals[f"requests_{code}"]
    ]
    lines += [
        "# HELP topology_bench_inference_count_total Texts answered",
        "# TYPE topology_bench_inference_count_total counter",
        f"topology_bench_inference_count_total {_number(totals['inference_count'])}",
    ]
    # The gateway runs no model, and a zero would read as batching without end.
    if info.component != "gateway":
        lines += [
            "# HELP topology_bench_execution_count_total Runs of the model",
            "# TYPE topology_bench_execution_count_total counter",
            f"topology_bench_execution_count_total {_number(totals['execution_count'])}",
        ]
    lines += [
        "# HELP topology_bench_request_duration_seconds Duration of the infer requests answered with 200",
        "# TYPE topology_bench_request_duration_seconds summary",
        f"topology_bench_request_duration_seconds_sum {totals['timed_seconds']:.9f}",
        f"topology_bench_request_duration_seconds_count {_number(totals['timed_requests'])}",
        "# HELP topology_bench_stage_seconds_total Seconds that the same requests spent in each stage",
        "# TYPE topology_bench_stage_seconds_total counter",
    ]
    lines += [
        f'topology_bench_stage_seconds_total{{stage="{stage}"}} {totals[f"stage_{stage}"]:.9f}'
        for stage in STAGES.get(info.component, ())
    ]
    labels = ",".join(f'{name}="{_escape(value)}"' for name, value in info.labels().items())
    lines += [
        f"# HELP {RUNTIME_INFO_NAME} {RUNTIME_INFO_HELP}",
        f"# TYPE {RUNTIME_INFO_NAME} gauge",
        f"{RUNTIME_INFO_NAME}{{{labels}}} 1",
    ]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
