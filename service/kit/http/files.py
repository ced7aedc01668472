"""Files that are answers: how a download is sent, and how it is announced in the contract."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def a_file(description: str, *, media_type: str = XLSX) -> dict[int | str, dict[str, Any]]:
    """What an operation answers that sends a file; goes with ``response_class=Response``."""
    return {
        200: {
            "description": description,
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
        }
    }


def send_file(content: bytes, *, name: str, media_type: str = XLSX) -> Response:
    """A download under a name, which may be Chinese."""
    named = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": named})
