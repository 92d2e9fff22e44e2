"""Asks Triton over gRPC, and turns its failures into errors that say nothing of the request."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

from topology_bench_serving.open_inference import INPUT_NAME, OpenInferenceError, Tensor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from topology_bench_serving.open_inference import InferRequest

PROBE_SECONDS = 2.0
CHANNEL_OPTIONS = [
    # By default a channel that found no Triton may wait two minutes before it looks again.
    ("grpc.initial_reconnect_backoff_ms", 200),
    # Despite its name what an attempt to connect may take: a busy Triton, or a lost packet, is not one that is away.
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.max_reconnect_backoff_ms", 2000),
]
ERRORS = {
    grpc.StatusCode.INVALID_ARGUMENT: (400, "Triton refused the request as invalid"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "Triton has no room for the request"),
    grpc.StatusCode.UNAVAILABLE: (503, "Triton is not available"),
    # The gateway asks only for its own model, so a missing one is the server's fault, not the client's.
    grpc.StatusCode.NOT_FOUND: (503, "Triton has not loaded the model"),
    grpc.StatusCode.CANCELLED: (503, "the request to Triton was cancelled"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (504, "Triton did not answer in time"),
}
OTHER_ERROR = (502, "Triton failed on the request")


class TritonClient:
    """One gRPC channel to one model; to be made and used inside one event loop."""

    def __init__(self, target: str, model_name: str, timeout_seconds: float) -> None:
        """Take Triton's host:port; `connected` connects."""
        self._channel = grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._model_name = model_name
        self._timeout_seconds = timeout_seconds

    async def connected(self) -> AsyncIterator[bool]:
        """Keep the channel connected, so that no request pays for it; yields at each change whether it is."""
        while True:
            state = self._channel.get_state(try_to_connect=True)
            yield state is grpc.ChannelConnectivity.READY
            await self._channel.wait_for_state_change(state)

    async def infer(self, request: InferRequest) -> list[Tensor]:
        """Return the outputs asked for. Raises OpenInferenceError."""
        message = service_pb2.ModelInferRequest(
            model_name=self._model_name,
            inputs=[
                service_pb2.ModelInferRequest.InferInputTensor(
                    name=INPUT_NAME, datatype="BYTES", shape=[len(request.texts), 1]
                )
            ],
            outputs=[service_pb2.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in request.outputs],
            raw_input_contents=[_pack_strings(request.texts)],
        )
        try:
            answer = await self._stub.ModelInfer(message, timeout=self._timeout_seconds)
            return [
                Tensor(output.name, output.datatype, tuple(output.shape), _unpack(output.datatype, content))
                for output, content in zip(answer.outputs, answer.raw_output_contents, strict=True)
            ]
        except grpc.RpcError as error:
            raise as_open_inference_error(error) from None
        except (ValueError, struct.error):
            raise OpenInferenceError(502, "Triton answered with a tensor of another form") from None

    async def model_metadata(self) -> dict[str, object]:
        """Return the model metadata object as Triton's own HTTP endpoint would. Raises OpenInferenceError."""
        request = service_pb2.ModelMetadataRequest(name=self._model_name)
        try:
            answer = await self._stub.ModelMetadata(request, timeout=self._timeout_seconds)
        except grpc.RpcError as error:
            raise as_open_inference_error(error) from None
        return {
            "name": answer.name,
            "versions": list(answer.versions),
            "platform": answer.platform,
            "inputs": [_describe(tensor) for tensor in answer.inputs],
            "outputs": [_describe(tensor) for tensor in answer.outputs],
        }

    async def is_model_ready(self) -> bool:
        """Tell whether Triton has the model ready; False where it cannot be asked."""
        request = service_pb2.ModelReadyRequest(name=self._model_name)
        try:
            answer = await self._stub.ModelReady(request, timeout=PROBE_SECONDS)
        except grpc.RpcError:
            return False
        return bool(answer.ready)

    async def server_version(self, timeout_seconds: float) -> str | None:
        """Return Triton's version, or None where it cannot be asked."""
        request = service_pb2.ServerMetadataRequest()
        try:
            answer = await self._stub.ServerMetadata(request, timeout=timeout_seconds)
        except grpc.RpcError:
            return None
        return str(answer.version)

    async def close(self) -> None:
        """Close the channel after the calls under way, for at most a second."""
        await self._channel.close(grace=1.0)


def as_open_inference_error(error: grpc.RpcError) -> OpenInferenceError:
    """Return the HTTP form of a gRPC error; its details stay behind, since they may repeat the request."""
    assert isinstance(error, grpc.aio.AioRpcError)  # noqa: S101 - the aio channel raises no other
    return OpenInferenceError(*ERRORS.get(error.code(), OTHER_ERROR))


def _describe(tensor: Any) -> dict[str, object]:  # noqa: ANN401 - a generated message without types
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}


def _pack_strings(texts: list[str]) -> bytes:
    """Return a BYTES tensor's raw form: for each element its length, 4 bytes little-endian, and its UTF-8."""
    parts: list[bytes] = []
    for text in texts:
        encoded = text.encode()
        parts += (struct.pack("<I", len(encoded)), encoded)
    return b"".join(parts)


def _unpack(datatype: str, content: bytes) -> list[str] | list[float]:
    """Return the flat elements of a raw tensor. Raises ValueError or struct.error."""
    if datatype == "FP32":
        numbers: list[float] = np.frombuffer(content, np.dtype("<f4")).tolist()
        return numbers
    if datatype != "BYTES":
        raise ValueError(datatype)
    texts: list[str] = []
    offset = 0
    while offset < len(content):
        (length,) = struct.unpack_from("<I", content, offset)
        offset += 4
        texts.append(content[offset : offset + length].decode())
        offset += length
    return texts
