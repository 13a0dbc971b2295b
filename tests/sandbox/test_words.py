"""Every code that the engine can name has words, and they are in every catalogue."""

from __future__ import annotations

import pytest
from django.utils import translation

from sandbox.factories import write_solution, write_suite
from sild.sandbox import words
from sild.sandbox.engine import default_isolation, measure, probe, repeats, solution, suite
from sild.sandbox.engine.containers import proof
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.faults import CODES
from sild.sandbox.engine.pods import proof as pods_proof
from sild.sandbox.engine.report import STATEMENT
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.scorers import SCORERS
from sild.sandbox.templatetags.sandbox import listed, pick, word

pytestmark = pytest.mark.integration

ENGLISH = ("score interval", "replicates", "tokeniser")


def test_every_code_has_words():
    assert set(words.FAULTS) == set(CODES)
    assert set(words.CHECKS) == {*probe.ATTEMPTS, *proof.ATTEMPTS, proof.OWN_KERNEL, pods_proof.MACHINES}
    assert set(words.METRICS) == {name for scorer in SCORERS.values() for name in scorer.metrics} | set(
        suite.COSTS
    ) | set(repeats.NAMES)
    for isolation in (default_isolation(), Podman(CRUN), Podman(RUNSC)):
        assert {finding.name for finding in isolation.available()} <= set(words.MEASURES)
    assert list(words.STATEMENTS) == [STATEMENT]


def test_every_method_that_a_report_names_has_words(tmp_path):
    sample = {"id": "a", "input": ["x"], "target": ["x"]}
    write_solution(tmp_path / "s")
    write_suite(tmp_path / "t", [sample], scorer="multilabel", threshold=("micro_f1", 0.5))
    report = Run(
        solution.load(tmp_path / "s"), suite.load(tmp_path / "t"), tmp_path / "run", default_isolation()
    ).execute()
    named = {metric["method"] for metric in report["metrics"]}
    named |= {report[part]["method"] for part in ("latency", "throughput", "results", "resources")}
    named.add(measure.latency([])["method"])
    assert named <= set(words.METHODS)


@pytest.mark.parametrize("repeated", [1, 2])
@pytest.mark.parametrize("name", SCORERS)
def test_how_a_scorers_figures_were_made_is_told_in_the_readers_language(name, repeated):
    for metric in SCORERS[name].measure([], 1, repeated):
        with translation.override("et"):
            told = words.word(metric.method)
        assert "95" in told
        assert not [one for one in ENGLISH if one in told]
        assert ("sacreBLEU 2" in told) == (name == "overlap")


def test_a_code_without_words_is_shown_as_it_is():
    assert word("from-the-future") == "from-the-future"
    assert str(word("network")) == "reach the network"


def test_texts_are_picked_in_the_readers_language():
    with translation.override("et"):
        assert pick({"en": "A", "et": "Õ"}) == "Õ"
    assert listed(["en", "et"]) == "en, et"
    assert listed("en") == "en"


def test_the_gap_between_slices_is_named():
    assert word("gap:language") == "gap between slices: language"
    assert word("gap:site") == "gap between slices: site"
