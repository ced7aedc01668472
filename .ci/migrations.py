"""Check the SQL of every migration but the first, which meets an empty database."""

import re
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
FIRST = "0001"
STEP = re.compile(
    r"^BEGIN;$.*?^-- Running upgrade \S+ -> (\S+)$.*?^COMMIT;$", re.MULTILINE | re.DOTALL
)


def main() -> int:
    """Hold each migration to the rules of ``.squawk.toml``."""
    written = subprocess.run(
        [BIN / "alembic", "upgrade", f"{FIRST}:head", "--sql"],
        check=True,
        capture_output=True,
        text=True,
    )
    failed = 0
    for step in STEP.finditer(written.stdout):
        checked = subprocess.run(
            [BIN / "squawk", f"--stdin-filepath={step[1]}.sql"],
            input=step[0],
            text=True,
            check=False,
        )
        failed += checked.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
