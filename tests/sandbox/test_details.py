"""What engines say of measures and attempts is read in every language."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

import sentences
from sild.sandbox import details
from sild.sandbox.engine import act, bubblewrap, default_isolation, probe
from sild.sandbox.engine.containers import devices, podman
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.isolation import Finding
from sild.sandbox.engine.kubernetes import jobs
from sild.sandbox.words import MEASURES
from sild.spread.local import LocalPool

pytestmark = pytest.mark.integration
# An error's name in C or Python, or the version of a program, needs no words.
NAMES = re.compile(r"[A-Z][A-Za-z0-9]+|[\d.]+")


# Put together of several texts, so that none of them is a text of the source.
COMPOSED = (
    "a new one for each run, in which no further one can be made",
    "reached %(what)s",
    "wrote %(what)s",
    "%(path)s can be written",
    "%(number)s processes of this machine; each worker passed the self-test",
    "%(ray)s, %(hosts)s machines, %(cores)s processors; each worker passed the self-test",
    "Install it: %(how)s",
    "Describe them to containers: %(how)s",
)


def known(said):
    return bool(NAMES.fullmatch(said)) or details.DETAILS.knows(said)


def test_engines_still_say_what_has_words():
    assert sentences.lost(details.ERRORS, "sandbox/engine") == []
    assert set(sentences.lost(details.DETAILS, "sandbox/engine")) == set(COMPOSED)


def test_an_error_is_read_in_every_language():
    assert details.error("/s is not empty.") == "/s is not empty."
    with translation.override("et"):
        assert details.error("/s is not empty.") == "Kaust /s ei ole tühi."
        assert details.error("A later engine says this.") == "A later engine says this."
    with translation.override("uk"):
        assert details.error("This is no proof of a sample.") == "Це не доказ прикладу."


def test_whatever_this_host_says_has_words():
    isolation = default_isolation()
    said = [finding.detail.split(" (/")[0] for finding in isolation.available()]
    said += [check.detail for check in probe.escape_checks(isolation)]
    said.append(f"{LocalPool(2).name}; each worker passed the self-test")
    assert [one for one in said if not known(one)] == []


def test_figures_stand_in_the_readers_words():
    with translation.override("et"):
        assert details.told("version 7") == "versioon 7"
        assert details.told("EAGAIN after 30") == "EAGAIN, kui protsesse oli tehtud: 30"
    with translation.override("uk"):
        assert details.told("a filter of 312 instructions") == "інструкцій у фільтрі: 312"
    assert details.told("wrote /a, /b") == "wrote /a, /b"


def test_what_is_not_known_is_shown_as_it_is():
    with translation.override("uk"):
        assert details.told("EPERM") == "EPERM"
        assert details.told("from the future: 3") == "from the future: 3"


def test_points_of_the_act_are_cited_as_each_language_does():
    points = [one["point"] for one in act.catalogue()["points"]]
    assert {details.point(one) for one in points} >= {"Annex IV(1)(a)", "Annex IV(9)", "Article 57(7)"}
    with translation.override("et"):
        assert details.point("Annex IV(1)(a)") == "IV lisa punkt (1)(a)"
    with translation.override("uk"):
        assert details.point("Article 57(7), results") == "стаття 57(7)"


def test_a_finding_is_as_the_engine_says_it_in_english_and_in_words_elsewhere():
    lacking = Finding("landlock", False, "not in this kernel", "Use Linux 5.9 or later.")
    assert details.missing(lacking) == "landlock: not in this kernel Use Linux 5.9 or later."
    with translation.override("et"):
        assert details.missing(lacking) == (
            "failiõigustest loobumine (Landlock): selles tuumas puudub Kasutage Linux 5.9 või uuemat."
        )


@pytest.mark.parametrize("mend", [bubblewrap.MEND, bubblewrap.MEND_USERNS, podman.MEND, CRUN.mend, jobs.MEND_RUNTIME])
def test_what_to_do_about_a_missing_measure_has_words(mend):
    assert known(mend)


def test_what_is_said_of_graphics_processors_has_words(tmp_path, monkeypatch):
    found = list(devices.findings(RUNSC, 2))
    (tmp_path / "driver").touch()
    monkeypatch.setattr(devices, "DRIVER", tmp_path / "driver")
    for knows in (True, False):
        monkeypatch.setattr(devices, "_knows_proxy", lambda _program, knows=knows: knows)
        found += devices.findings(RUNSC, 1)
    assert [text for one in found for text in (one.detail, one.mend) if text and not known(text)] == []
    assert {one.name for one in found} == {"gpus", "nvproxy"} <= set(MEASURES)


def test_what_is_said_where_there_is_no_cluster_has_words():
    said = [text for finding in jobs.KubernetesJobs().available() for text in (finding.detail, finding.mend)]
    assert [text for text in said if not known(text)] == []
