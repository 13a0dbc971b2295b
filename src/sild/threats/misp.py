"""MISP events to STIX and back, by MISP's own converter (the extra `misp`)."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _

from sild.threats.desk_errors import ImportingError
from sild.threats.engine import tlp
from sild.threats.engine.misp_process import FROM_STIX, TO_STIX

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 300


def to_stix(content: Any, level: str) -> list[dict[str, Any]]:
    """The STIX 2.1 objects of a MISP event, or of a list of events.

    What says nothing of TLP gets the event's level, because a tag of the event covers all of it; else `level`.

    Raises:
        ImportingError: the converter is not installed, or cannot read it.
    """
    events = content if isinstance(content, list) else content.get("response", [content])
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        inner = event.get("Event", event) if isinstance(event, dict) else {}
        objects = _convert(TO_STIX, inner, _("The MISP event cannot be read: %(why)s"))
        covering = _level_of(inner) or level
        found |= {item["id"]: _covered(item, covering) for item in objects}
    return list(found.values())


def from_stix(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One MISP event with what these STIX objects say.

    Raises:
        ImportingError: there are none, the converter is not installed, or it cannot read them.
    """
    if not objects:
        raise ImportingError(_("Nothing was found that a MISP event could hold."))
    sentence = _("This cannot be written as a MISP event: %(why)s")
    return {"Event": _convert(FROM_STIX, _bundle(objects), sentence)}


def _bundle(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A bundle as the converter wants it, which knows TLP 1 alone: with its definitions."""
    levels = [tlp.level(item, "AMBER") for item in objects]
    marked = [
        {**item, "object_marking_refs": [tlp.legacy_definition(level)["id"]]}
        for item, level in zip(objects, levels, strict=True)
        if item["type"] != "marking-definition"
    ]
    definitions = {one["id"]: one for one in map(tlp.legacy_definition, levels)}
    everything = [*definitions.values(), *marked]
    return {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": everything}


def _level_of(event: dict[str, Any]) -> str | None:
    """The TLP level that an event is tagged with."""
    names = [str(tag.get("name", "")).lower() for tag in event.get("Tag", [])]
    said = [name.removeprefix("tlp:").upper().replace("WHITE", "CLEAR") for name in names if name.startswith("tlp:")]
    known = [level for level in said if level in tlp.LEVELS]
    return tlp.strictest(known, "CLEAR") if known else None


def _covered(stix: dict[str, Any], level: str) -> dict[str, Any]:
    """The object under the event's level when it has none of its own."""
    if stix["type"] == "marking-definition" or tlp.level(stix, "") != "":
        return stix
    return tlp.remark(stix, level)


def _convert(direction: str, content: Any, sentence: str) -> Any:
    """Let the converter work in a process of its own; `sentence` tells what went wrong, with its `why`."""
    if find_spec("misp_stix_converter") is None:
        raise ImportingError(_("MISP's converter is not installed. Install it: pip install sild[misp]"))
    command = [sys.executable, "-m", "sild.threats.engine.misp_process", direction]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, input=orjson.dumps(content), capture_output=True, timeout=SECONDS, check=True, env=environment
        )
        return orjson.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ImportingError(sentence % {"why": why[:500]}) from error
    except subprocess.TimeoutExpired as error:
        raise ImportingError(
            sentence % {"why": _("it took longer than %(most)d seconds") % {"most": SECONDS}}
        ) from error
