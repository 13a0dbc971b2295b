"""The marking definitions of TLP 2.0 as OASIS published them for STIX 2.1 (extension definition “TLP 2.0”)."""

from __future__ import annotations

from typing import Any

EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_IDS = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}


def marking(tlp: str) -> dict[str, Any]:
    """The marking definition for a TLP 2.0 label, as in `AMBER+STRICT`.

    Raises:
        ValueError: there is no such label.
    """
    if tlp not in _IDS:
        raise ValueError(f"“{tlp}” is no TLP 2.0 label. Choose one of {', '.join(_IDS)}.")
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _IDS[tlp],
        "created": "2022-10-01T00:00:00.000Z",
        "name": f"TLP:{tlp}",
        "extensions": {EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.lower()}},
    }
