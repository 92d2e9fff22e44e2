"""The loader as it runs in a pod: two processes, one of them spoken to through pipes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from processes import SERVING, Bounds, despite_pauses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {"model.onnx": bytes(range(256)) * 5000, "config.json": b"{}\n", "assets/empty": b""}
# Nothing but the standard library, and no packages beside it: so it runs in the pod.
PYTHON = [sys.executable, "-S", "-s", "-m"]
END_SECONDS = 60


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


HASHES = {name: sha256(content) for name, content in FILES.items()}
MANIFEST = sha256("".join(f"{HASHES[name]}  {name}\n" for name in sorted(HASHES)).encode())


class Receiver:
    """A client's view of one upload session."""

    def __init__(self, directory: Path) -> None:
        command = [*PYTHON, "topology_bench_serving.receive_model", str(directory)]
        self.process = subprocess.Popen(command, cwd=SERVING, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin
        assert self.process.stdout
        self._stdin, self._stdout = self.process.stdin, self.process.stdout

    def answer(self) -> Any:  # noqa: ANN401 - whatever JSON came
        return json.loads(self._stdout.readline())

    def send(self, header: object, content: bytes = b"") -> None:
        self._stdin.write(json.dumps(header).encode() + b"\n" + content)
        self._stdin.flush()

    def send_raw(self, content: bytes) -> None:
        self._stdin.write(content)
        self._stdin.flush()

    def upload(self, name: str, content: bytes, frame: int = 300_000) -> None:
        for offset in range(0, max(len(content), 1), frame):
            part = content[offset : offset + frame]
            self.send({"file": name, "offset": offset, "length": len(part)}, part)
            assert self.answer() == {"ack": offset + len(part)}

    def commit(self, files: dict[str, str]) -> Any:  # noqa: ANN401 - as above
        self.send({"commit": {"files": files}})
        return self.answer()

    def end(self) -> int:
        self._stdin.close()
        code = self.process.wait(END_SECONDS)
        self._stdout.close()
        return code


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "model"


@pytest.fixture
def receiver(directory: Path) -> Iterator[Receiver]:
    receiver = Receiver(directory)
    assert receiver.answer() == {"ready": {"protocol": 1, "held": {}, "manifest": None}}
    yield receiver
    receiver.process.kill()
    receiver.end()


def test_a_model_is_received_and_put_in_place(receiver: Receiver, directory: Path) -> None:
    for name, content in FILES.items():
        receiver.upload(name, content)
    assert not (directory / "model.onnx").exists()
    assert receiver.commit(HASHES) == {"committed": True, "manifest": MANIFEST}
    assert receiver.end() == 0
    assert {name: (directory / name).read_bytes() for name in FILES} == FILES
    assert (directory / "model.onnx").stat().st_mode & 0o777 == 0o644

    again = Receiver(directory)
    assert again.answer() == {"ready": {"protocol": 1, "held": {}, "manifest": MANIFEST}}
    assert again.commit(HASHES) == {"committed": True, "manifest": MANIFEST}
    assert again.end() == 0


def test_an_upload_goes_on_where_it_ended(receiver: Receiver, directory: Path) -> None:
    content = FILES["model.onnx"]
    receiver.upload("model.onnx", content[:600_000])
    receiver.upload("config.json", b"an earlier and longer text")
    assert receiver.end() == 3

    second = Receiver(directory)
    held = second.answer()["ready"]["held"]
    assert held == {"config.json": 26, "model.onnx": 600_000}
    rest = content[600_000:]
    second.send({"file": "model.onnx", "offset": 600_000, "length": len(rest)}, rest)
    assert second.answer() == {"ack": len(content)}
    second.upload("config.json", FILES["config.json"])
    files = {name: HASHES[name] for name in ("model.onnx", "config.json")}
    assert second.commit(files)["committed"] is True
    assert second.end() == 0
    assert (directory / "config.json").read_bytes() == FILES["config.json"]


def test_a_frame_cut_short_leaves_what_can_be_gone_on_with(receiver: Receiver, directory: Path) -> None:
    receiver.send({"file": "model.onnx", "offset": 0, "length": 1000}, b"x" * 400)
    assert receiver.end() == 1
    second = Receiver(directory)
    assert second.answer()["ready"]["held"] == {"model.onnx": 400}
    assert second.end() == 3


def test_a_wrong_hash_is_refused_and_the_file_dropped(receiver: Receiver, directory: Path) -> None:
    receiver.upload("model.onnx", b"damaged")
    receiver.upload("config.json", FILES["config.json"])
    files = {name: HASHES[name] for name in ("model.onnx", "config.json")}
    assert receiver.commit(files) == {"error": "hash mismatch: model.onnx"}
    assert receiver.end() == 1
    assert not (directory / ".complete").exists()
    second = Receiver(directory)
    assert second.answer()["ready"]["held"] == {"config.json": 3}
    assert second.commit(files) == {"error": "not received: model.onnx"}
    assert second.end() == 1


def test_a_second_model_replaces_the_first(receiver: Receiver, directory: Path) -> None:
    receiver.upload("config.json", b"old")
    assert receiver.commit({"config.json": sha256(b"old")})["committed"] is True
    assert receiver.end() == 0
    second = Receiver(directory)
    second.answer()
    second.upload("config.json", b"new")
    assert (directory / "config.json").read_bytes() == b"old"
    assert second.commit({"config.json": sha256(b"new")})["committed"] is True
    assert second.end() == 0
    assert (directory / "config.json").read_bytes() == b"new"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "/etc/x",
        "a/../x",
        "a//b",
        "a/",
        ".complete",
        ".incoming/x",
        "a\\b",
        "a\nb",
        "é",
        "a" * 129,
        5,
    ],
)
def test_names_that_are_not_plain_are_refused(receiver: Receiver, directory: Path, name: object) -> None:
    receiver.send({"file": name, "offset": 0, "length": 1}, b"x")
    assert receiver.answer() == {"error": "a file name must be a plain relative name"}
    assert receiver.end() == 1
    assert sorted(path.name for path in directory.parent.rglob("*")) == [".incoming", ".lock", "model"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"[]\n",
        b"{\n",
        b"\xff\n",
        b'{"file":"a","offset":0,"length":-1}\n',
        b'{"file":"a","offset":0,"length":8388609}\n',
        b'{"file":"a","offset":0,"length":true}\n',
        b'{"file":"a","offset":0}\n',
        b'{"file":"a","offset":7,"length":1}\n',
        b'{"commit":{}}\n',
        b'{"commit":{"files":{}}}\n',
        b'{"commit":{"files":{"../a":"' + b"0" * 64 + b'"}}}\n',
        b'{"commit":{"files":{"a":"' + b"G" * 64 + b'"}}}\n',
        b"[" * 200_000 + b"\n",
        b"x" * 2_000_000,
    ],
)
def test_bad_headers_are_answered_and_end_the_session(receiver: Receiver, raw: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        receiver.send_raw(raw)
    assert list(receiver.answer()) == ["error"]
    assert receiver.process.wait(END_SECONDS) == 1


def test_only_one_receiver_works_in_a_directory(receiver: Receiver, directory: Path) -> None:
    second = Receiver(directory)
    assert second.answer() == {"error": "another upload into this directory is under way"}
    assert second.end() == 1
    receiver.upload("config.json", b"{}")


def start_waiter(directory: Path) -> subprocess.Popen[bytes]:
    command = [*PYTHON, "topology_bench_serving.wait_for_model", str(directory), MANIFEST]
    return subprocess.Popen(command, cwd=SERVING, stdout=subprocess.PIPE)


def test_the_waiter_ends_when_its_model_is_in_place(receiver: Receiver, directory: Path) -> None:
    waiter = start_waiter(directory)
    assert waiter.stdout
    assert waiter.stdout.readline() == b"waiting for model upload: nothing received yet\n"
    for name, content in FILES.items():
        receiver.upload(name, content)
    # A report that was made meanwhile tells of a part.
    reports = (waiter.stdout.readline() for _ in range(20))
    assert any(b"model.onnx 1.2 MiB" in report for report in reports)
    assert receiver.commit(HASHES)["committed"] is True
    assert waiter.wait(END_SECONDS) == 0
    assert waiter.stdout.read().endswith(b"the model is in place\n")
    waiter.stdout.close()
    late = start_waiter(directory)
    assert late.communicate(timeout=END_SECONDS)[0] == b"the model is in place\n"


def test_the_waiter_goes_on_waiting_for_another_model(receiver: Receiver, directory: Path, tmp_path: Path) -> None:
    receiver.upload("config.json", b"old")
    assert receiver.commit({"config.json": sha256(b"old")})["committed"] is True

    def ends_when_it_is_told(_: Path) -> Bounds:
        waiter = start_waiter(directory)
        assert waiter.stdout
        assert b"another model is in place" in waiter.stdout.readline()
        started = time.monotonic()
        waiter.send_signal(signal.SIGTERM)
        assert waiter.wait(END_SECONDS) == 143
        waiter.stdout.close()
        return [(0, time.monotonic() - started, 2)]

    despite_pauses(ends_when_it_is_told, tmp_path)
