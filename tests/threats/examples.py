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
