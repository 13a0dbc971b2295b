"""Finds indicators of compromise in a text, with their place in the text as it was given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from .errors import TextError, _
from .patterns import FINDERS
from .refang import refang
from .text import check

if TYPE_CHECKING:
    from .hit import Hit
    from .refang import View

KINDS = (
    "ipv4", "ipv6", "domain", "url", "email", "md5", "sha1", "sha256", "sha512", "cve", "file", "path", "registry",
    "jarm", "ja3", "ja3s", "ja4", "imphash", "yara", "sigma", "bitcoin", "litecoin", "dogecoin", "tron", "ethereum",
    "monero", "asn", "actor",
)  # fmt: skip
MAX_HITS = 20_000
_FEED = _("The text has more than %(most)s indicators, so it is a feed and no report. Split it.")


@dataclass(frozen=True, slots=True)
class Indicator:
    """Something in a text that can be looked for elsewhere.

    Attributes:
        kind: one of KINDS.
        value: refanged and in the kind's usual form.
        start, end: offsets in the text, in characters; `text[start:end]` is what stands there.
        original: what stands there.
        defanged: whether it was written so that nobody follows it by mistake.
        scope: for addresses and names `public`, `private`, `loopback`, `documentation`, `reserved` or `example`; for
            files `system` when they are a part of Windows; `known` for hosts and hashes on MISP's warning lists;
            `victim` and `benign` where the sentence says so, see `roles`.
    """

    kind: str
    value: str
    start: int
    end: int
    original: str
    defanged: bool = False
    scope: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def extract(text: str) -> list[Indicator]:
    """The indicators of a text in order; they do not overlap: a URL stands for its host, a path for its file.

    Time is linear in the length of the text, whatever it holds.

    Raises:
        TextError: the text is empty, too long or binary, or it is a feed rather than a report.
    """
    view = refang(check(text))
    everything = (hit for find in FINDERS for hit in find(view))
    hits = sorted(islice(everything, MAX_HITS + 1), key=lambda hit: (hit.start, -hit.end))
    if len(hits) > MAX_HITS:
        raise TextError(_FEED, most=MAX_HITS)
    found, reached = [], 0
    for hit in hits:
        if hit.start >= reached:
            found.append(_indicator(view, hit))
            reached = hit.end
    return found


def _indicator(view: View, hit: Hit) -> Indicator:
    start, end = view.span(hit.start, hit.end)
    original = view.original[start:end]
    defanged = view.was_defanged(hit.start, hit.end) or (hit.kind == "url" and original[:4].lower() != hit.value[:4])
    return Indicator(hit.kind, hit.value, start, end, original, defanged, hit.scope)
