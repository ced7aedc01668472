"""Pages on paper: a template set as PDF, in a font that has the rare characters of names.

The font is shipped beside this file, so that a page prints the same on every machine.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import typst

PDF = "application/pdf"
_FONTS = Path(__file__).parent / "paper_files"


def as_pdf(template: Path, said: Mapping[str, Any]) -> bytes:
    """A template as PDF; it reads what is said as JSON from its input ``said``."""
    rendered = typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"said": orjson.dumps(said).decode()},
    )
    return bytes(rendered)
