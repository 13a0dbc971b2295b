"""A memorandum between three parties, A, B and C, of which every test can change a part."""

from __future__ import annotations

from sild.plan.engine.memorandum import Memorandum


def words(text):
    return {"en": text, "et": f"{text} (et)", "uk": f"{text} (uk)"}


def rule(slug, kind, **more):
    return {"slug": slug, "title": words(f"Rule {slug}"), "kind": kind, **more}


def milestone(slug, kind, due):
    return {"slug": slug, "title": words(f"Step {slug}"), "due": due, "evidence": {"kind": kind}}


def commitment(slug, *rules, owners=("A", "B", "C"), due="2027-06-30", **more):
    return {
        "slug": slug,
        "title": words(f"Commitment {slug}"),
        "text": words("What was promised."),
        "owners": list(owners),
        "due": due,
        "evidence": list(rules),
        **more,
    }


def joint(**more):
    """Two rules: a test by one party, use by another."""
    rules = [
        rule("test", "exchange.comment", where={"text": "passed"}),
        rule("use", "exchange.comment", where={"text": "in use"}, differs_from="test"),
    ]
    return commitment("joint", *rules, **more)


def memorandum(*commitments, signed="2020-01-01"):
    return Memorandum.model_validate(
        {
            "slug": "three-parties",
            "title": words("Memorandum of three parties"),
            "parties": {code: words(f"Party {code}") for code in ("A", "B", "C")},
            "signed": signed,
            "commitments": list(commitments) or [joint()],
        }
    )
