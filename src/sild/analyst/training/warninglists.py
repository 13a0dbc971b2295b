"""Condenses MISP's warning lists into the few that say that a name or a hash is nobody's weapon."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Vendors' reports, services that analyse files, look-ups of one's own address, files of no or well-known content.
HOSTS = ("security-provider-blogpost", "automated-malware-analysis", "whats-my-ip")
HASHES = ("empty-hashes", "common-ioc-false-positive")
HEADER = (
    "# From MISP's warning lists (pymispwarninglists 1.7.0: {lists}), made by sild.analyst.training.warninglists.\n"
    "# Copyright (c) 2017, 2018, MISP Project and Raphaël Vinot; BSD 3-Clause License, see solution/NOTICE.\n"
)
# Anybody can put something there, so their names say nothing; and a logger of addresses is an attacker's tool.
_OPEN_TO_ALL = frozenset({
    "ghostbin.com", "gist.github.com", "github.com", "grabify.link", "infotomb.com", "iplogger.com", "iplogger.org",
    "iplogger.ru", "medium.com", "pastebin.com", "raw.githubusercontent.com", "reddit.com", "twitter.com",
    "youtube.com",
})  # fmt: skip
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}")


def condense(folder: Path) -> str:
    """One host or hash a line, sorted, under a header with source and licence.

    Args:
        folder: `pymispwarninglists/data/misp-warninglists/lists`, with a folder of each list's name in it.
    """
    found: set[str] = set()
    for names, form in ((HOSTS, _HOST), (HASHES, _HASH)):
        for name in names:
            entries = json.loads((folder / name / "list.json").read_text(encoding="utf-8"))["list"]
            plain = (entry.lower().strip("./") for entry in entries)
            found.update(entry for entry in plain if form.fullmatch(entry) and entry not in _OPEN_TO_ALL)
    return HEADER.format(lists=", ".join((*HOSTS, *HASHES))) + "\n".join(sorted(found)) + "\n"
