from __future__ import annotations

from topology_bench_serving.counters import NAMES
from topology_bench_serving.metrics import RuntimeInfo, build_metrics

INFO = RuntimeInfo(
    component="fastapi",
    provider="CPUExecutionProvider",
    device="cpu",
    runtime="onnxruntime",
    runtime_version='1"\\\n',
    python="3.11.2",
    server_version="1",
)


def test_text_of_fastapi() -> None:
    totals = dict.fromkeys(NAMES, 0.0) | {"requests_200": 12.0, "requests_413": 1.0}
    totals |= {"timed_requests": 11.0, "timed_seconds": 0.5, "stage_compute": 0.25, "stage_triton": 9.0}
    lines = build_metrics(totals, INFO).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'topology_bench_requests_total{code="200"} 12',
        'topology_bench_requests_total{code="413"} 1',
        "topology_bench_inference_count_total 0",
        "topology_bench_execution_count_total 0",
        "topology_bench_request_duration_seconds_sum 0.500000000",
        "topology_bench_request_duration_seconds_count 11",
        'topology_bench_stage_seconds_total{stage="queue"} 0.000000000',
        'topology_bench_stage_seconds_total{stage="tokenize"} 0.000000000',
        'topology_bench_stage_seconds_total{stage="compute"} 0.250000000',
        (
            'topology_bench_runtime_info{component="fastapi",provider="CPUExecutionProvider",device="cpu",'
            'runtime="onnxruntime",runtime_version="1\\"\\\\\\n",python="3.11.2",server_version="1"} 1'
        ),
    ]
