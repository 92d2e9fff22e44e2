"""Unpack Triton from the wheel of nvidia-pytriton, ready to run beside this Python.

The wheel carries the server, its Python backend and a stub of that backend for each Python version; the server runs
only the stub that lies beside the backend. The stub needs the shared library of the same Python version (Debian:
libpython3.11).

Usage: python unpack_triton.py NVIDIA_PYTRITON.whl DIRECTORY
Prints the folder to name in TOPOLOGY_BENCH_TRITON.
"""

import shutil
import sys
import zipfile
from pathlib import Path


def main() -> None:
    """Unpack the wheel named first into the folder named second."""
    wheel, directory = (Path(argument) for argument in sys.argv[1:])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    triton = directory / "pytriton" / "tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = triton / "backends" / "python" / "triton_python_backend_stub"
    shutil.copyfile(triton / "python_backend_stubs" / version / stub.name, stub)
    for program in (stub, triton / "bin" / "tritonserver"):
        program.chmod(0o755)
    print(triton)


if __name__ == "__main__":
    main()
