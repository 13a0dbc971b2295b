"""Example data for the tests of the threat module; names and addresses are those reserved for documentation."""

from __future__ import annotations

from sild.threats.engine import build, comparisons
from sild.threats.engine.pasted import classify

START = "start--0b4c4f2e-5f0e-4c7a-9c5e-0a2f4a3f6a01"
ACTION = "action--0b4c4f2e-5f0e-4c7a-9c5e-0a2f4a3f6a02"
END = "end--0b4c4f2e-5f0e-4c7a-9c5e-0a2f4a3f6a03"
AGENT = "individual--0b4c4f2e-5f0e-4c7a-9c5e-0a2f4a3f6a04"
PLAYBOOK = {
    "type": "playbook",
    "spec_version": "cacao-2.0",
    "id": "playbook--0b4c4f2e-5f0e-4c7a-9c5e-0a2f4a3f6a05",
    "name": "Block an address",
    "description": "Block the address at the border and look for earlier visits.",
    "playbook_types": ["mitigation"],
    "created_by": "identity--0b4c4f2e-5f0e-4c7a-9c5e-0a2f4a3f6a06",
    "created": "2026-03-01T09:00:00.000Z",
    "modified": "2026-03-01T09:00:00.000Z",
    "workflow_start": START,
    "workflow": {
        START: {"type": "start", "on_completion": ACTION},
        ACTION: {
            "type": "action",
            "name": "Block it",
            "commands": [{"type": "manual", "command": "Add the address to the border's block list."}],
            "agent": AGENT,
            "on_completion": END,
        },
        END: {"type": "end"},
    },
    "agent_definitions": {AGENT: {"type": "individual", "name": "Network administrator"}},
}
SIGMA = """title: Example of a suspicious download
id: 6f3e2f5c-1d6a-4c52-9c0e-2f1d5c9c7a11
status: test
logsource:
  category: proxy
detection:
  selection:
    c-uri|contains: /example/payload
  condition: selection
"""
YARA = 'rule example_marker {\n  strings:\n    $a = "example-marker"\n  condition:\n    $a\n}\n'


def indicator(value, level, **more):
    """An indicator as a partner writes it."""
    maker = build.Maker(build.identity("kyiv", "cert-ua", "Example partner"), "2026-03-01T09:00:00.000Z", level)
    return maker.indicator(value, comparisons.pattern_for(classify(value)), **more)


_ORGANISATION = {"name": "Example CERT", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"}
MISP = {
    "Event": {
        "uuid": "5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        "info": "Example event",
        "date": "2026-03-01",
        "timestamp": "1772323200",
        "published": True,
        "publish_timestamp": "1772323200",
        "analysis": "2",
        "threat_level_id": "2",
        "distribution": "3",
        "Orgc": _ORGANISATION,
        "Org": _ORGANISATION,
        "Tag": [{"name": "tlp:green"}],
        "Attribute": [
            {
                "uuid": "11111111-1111-4111-8111-111111111111",
                "type": "ip-dst",
                "category": "Network activity",
                "value": "203.0.113.5",
                "to_ids": True,
                "timestamp": "1772323200",
            },
            {
                "uuid": "11111111-1111-4111-8111-111111111112",
                "type": "domain",
                "category": "Network activity",
                "value": "evil.example",
                "to_ids": True,
                "timestamp": "1772323200",
                "Tag": [{"name": "tlp:amber"}],
            },
        ],
    }
}
