"""package-index.py WHEELS OUT: lays wheels out as a simple package index (PEP 503) with a page and a hash for each."""

import hashlib
import os
import re
import sys
from pathlib import Path

wheels, out = Path(sys.argv[1]), Path(sys.argv[2])
pages: dict[str, list[str]] = {}
for wheel in sorted(wheels.glob("*.whl")):
    name = re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()
    (out / name).mkdir(parents=True, exist_ok=True)
    os.link(wheel, out / name / wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pages.setdefault(name, []).append(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')

for name, links in pages.items():
    (out / name / "index.html").write_text("<!DOCTYPE html>\n" + "<br>\n".join(links) + "\n")
(out / "index.html").write_text("<!DOCTYPE html>\n" + "<br>\n".join(f'<a href="{name}/">{name}</a>' for name in pages) + "\n")
