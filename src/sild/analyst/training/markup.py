"""Takes ATT&CK's markup out of its texts."""

from __future__ import annotations

import re

_LINK = re.compile(r"\[([^\]\[]{1,200})\]\(https?://[^)\s]{1,300}\)")
# The package cuts at 200 characters, so a citation may have lost its closing bracket, or most of itself.
_CITATION = re.compile(r"\s*\(Citation:[^)]{0,300}(?:\)|\Z)")
_TORN_CITATION = re.compile(r"\s*\((?:C|Ci|Cit|Cita|Citat|Citati|Citatio|Citation)?\.\.\.\Z")
_TORN_LINK = re.compile(r"\[([^\]\[]{1,200})\]\(?[^)\s]{0,300}\.\.\.\Z|\[([^\]\[]{1,200})\.\.\.\Z")
_CODE = re.compile(r"</?code>|[`*]")
_SPACE = re.compile(r"\s+")
_ELLIPSIS = "..."


def clean(text: str) -> tuple[str, bool]:
    """The text without links, citations and code marks, and whether it is whole.

    A text that lost nothing but its citation counts as whole; of a torn link the words are kept.
    """
    text = _TORN_CITATION.sub("", _CITATION.sub("", _LINK.sub(r"\1", text)))
    text = _TORN_LINK.sub(lambda match: (match[1] or match[2]) + _ELLIPSIS, text)
    text = _SPACE.sub(" ", _CODE.sub("", text)).strip()
    whole = not text.endswith(_ELLIPSIS)
    return (text if whole else text.removesuffix(_ELLIPSIS).rstrip()), whole
