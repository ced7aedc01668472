"""How much of the service the tests have walked: all of the rules, and nearly all of the rest.

Reads what ``slipcover --branch --json`` has written.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

RULES = re.compile(r"service/\w+/rules(\.py|/)")
LEAST_OF_RULES = 100
LEAST_OF_ALL = 95


def main() -> int:
    """Say what is missing; 1 where it is too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measured", type=Path)
    files = json.loads(parser.parse_args().measured.read_text(encoding="utf-8"))["files"]
    rules = {name: file for name, file in files.items() if RULES.match(name)}
    for name, file in sorted(files.items()):
        if holes := _holes(file):
            print(f"{name}: {holes}")
    print(f"rules: {_percent(rules):.2f} % of {len(rules)} files, asked {LEAST_OF_RULES} %")
    print(f"all: {_percent(files):.2f} % of {len(files)} files, asked {LEAST_OF_ALL} %")
    return int(_percent(rules) < LEAST_OF_RULES or _percent(files) < LEAST_OF_ALL)


def _holes(file: dict[str, Any]) -> str:
    lines = map(str, file["missing_lines"])
    ways = (f"{here}->{there or 'exit'}" for here, there in file["missing_branches"])
    return ", ".join([*lines, *ways])


def _percent(files: dict[str, Any]) -> float:
    covered = missing = 0
    for file in files.values():
        for kind in ("lines", "branches"):
            covered += file["summary"][f"covered_{kind}"]
            missing += file["summary"][f"missing_{kind}"]
    return 100 * covered / ((covered + missing) or 1)


if __name__ == "__main__":
    sys.exit(main())
