"""Print the path of a usable uv, installing a private one into the given folder if there is none.

Runs on whatever Python a machine has, with the standard library only. A bare system Python may
come without ``venv`` and without ``pip``; then pip's own wheel is taken from the package index,
which can be run without being installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

OLDEST = (0, 9)
REQUIREMENT = "uv>=0.9,<1"
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")


RELEASE = re.compile(r"pip-(\d+)\.(\d+)(?:\.(\d+))?-py3-none-any\.whl$")


def version(file: dict[str, str]) -> tuple[int, ...]:
    """The version in the name of a wheel of pip."""
    found = RELEASE.match(file["filename"])
    return tuple(int(number or 0) for number in found.groups()) if found else ()


def runs(uv: str) -> bool:
    """Whether this is a uv, and a young enough one."""
    try:
        said = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True).stdout
        major, minor = said.split()[1].split(".")[:2]
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return False
    return (int(major), int(minor)) >= OLDEST


def pip(folder: Path) -> list[str]:
    """How to call pip, which this Python may have or not."""
    has_pip = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    )
    if has_pip.returncode == 0:
        return [sys.executable, "-m", "pip"]
    request = urllib.request.Request(
        INDEX + "/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    wheel = max((file for file in files if RELEASE.match(file["filename"])), key=version)
    local = folder / wheel["filename"]
    with urllib.request.urlopen(wheel["url"]) as answer, local.open("wb") as output:
        shutil.copyfileobj(answer, output)
    return [sys.executable, str(local / "pip")]


def main() -> None:
    """Find it or get it."""
    home = Path(sys.argv[1]).resolve()
    private = home / "bin" / "uv"
    found = shutil.which("uv")
    if found and runs(found):
        print(found)
        return
    if not runs(str(private)):
        with tempfile.TemporaryDirectory() as folder:
            command = [*pip(Path(folder)), "install", "--quiet", "--target", str(home)]
            subprocess.run(
                [*command, "--upgrade", "--disable-pip-version-check", REQUIREMENT],
                check=True,
                stdout=sys.stderr,
            )
    print(private)


if __name__ == "__main__":
    main()
