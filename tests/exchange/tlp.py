"""TLP 2.0 by itself, written down from FIRST's text and not from the gate, as what the gate is held against."""

from __future__ import annotations

WIDE = {("GREEN", "partners"), ("CLEAR", "partners"), ("CLEAR", "public")}


def may_have(tlp, audience, node):
    """Whether a node other than the issuer may have a record."""
    if tlp == "RED":
        return False
    if isinstance(audience, str):
        return (tlp, audience) in WIDE
    return node in audience
