"""What the machine surface answers with: status, body; media type, caching and headers where they are not the usual."""

from __future__ import annotations

import orjson

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, bytes] | tuple[int, bytes, str, str] | tuple[int, bytes, str, str, Headers]
BYTES, TEXT = "application/octet-stream", "text/plain; charset=utf-8"
FOR_NOW, FOR_GOOD = "no-cache", "private, max-age=31536000, immutable"


def problem(status: int, code: str, detail: str) -> Answer:
    """A JSON problem (RFC 9457)."""
    return status, orjson.dumps({"type": f"urn:sild:problem:{code}", "status": status, "code": code, "detail": detail})
