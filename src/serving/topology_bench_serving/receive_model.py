r"""Receives model files on stdin, in frames that are each acknowledged on stdout.

Run inside a pod as `python3 -m topology_bench_serving.receive_model DIRECTORY`, with the standard library of Python
3.10 alone. The channel that carries stdin has no backpressure, so the client sends one frame and waits for its answer
before the next.

Protocol, version 1. Every header and every answer is one line of JSON in UTF-8, ended by a line feed.

1. At start the receiver writes what it holds of earlier, unfinished uploads, and which manifest is in place (null
   where none is):
       {"ready": {"protocol": 1, "held": {"model.onnx": 1048576}, "manifest": null}}
2. The client sends frames. A frame is a header and then exactly `length` raw bytes, 1 to 8388608 of them:
       {"file": "model.onnx", "offset": 1048576, "length": 65536}
   `offset` is either the number of bytes held of that file (it goes on) or 0 (it begins anew; what was held is
   dropped). The answer is the number of bytes now held of that file, offset + length:
       {"ack": 1114112}
   An empty file is sent as one frame with offset 0 and length 0.
3. When all files are sent, the client asks for the whole to be checked and put in place:
       {"commit": {"files": {"model.onnx": "<SHA-256, 64 lower-case hexadecimal digits>", "config.json": "..."}}}
   Every named file is checked, then each is renamed into DIRECTORY, then the completion marker is written. A file
   that is already in place with the same SHA-256 need not be sent again. The answer ends the session with exit code 0:
       {"committed": true, "manifest": "<manifest hash>"}

The manifest hash is the SHA-256 of the lines "<sha256>  <file>\\n" (two spaces) of all files, sorted by file name as
bytes: what `sha256sum` prints, hashed once more.

On any problem the answer is one line, and the receiver exits with code 1:
       {"error": "hash mismatch: model.onnx"}
A file with another hash than named is dropped, so that the next session begins it anew; everything else that is held
stays and can be gone on with. Where stdin ends without a commit the receiver exits with code 3 and keeps what it holds.

A file name is one to four parts with slashes between; each part begins with a letter, a digit or an underscore and
holds only those, dots and hyphens, 128 characters at most. Only one receiver works in a directory at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOL = 1
MAX_HEADER_BYTES = 1 << 20
MAX_FRAME_BYTES = 8 << 20
COPY_BYTES = 1 << 16
INCOMING = ".incoming"
LOCK = ".lock"
MARKER = ".complete"
ENDED_EARLY = 3

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_FILE_NAME = re.compile(rf"{_PART}(?:/{_PART}){{0,3}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class UploadError(Exception):
    """A frame that cannot be accepted; the message is the answer to the client."""


def main(arguments: list[str]) -> int:
    """Receive one model into the directory named; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python3 -m topology_bench_serving.receive_model DIRECTORY", file=sys.stderr)
        return 2
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        with _locked(Path(arguments[0])) as directory:
            return _receive(directory, source, sink)
    except UploadError as error:
        _answer(sink, {"error": str(error)})
    except OSError as error:
        # A full disk is the likely one; the file name in the error is our own.
        _answer(sink, {"error": f"the files cannot be written: {error.strerror}"})
    return 1


def _receive(directory: Path, source: BinaryIO, sink: BinaryIO) -> int:
    held = {name: path.stat().st_size for name, path in _files_below(directory / INCOMING)}
    _answer(sink, {"ready": {"protocol": PROTOCOL, "held": held, "manifest": read_marker(directory)}})
    while True:
        header = _read_header(source)
        if header is None:
            return ENDED_EARLY
        if "commit" in header:
            manifest = _commit(directory, _read_manifest(header["commit"]))
            _answer(sink, {"committed": True, "manifest": manifest})
            return 0
        _answer(sink, {"ack": _store_frame(directory, header, source)})


def _read_header(source: BinaryIO) -> dict[str, object] | None:
    line = source.readline(MAX_HEADER_BYTES)
    if not line:
        return None
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not line.endswith(b"\n") or not isinstance(header, dict):
        message = "a header must be one line of JSON that holds an object"
        raise UploadError(message)
    return header


def _store_frame(directory: Path, header: dict[str, object], source: BinaryIO) -> int:
    """Append one frame to its file and return the bytes now held of it. Raises UploadError and OSError."""
    name = _check_name(header.get("file"))
    offset = _check_number(header.get("offset"), "offset", 1 << 62)
    length = _check_number(header.get("length"), "length", MAX_FRAME_BYTES)
    path = directory / INCOMING / name
    held = path.stat().st_size if path.is_file() else 0
    if offset not in (0, held):
        message = f"offset {offset} is neither 0 nor the {held} bytes held of {name}"
        raise UploadError(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if offset else "wb") as file:
        remaining = length
        while remaining:
            chunk = source.read(min(COPY_BYTES, remaining))
            if not chunk:
                message = "stdin ended inside a frame"
                raise UploadError(message)
            file.write(chunk)
            remaining -= len(chunk)
    return offset + length


def _commit(directory: Path, files: dict[str, str]) -> str:
    """Check every file, put all in place, write the marker; returns the manifest hash."""
    incoming = []
    for name, expected in files.items():
        received = directory / INCOMING / name
        if received.is_file():
            if _sha256(received) != expected:
                received.unlink()
                message = f"hash mismatch: {name}"
                raise UploadError(message)
            incoming.append(name)
        elif not (directory / name).is_file() or _sha256(directory / name) != expected:
            message = f"not received: {name}"
            raise UploadError(message)
    # From here until the new marker the directory may hold a mixture, which nobody must take for a model.
    (directory / MARKER).unlink(missing_ok=True)
    for name in incoming:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        received = directory / INCOMING / name
        # The server may run as another user than the receiver.
        received.chmod(0o644)
        received.replace(directory / name)
    manifest = manifest_hash(files)
    written = directory / INCOMING / MARKER
    written.write_text(manifest + "\n", encoding="ascii")
    written.replace(directory / MARKER)
    return manifest


def manifest_hash(files: dict[str, str]) -> str:
    """Return the SHA-256, in hexadecimal, that stands for a set of file names and their SHA-256."""
    lines = [f"{files[name]}  {name}\n" for name in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_marker(directory: Path) -> str | None:
    """Return the manifest hash of the model in place, or None where there is none."""
    try:
        return (directory / MARKER).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read_manifest(commit: object) -> dict[str, str]:
    files = commit.get("files") if isinstance(commit, dict) else None
    if not isinstance(files, dict) or not files:
        message = "a commit must name its files"
        raise UploadError(message)
    for name, sha256 in files.items():
        _check_name(name)
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            message = f"the SHA-256 of {name} must be 64 lower-case hexadecimal digits"
            raise UploadError(message)
    return files


def _check_name(value: object) -> str:
    if not isinstance(value, str) or not _FILE_NAME.fullmatch(value):
        message = "a file name must be a plain relative name"
        raise UploadError(message)
    return value


def _check_number(value: object, field: str, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        message = f"{field} must be a whole number from 0 to {most}"
        raise UploadError(message)
    return value


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[Path]:
    """Hold the directory against a second receiver. Raises UploadError where one is at work."""
    (directory / INCOMING).mkdir(parents=True, exist_ok=True)
    with (directory / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another upload into this directory is under way"
            raise UploadError(message) from None
        yield directory


def _files_below(directory: Path) -> list[tuple[str, Path]]:
    """Return name and path of each file of an unfinished upload."""
    return [
        (path.relative_to(directory).as_posix(), path)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != MARKER
    ]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _answer(sink: BinaryIO, answer: dict[str, object]) -> None:
    # A client that has gone can't be answered; the exit code still tells.
    with contextlib.suppress(BrokenPipeError):
        sink.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
        sink.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
