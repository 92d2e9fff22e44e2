"""The `triton` topology's model for Triton's Python backend; copied into the model repository as 1/model.py.

Dynamic batching hands `execute` several requests; their texts are tokenized together, padded to one bucket and run
once. Settings are `parameters` of config.pbtxt, named like the environment variables that FastAPI reads; the
environment supplies those that config.pbtxt leaves out.

The backend's interpreter ignores PYTHONPATH. The environment variable TOPOLOGY_BENCH_PACKAGES names the folders to
import from, with colons between: the one that holds this package and the one with the requirements. It can't be a
parameter: the backend itself needs numpy before it reads any.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from typing import Any

sys.path[:0] = [folder for folder in os.environ.get("TOPOLOGY_BENCH_PACKAGES", "").split(":") if folder]


class TritonPythonModel:
    """One model instance, in a process of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model and run it once for each padded length; Triton is ready only after this."""
        config = json.loads(args["model_config"])
        parameters = {name: entry["string_value"] for name, entry in config.get("parameters", {}).items()}
        from topology_bench_serving.classifier import Classifier
        from topology_bench_serving.settings import read_classifier_settings

        settings = read_classifier_settings({**os.environ, **parameters})
        self._classifier = Classifier(settings, _device_id(args, settings.devices))
        self._classifier.warm_up()
        self._publish_runtime_info()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a group of requests, one response each; texts of all of them share one run."""
        import triton_python_backend_utils as pb_utils

        groups = [_decode(pb_utils.get_input_tensor_by_name(request, "text").as_numpy()) for request in requests]
        texts = [text for group in groups if group is not None for text in group]
        answer, failure = None, ""
        try:
            answer = self._classifier.classify(texts) if texts else None
        except Exception as caught:
            # The message may hold a part of the text, so only the type is told.
            failure = f"inference failed: {type(caught).__name__}"

        responses = []
        first = 0
        for request, group in zip(requests, groups, strict=True):
            if group is None:
                error = pb_utils.TritonError("the text is not valid UTF-8", pb_utils.TritonError.INVALID_ARG)
                responses.append(pb_utils.InferenceResponse(error=error))
                continue
            if answer is None:
                responses.append(pb_utils.InferenceResponse(error=pb_utils.TritonError(failure)))
                continue
            rows = slice(first, first + len(group))
            first += len(group)
            responses.append(self._respond(pb_utils, answer, rows, request.requested_output_names()))
        return responses

    def _respond(self, pb_utils: Any, answer: Any, rows: slice, names: Any) -> Any:
        import numpy as np

        labels = np.array([label.encode() for label in answer.labels[rows]], dtype=np.object_).reshape(-1, 1)
        tensors = {"label": labels, "score": answer.scores[rows], "logits": answer.logits[rows]}
        return pb_utils.InferenceResponse(
            [pb_utils.Tensor(name, tensor) for name, tensor in tensors.items() if name in names]
        )

    def _publish_runtime_info(self) -> None:
        """Show on Triton's own /metrics what this process runs on; instances on one device set the same gauge."""
        import onnxruntime
        import triton_python_backend_utils as pb_utils

        from topology_bench_serving.metrics import RUNTIME_INFO_HELP, RUNTIME_INFO_NAME, RuntimeInfo

        info = RuntimeInfo(
            component="triton",
            provider=self._classifier.provider,
            device=self._classifier.device,
            runtime="onnxruntime",
            runtime_version=onnxruntime.__version__,
            python=platform.python_version(),
            # NVIDIA's image sets it; elsewhere the version is in the server metadata.
            server_version=os.environ.get("TRITON_SERVER_VERSION", "unknown"),
        )
        # Triton drops a metric whose Python object is collected.
        self._family = pb_utils.MetricFamily(
            name=RUNTIME_INFO_NAME, description=RUNTIME_INFO_HELP, kind=pb_utils.MetricFamily.GAUGE
        )
        self._info = self._family.Metric(labels=info.labels())
        self._info.set(1)


def _device_id(args: dict[str, str], devices: int) -> int:
    """Return the GPU of one instance: Triton's choice, or each in turn where Triton makes its instances for the CPU."""
    if args.get("model_instance_kind") == "GPU":
        return int(args.get("model_instance_device_id") or 0)
    # Triton numbers the instances of a group at the end of their names: model_0_0, model_0_1.
    number = args.get("model_instance_name", "").rpartition("_")[2]
    return int(number) % devices if number.isdecimal() else 0


def _decode(tensor: Any) -> list[str] | None:
    """Return the texts of one request's tensor, [N,1], or None where one is not UTF-8."""
    try:
        return [element.decode("utf-8") for element in tensor.reshape(-1)]
    except UnicodeDecodeError:
        return None
