"""The model inside a real Triton."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import numpy as np
from processes import ANSWER_SECONDS, MODEL_NAME, TINY_MODEL, infer_request

from topology_bench_serving import triton_model
from topology_bench_serving.classifier import Classifier
from topology_bench_serving.settings import ClassifierSettings

if TYPE_CHECKING:
    from conftest import Triton

INFER = f"/v2/models/{MODEL_NAME}/infer"
ROWS = 'nv_inference_count{model="sentiment",version="1"}'
RUNS = 'nv_inference_exec_count{model="sentiment",version="1"}'
MODEL = '{model="sentiment",version="1"}'
SUCCESSES = f"nv_inference_request_success{MODEL}"
TIMES = (
    "request_success",
    "request_duration_us",
    "queue_duration_us",
    "compute_input_duration_us",
    "compute_infer_duration_us",
    "compute_output_duration_us",
)
EXPECTED = Classifier(ClassifierSettings(TINY_MODEL, "cpu", 1, 1, 128, (16, 32, 64, 128)))


def test_requests_at_once_share_a_run_and_keep_their_answers(triton: Triton) -> None:
    before = settled(triton)
    address = str(triton.server.client.base_url)
    texts = ["wonderful", "dull", "a fine film", "I hated every minute", "not good at all", "loved it", "mess", "ok"]
    expected = dict(zip(texts, EXPECTED.classify(texts).logits, strict=True))

    def ask(index: int) -> None:
        with httpx.Client(base_url=address, timeout=ANSWER_SECONDS) as client:
            for turn in range(40):
                text = texts[(index + turn) % len(texts)]
                answer = client.post(INFER, json=infer_request(text)).json()
                np.testing.assert_allclose(answer["outputs"][2]["data"], expected[text], atol=1e-5)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(16)))
    after = settled(triton, before.get(SUCCESSES, 0) + 640)
    assert after[ROWS] - before.get(ROWS, 0) == 640
    assert after[RUNS] - before.get(RUNS, 0) < 400


def test_a_bad_text_fails_alone_among_those_it_is_grouped_with(triton: Triton) -> None:
    address = str(triton.server.client.base_url)
    good = b'{"inputs":[{"name":"text","shape":[1,1],"datatype":"BYTES","data":["good"]}]}'

    def ask(index: int) -> list[int]:
        body = good.replace(b"good", b"\xff") if index % 2 else good
        with httpx.Client(base_url=address, timeout=ANSWER_SECONDS) as client:
            return [client.post(INFER, content=body).status_code for _ in range(20)]

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(ask, range(8)))
    assert codes == [[200] * 20, [400] * 20] * 4


def test_durations_are_of_what_triton_counts_as_a_success(triton: Triton) -> None:
    """The Python backend counts a request that our model refuses as one, and its time with it."""
    bad = b'{"inputs":[{"name":"text","shape":[1,1],"datatype":"BYTES","data":["\xff"]}]}'
    client = triton.server.client
    started = time.perf_counter()
    before = settled(triton)
    codes = [client.post(INFER, json=infer_request("good")).status_code for _ in range(20)]
    codes += [client.post(INFER, content=bad).status_code for _ in range(5)]
    after = settled(triton, before.get(SUCCESSES, 0) + len(codes))
    gained = {
        name: after.get(f"nv_inference_{name}{MODEL}", 0) - before.get(f"nv_inference_{name}{MODEL}", 0)
        for name in TIMES
    }
    elapsed = (time.perf_counter() - started) * 1e6
    assert codes == [200] * 20 + [400] * 5
    assert gained["request_success"] == 25
    # Each was alone, and was held for as long as config.pbtxt lets Triton wait for others.
    assert gained["queue_duration_us"] >= 25 * 2000
    stages = sum(gained[name] for name in TIMES if name.endswith("_us") and name != "request_duration_us")
    assert all(gained[name] > 0 for name in TIMES)
    assert stages <= gained["request_duration_us"] <= elapsed


def settled(triton: Triton, successes: float = 0) -> dict[str, float]:
    """Return the metrics when so many are counted and they stand still; Triton counts a moment after it answers."""
    last: dict[str, float] = {}
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        metrics = {name: value for name, value in triton.metrics().items() if "inference" in name}
        if metrics == last and metrics.get(SUCCESSES, 0) >= successes:
            break
        last = metrics
        time.sleep(0.1)
    return last


def test_instances_made_for_the_cpu_share_the_gpus_out(triton: Triton) -> None:
    # The names that real instances have; on this machine none of them has a GPU to compute on.
    names = [f"{MODEL_NAME}_0_{number}" for number in range(2)]
    for name in names:
        assert f"TRITONBACKEND_ModelInstanceInitialize: {name} " in triton.server.output
    assert [device({"kind": "CPU", "name": name}, 2) for name in names] == [0, 1]
    assert [device({"kind": "CPU", "name": name}, 1) for name in names] == [0, 0]
    # A single instance has its group's name, and no number of its own.
    assert device({"kind": "CPU", "name": f"{MODEL_NAME}_0"}, 2) == 0
    assert device({"kind": "GPU", "name": names[0], "device_id": "1"}, 2) == 1


def device(instance: dict[str, str], devices: int) -> int:
    arguments = {f"model_instance_{name}": value for name, value in instance.items()}
    return triton_model._device_id(arguments, devices)  # noqa: SLF001


def test_runtime_is_reported_beside_tritons_own_metrics(triton: Triton) -> None:
    (info,) = (name for name in triton.metrics() if name.startswith("topology_bench_runtime_info"))
    for label in ('component="triton"', 'provider="CPUExecutionProvider"', 'device="cpu"', 'runtime="onnxruntime"'):
        assert label in info
