"""What leaves a node carries no personal data: where the finder of the scorers finds some, a digest stands instead."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine.scorers import personal

if TYPE_CHECKING:
    from sild.sandbox.engine.result import Result

KEY_BYTES = 32


def kinds_in(value: Any) -> list[str]:
    """The kinds of personal data in a JSON value, each once: `isikukood`, `rnokpp`, `email`, `phone`, `address`."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return sorted({found.kind for found in personal.find(text)})


def withheld(result: Result) -> list[str]:
    """Why a sample's output stays here; nothing when it may be shown."""
    return [] if result.error else kinds_in(result.output)


def text(value: str, key: bytes) -> str:
    """The text, or its digest under the run's key when it holds personal data."""
    kinds = kinds_in(value)
    return f"[{', '.join(kinds)}; {digest(value, key)}]" if kinds else value


def digest(value: str, key: bytes) -> str:
    """`hmac-sha256:` and the digest of a text under the run's key, which whoever is to check it gets with the text."""
    return "hmac-sha256:" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def report(body: dict[str, Any], key: bytes) -> dict[str, Any]:
    """A report as it may leave: what the solution itself said in it, as faults and error output, is looked at."""
    faults = [fault | {"examples": [text(one, key) for one in fault["examples"]]} for fault in body["faults"]]
    resources = body["resources"] | {"error_output": text(body["resources"]["error_output"], key)}
    return body | {"faults": faults, "resources": resources}
