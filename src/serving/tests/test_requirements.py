"""The sets of packages that pods install: each can be had as pinned, and holds all that its packages need.

pip is told in the pods to add nothing (--no-deps), so what a set lacks would be missed only by a server that starts.
What downloaded packages say of themselves is kept by their set's hash: one that is unchanged is not downloaded again.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from processes import SERVING, TINY_MODEL

CACHE = Path(os.environ.get("TOPOLOGY_BENCH_CACHE") or Path.home() / ".cache" / "topology-bench") / "requirements"
PIP = [sys.executable, "-m", "pip"]
# As the init container installs them, save that this Python and this machine need not be the image's.
PINNED = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
# Debian 12, which the default images are built on, or newer.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(36, 4, -1)] + ["manylinux2014_x86_64", "linux_x86_64"]


# The Python of the images that are the default.
@pytest.mark.parametrize(("name", "python"), [("cpu", "3.12"), ("cuda", "3.12")])
def test_a_set_can_be_had_and_lacks_nothing(name: str, python: str) -> None:
    distributions = [Parser().parsestr(text, headersonly=True) for text in metadata_of(name, python)]
    versions = {canonicalize_name(each["Name"]): each["Version"] for each in distributions}
    assert {"fastapi", "uvicorn", "tokenizers", "tritonclient", "numpy"} <= set(versions)
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "platform_system": "Linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
    }
    extras = {"tritonclient": ["grpc"]}
    missing = []
    for each in distributions:
        for text in each.get_all("Requires-Dist") or []:
            needed = Requirement(text)
            wanted = ["", *extras.get(canonicalize_name(each["Name"]), [])]
            if needed.marker and not any(needed.marker.evaluate({**environment, "extra": extra}) for extra in wanted):
                continue
            version = versions.get(canonicalize_name(needed.name))
            if version is None or not needed.specifier.contains(version, prereleases=True):
                missing.append(f"{each['Name']} needs {needed.name}{needed.specifier}, and the set has {version}")
    assert missing == []


def test_the_set_that_is_the_default_without_a_gpu_answers(tmp_path: Path) -> None:
    """With NumPy 2, which no other test has: these run with cpu-numpy1."""
    packages = tmp_path / "packages"
    install = [*PIP, "install", *PINNED, "--no-compile", "--target", str(packages)]
    subprocess.run([*install, "--requirement", str(file_of("cpu"))], check=True)
    program = (
        "import json, sys, numpy\n"
        "from pathlib import Path\n"
        "from topology_bench_serving import application, gateway, fastapi_server\n"
        "from topology_bench_serving.classifier import Classifier\n"
        "from topology_bench_serving.settings import ClassifierSettings\n"
        "model = Classifier(ClassifierSettings(Path(sys.argv[1]), 'cpu', 1, 1, 128, (16, 32, 64, 128)))\n"
        "labels = model.classify(['a truly wonderful film', 'a dull, lifeless mess']).labels\n"
        "print(json.dumps([numpy.__version__, numpy.__file__, labels]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{SERVING}:{packages}"}
    found = subprocess.run(
        [sys.executable, "-c", program, str(TINY_MODEL)], env=environment, check=True, capture_output=True, text=True
    )
    version, path, labels = json.loads(found.stdout)
    assert version.startswith("2.")
    assert Path(path).is_relative_to(packages)
    assert labels == ["POSITIVE", "NEGATIVE"]


def file_of(name: str) -> Path:
    return SERVING / "requirements" / f"{name}.txt"


def metadata_of(name: str, python: str) -> list[str]:
    """Return what each wheel of a set says of itself, once pip has found it to have a pinned hash."""
    content = file_of(name).read_bytes()
    kept = CACHE / f"{name}-{python}-{hashlib.sha256(content).hexdigest()[:16]}.json"
    if not kept.exists():
        texts = download(name, python)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(texts), encoding="utf-8")
    found: list[str] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def download(name: str, python: str) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
        target = ["--implementation", "cp", "--python-version", python, *platforms, "--dest", directory]
        command = [*PIP, "download", *PINNED, *target, "--requirement", str(file_of(name))]
        subprocess.run(command, check=True)
        return [metadata_in(wheel) for wheel in sorted(Path(directory).glob("*.whl"))]


def metadata_in(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.count("/") == 1 and each.endswith(".dist-info/METADATA"))
        return archive.read(name).decode("utf-8")
