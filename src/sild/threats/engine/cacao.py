"""CACAO Security Playbooks 2.0 (OASIS): checked, and carried in a STIX course of action by the playbook extension.

The extension is stix2.1-coa-playbook-extension (V. Mavroeidis, M. Zych: Cybersecurity Playbook Sharing with STIX 2.1,
arXiv:2203.04136, 2022).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

import orjson

from .sentences import DeskError, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXTENSION = "extension-definition--1e1c1bd7-c527-4215-8e18-e199e74da57c"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PLAYBOOK_ID = re.compile(rf"playbook--{_UUID}")
_IDENTITY = re.compile(rf"identity--{_UUID}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
# Section 3.1: what a playbook must say.
_REQUIRED = ("name", "created_by", "created", "modified", "workflow_start", "workflow")
# Section 4: step types, and which of their properties lead to other steps.
_STEPS = frozenset(
    ["start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"]
)
_ONE = ("on_completion", "on_success", "on_failure", "on_true", "on_false")
_MUST = {
    "start": ("on_completion",),
    "action": ("commands", "agent"),
    "playbook-action": ("playbook_id",),
    "parallel": ("next_steps",),
    "if-condition": ("condition", "on_true"),
    "while-condition": ("condition", "on_true"),
    "switch-condition": ("switch", "cases"),
}


class PlaybookError(DeskError):
    """The playbook does not follow CACAO 2.0; the sentence says where."""

    code = "playbook"


def parse(data: bytes | str) -> dict[str, Any]:
    """A playbook from JSON, checked.

    Raises:
        PlaybookError: it is no JSON object, or not a valid playbook.
    """
    try:
        playbook = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise PlaybookError(_("The playbook is not JSON: %(why)s"), why=error) from error
    check(playbook)
    return dict(playbook)


def check(playbook: Any) -> None:
    """Check the form of a playbook: required properties, identifiers, and a workflow whose steps lead to steps.

    Raises:
        PlaybookError: naming the first thing that is wrong.
    """
    if not isinstance(playbook, dict) or playbook.get("type") != "playbook":
        raise PlaybookError(_("A CACAO playbook is a JSON object whose “type” is “playbook”."))
    if playbook.get("spec_version") != "cacao-2.0":
        raise PlaybookError(_("“spec_version” must be “cacao-2.0”."))
    for name in _REQUIRED:
        if not playbook.get(name):
            raise PlaybookError(_("The playbook lacks “%(name)s”."), name=name)
    forms = {"id": _PLAYBOOK_ID, "created_by": _IDENTITY, "created": _TIME, "modified": _TIME}
    for name, form in forms.items():
        if not form.fullmatch(str(playbook.get(name))):
            raise PlaybookError(_("“%(name)s” has not the form that CACAO asks for."), name=name)
    _check_workflow(playbook)


def _check_workflow(playbook: Mapping[str, Any]) -> None:
    """Section 4: every step is of a known type, says what its type asks for, and leads to steps that there are."""
    workflow, start = playbook["workflow"], playbook["workflow_start"]
    if not isinstance(workflow, dict) or not all(isinstance(step, dict) for step in workflow.values()):
        raise PlaybookError(_("“workflow” must be an object of steps."))
    if workflow.get(start, {}).get("type") != "start":
        raise PlaybookError(_("“workflow_start” does not name a step of type “start”."))
    for identifier, step in workflow.items():
        kind = step.get("type")
        if kind not in _STEPS or not str(identifier).startswith(f"{kind}--"):
            raise PlaybookError(_("The step %(step)s has no known type, or another than its id says."), step=identifier)
        missing = [name for name in _MUST.get(kind, ()) if not step.get(name)]
        if missing:
            raise PlaybookError(_("The step %(step)s lacks “%(name)s”."), step=identifier, name=missing[0])
        for target in _targets(step):
            if target not in workflow:
                raise PlaybookError(
                    _("The step %(step)s leads to %(target)s, which there is not."), step=identifier, target=target
                )
    _check_ends(playbook)


def _check_ends(playbook: Mapping[str, Any]) -> None:
    """Every action's agent is defined, and the workflow has an end."""
    agents = playbook.get("agent_definitions") or {}
    for identifier, step in playbook["workflow"].items():
        if step["type"] == "action" and step["agent"] not in agents:
            raise PlaybookError(_("The step %(step)s names an agent that is not defined."), step=identifier)
    if not any(step["type"] == "end" for step in playbook["workflow"].values()):
        raise PlaybookError(_("The workflow has no step of type “end”."))


def _targets(step: Mapping[str, Any]) -> Iterator[str]:
    """The steps that a step leads to."""
    yield from (str(step[name]) for name in _ONE if step.get(name))
    yield from (str(target) for target in step.get("next_steps") or ())
    yield from (str(target) for target in (step.get("cases") or {}).values())


def extension_of(playbook: Mapping[str, Any]) -> dict[str, Any]:
    """The `extensions` of a course of action that carries the playbook."""
    copied = ("revoked", "labels", "description")
    renamed = ("valid_from", "valid_until", "impact", "severity", "priority")
    return {
        EXTENSION: {
            "extension_type": "property-extension",
            "playbook_id": playbook["id"],
            "created": playbook["created"],
            "modified": playbook["modified"],
            "playbook_creator": playbook["created_by"],
            "playbook_creation_time": playbook["created"],
            "playbook_standard": "cacao",
            "playbook_abstraction": "executable" if playbook.get("target_definitions") else "template",
            **({"playbook_type": playbook["playbook_types"]} if playbook.get("playbook_types") else {}),
            **{name: playbook[name] for name in copied if name in playbook},
            **{f"playbook_{name}": playbook[name] for name in renamed if name in playbook},
            "playbook_base64": base64.b64encode(orjson.dumps(dict(playbook))).decode(),
        }
    }


def playbook_in(stix: Mapping[str, Any]) -> dict[str, Any] | None:
    """The playbook that a course of action carries, not yet checked; None when it carries none that can be read."""
    extensions = stix.get("extensions")
    part = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    if not isinstance(part, dict):
        return None
    try:
        found = orjson.loads(
            base64.b64decode(str(part.get("playbook_base64") or part.get("playbook_bin")), validate=True)
        )
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def steps(playbook: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The steps in the order in which they are reached from the start, each once."""
    workflow = playbook["workflow"]
    order: dict[str, None] = {}
    waiting = [str(playbook["workflow_start"])]
    while waiting:
        identifier = waiting.pop(0)
        if identifier not in order and identifier in workflow:
            order[identifier] = None
            waiting += _targets(workflow[identifier])
    return [(identifier, workflow[identifier]) for identifier in order]
