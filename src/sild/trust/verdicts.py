"""Verdicts in English, Estonian and Ukrainian, from a small catalogue of this package: no Django, no gettext."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import orjson

from sild.language import LANGUAGES

if TYPE_CHECKING:
    from sild.trust.documents import DocumentVerdict
    from sild.trust.evidence import Verdict


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> dict[str, dict[str, str]]:
    """Sentences of a language by code: for a `record`, where a `document` has others, and `good` ones."""
    from importlib.resources import files

    read: dict[str, dict[str, str]] = orjson.loads(
        (files("sild.trust") / "words" / "verdicts" / f"{language}.json").read_bytes()
    )
    return read


def reason(code: str, language: str, about: Literal["record", "document"] = "record") -> str:
    """Why something does not verify, by its code; empty for a code that the catalogue does not have."""
    known = catalogue(language)
    return known[about].get(code) or known["record"].get(code, "")


def record_sentence(verdict: Verdict, language: str) -> str:
    """The verdict on a record's file in a language; English is the most detailed."""
    if language == "en":
        return verdict.sentence
    if not verdict.ok:
        return _bad(verdict.code, language, "record")
    name = "renewed" if "renewal" in verdict.path else "record"
    values = {"issuer": verdict.issuer, "kind": verdict.kind, "fingerprint": verdict.fingerprint}
    return _good(name, language, values, pinned=verdict.pinned)


def document_sentence(verdict: DocumentVerdict, language: str) -> str:
    """The verdict on a document's signature in a language; English is the most detailed."""
    if language == "en":
        return verdict.sentence
    statement = verdict.statement
    if not verdict.ok or statement is None:
        return _bad(verdict.code, language, "document")
    values = {
        "signer": statement.signer,
        "name": statement.name,
        "signed": f"{statement.signed:%Y-%m-%d %H:%M} UTC",
        "fingerprint": verdict.fingerprint,
    }
    sentence = _good("document", language, values, pinned=verdict.pinned)
    if verdict.record is None:
        return sentence
    entry = {"index": verdict.record.index, "issuer": verdict.record.issuer}
    return f"{sentence} {catalogue(language)['good']['logged'].format(**entry)}"


def sentence_of(verdict: Verdict | DocumentVerdict, language: str) -> str:
    """The verdict on a record's file, or on a document's signature, in a language."""
    say: Any = document_sentence if hasattr(verdict, "statement") else record_sentence
    return str(say(verdict, language))


def all_languages(verdict: Verdict | DocumentVerdict) -> dict[str, str]:
    """The verdict in each language, for machines that show it to people."""
    return {language: sentence_of(verdict, language) for language in LANGUAGES}


def _good(name: str, language: str, values: dict[str, Any], *, pinned: bool) -> str:
    """A good verdict, which says whether its fingerprint was compared."""
    known = catalogue(language)["good"]
    return f"{known[name].format(**values)} {known['pinned' if pinned else 'compare']}"


def _bad(code: str, language: str, about: Literal["record", "document"]) -> str:
    """A bad verdict, with the reason or at least its code."""
    known = catalogue(language)["good"]
    return f"{known['bad']} {reason(code, language, about) or known['other'].format(code=code)}"
