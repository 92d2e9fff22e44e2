"""The Open Inference Protocol v2, as far as a text classifier needs it: JSON tensors over HTTP.

Field names, field order, flat output data and the merging of repeated outputs follow what Triton answers. Where Triton
answers 500 to a malformed request, this answers 400. No message repeats what the request held.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NoReturn

INPUT_NAME = "text"
OUTPUT_NAMES = ("label", "score", "logits")
MODEL_VERSION = "1"


class OpenInferenceError(Exception):
    """A request that is answered with an error object; `message` is safe to show and to log."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status beside the message."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class InferRequest:
    """One validated infer request."""

    id: str | None
    """Echoed in the answer; None where the client gave none."""
    texts: list[str]
    """One per row of the input tensor, in row order; every text can be encoded as UTF-8."""
    outputs: tuple[str, ...]
    """The outputs asked for, in the order of OUTPUT_NAMES."""


@dataclass(frozen=True)
class Tensor:
    """One output tensor."""

    name: str
    datatype: str
    """An Open Inference Protocol datatype: `BYTES` or `FP32`."""
    shape: tuple[int, ...]
    data: list[str] | list[float]
    """Row-major and flat."""


def parse_infer_request(body: bytes, max_batch_size: int) -> InferRequest:
    """Parse and validate a request body. Raises OpenInferenceError with status 400."""
    document = _parse_json(body)
    if not isinstance(document, dict):
        _refuse("the request must be a JSON object")
    _refuse_binary(document.get("parameters"), "binary_data_output")
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        _refuse("'inputs' must be an array of exactly one tensor object")
    return InferRequest(
        id=_parse_id(document.get("id")),
        texts=_parse_texts(inputs[0], max_batch_size),
        outputs=_parse_outputs(document.get("outputs")),
    )


def build_infer_response(request: InferRequest, model_name: str, tensors: list[Tensor]) -> bytes:
    """Return the JSON answer with the outputs asked for.

    Raises OpenInferenceError with status 500 where a number is not finite, since JSON has no such number.
    """
    answer: dict[str, object] = {"id": request.id} if request.id else {}
    answer["model_name"] = model_name
    answer["model_version"] = MODEL_VERSION
    answer["outputs"] = [
        {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape, "data": tensor.data}
        for tensor in tensors
        if tensor.name in request.outputs
    ]
    try:
        return json.dumps(answer, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError:
        raise OpenInferenceError(500, "the model returned a number that is not finite") from None


def build_error(message: str) -> bytes:
    """Return the protocol's JSON error object."""
    return json.dumps({"error": message}, separators=(",", ":")).encode()


def build_model_metadata(model_name: str, platform: str, label_count: int) -> dict[str, object]:
    """Return the model metadata object; -1 stands for the batch dimension, as Triton writes it."""
    return {
        "name": model_name,
        "versions": [MODEL_VERSION],
        "platform": platform,
        "inputs": [{"name": INPUT_NAME, "datatype": "BYTES", "shape": [-1, 1]}],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1, 1]},
            {"name": "score", "datatype": "FP32", "shape": [-1, 1]},
            {"name": "logits", "datatype": "FP32", "shape": [-1, label_count]},
        ],
    }


def _parse_json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        problem = "the request is not valid UTF-8"
    except RecursionError:
        problem = "the request is nested too deeply"
    except ValueError:
        problem = "the request is not valid JSON"
    return _refuse(problem)


def _parse_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _is_unicode(value):
        _refuse("'id' must be a string")
    return value


def _parse_texts(tensor: dict[str, object], max_batch_size: int) -> list[str]:
    if tensor.get("name") != INPUT_NAME:
        _refuse(f"the input must be named '{INPUT_NAME}'")
    if tensor.get("datatype") != "BYTES":
        _refuse(f"input '{INPUT_NAME}' must have datatype BYTES")
    _refuse_binary(tensor.get("parameters"), "binary_data_size", "shared_memory_region")
    rows = _parse_rows(tensor.get("shape"), max_batch_size)
    data = tensor.get("data")
    if not isinstance(data, list):
        _refuse(f"input '{INPUT_NAME}' must have its data as a JSON array")
    texts = _flatten(data)
    if len(texts) != rows:
        _refuse(f"input '{INPUT_NAME}' has {len(texts)} elements where its shape says {rows}")
    return texts


def _parse_rows(shape: object, max_batch_size: int) -> int:
    # bool is a subclass of int, hence the exact type.
    if not isinstance(shape, list) or len(shape) != 2 or type(shape[0]) is not int or type(shape[1]) is not int:  # noqa: PLR2004
        _refuse(f"input '{INPUT_NAME}' must have shape [N,1]")
    rows, columns = shape
    if columns != 1:
        _refuse(f"input '{INPUT_NAME}' must have shape [N,1]")
    if not 1 <= rows <= max_batch_size:
        _refuse(f"the batch size must be from 1 to {max_batch_size}")
    return int(rows)


def _flatten(data: list[object]) -> list[str]:
    """Return the strings of flat or nested data in row-major order; the parser has already bounded the depth."""
    texts: list[str] = []
    pending = data[::-1]
    while pending:
        element = pending.pop()
        if isinstance(element, str):
            if not _is_unicode(element):
                _refuse(f"input '{INPUT_NAME}' has an element that is not valid Unicode")
            texts.append(element)
        elif isinstance(element, list):
            pending.extend(reversed(element))
        else:
            _refuse(f"input '{INPUT_NAME}' has an element that is not a string")
    return texts


def _parse_outputs(outputs: object) -> tuple[str, ...]:
    if outputs is None or outputs == []:
        return OUTPUT_NAMES
    if not isinstance(outputs, list):
        _refuse("'outputs' must be an array of objects with a name")
    names = []
    for output in outputs:
        if not isinstance(output, dict):
            _refuse("'outputs' must be an array of objects with a name")
        if output.get("name") not in OUTPUT_NAMES:
            _refuse(f"an output is unknown; the model has {', '.join(OUTPUT_NAMES)}")
        _refuse_binary(output.get("parameters"), "binary_data", "shared_memory_region", "classification")
        names.append(output["name"])
    return tuple(name for name in OUTPUT_NAMES if name in names)


def _refuse_binary(parameters: object, *names: str) -> None:
    """Refuse Triton's extensions that would change the form of the answer, rather than answer in another form."""
    if parameters is None:
        return
    if not isinstance(parameters, dict):
        _refuse("'parameters' must be an object")
    for name in names:
        if parameters.get(name):
            _refuse(f"parameter '{name}' is not supported; tensors travel as JSON")


def _is_unicode(text: str) -> bool:
    """Tell whether text has no lone surrogate, which JSON can escape but UTF-8 cannot hold."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


def _refuse(message: str) -> NoReturn:
    raise OpenInferenceError(400, message)
