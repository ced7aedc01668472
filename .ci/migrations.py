"""Check the SQL of every migration but the first, which meets an empty database."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

BIN = Path(sys.executable).parent
VERSIONS = Path(__file__).parent.parent / "alembic" / "versions"


def main() -> int:
    """Hold each migration to the rules of ``.squawk.toml``."""
    failed = 0
    revisions = [file.name.split("_")[0] for file in sorted(VERSIONS.glob("[0-9]*.py"))]
    for before, revision in pairwise(revisions):
        written = subprocess.run(
            [BIN / "alembic", "upgrade", f"{before}:{revision}", "--sql"],
            check=True,
            capture_output=True,
        )
        checked = subprocess.run(
            [BIN / "squawk", f"--stdin-filepath={revision}.sql"], input=written.stdout, check=False
        )
        failed += checked.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
