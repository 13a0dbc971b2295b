"""The mapping to the EU AI Act: every point, in three languages, and nothing covered without evidence."""

from __future__ import annotations

import pytest

from sild.sandbox.engine import act

pytestmark = pytest.mark.unit

REPORT = {
    "run": "r",
    "solution": {"digest": "sha256:a", "purpose": {"en": "x"}, "trained_on": None},
    "suite": {"digest": "sha256:b"},
    "results": {"root": "c"},
    "metrics": [{"name": "accuracy"}],
}


def point(told, name):
    [found] = [one for one in told["points"] if one["point"] == name]
    return found


def test_every_point_has_its_words_in_three_languages_and_a_coverage():
    told = act.mapping(REPORT)
    assert told["format"] == "sild-ai-act/1"
    assert "no EU declaration of conformity" in told["statement"]["en"].replace("and no EU", "no EU")
    for one in told["points"]:
        assert set(one["title"]) == set(one["note"]) == {"en", "et", "uk"}
        assert all(one["title"].values())
        assert all(one["note"].values())
        assert one["coverage"] in {"covered", "partly", "none"}
        assert (one["coverage"] == "none") == (not one["evidence"])
    names = " ".join(one["point"] for one in told["points"])
    assert all(f"Annex IV({number})" in names for number in range(1, 10))
    assert names.count("Article 57(7)") == 4


def test_a_point_whose_evidence_is_not_in_this_report_is_not_covered():
    told = act.mapping(REPORT)
    assert point(told, "Annex IV(2)(d)")["coverage"] == "none"
    trained = REPORT | {"solution": REPORT["solution"] | {"trained_on": {"description": {"en": "texts"}}}}
    assert point(act.mapping(trained), "Annex IV(2)(d)")["coverage"] == "partly"
    assert point(told, "Annex IV(2)(g)")["evidence"] == ["/suite/digest", "/metrics", "/results"]


def test_what_people_have_to_do_is_not_claimed():
    told = act.mapping(REPORT)
    for name in ("Annex IV(8)", "Article 57(7), written proof", "Article 57(7), learning outcomes"):
        assert point(told, name)["coverage"] == "none"
