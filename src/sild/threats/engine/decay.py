"""How much an indicator is still worth: its confidence, falling with age, raised again by each sighting.

The model is MISP's polynomial one: A. Iklody, G. Wagener, A. Dulaunoy, S. Mokaddem, C. Wagner: Decaying Indicators of
Compromise, arXiv:1803.11052 (2018), equation 3. For addresses and names the
parameters are those of MISP's “NIDS Simple Decaying Model”; the others are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

DAY = 86_400.0
# What an object is worth at first when nobody stated a confidence (STIX 2.1, appendix A: “Medium”, 50).
UNSTATED = 50


@dataclass(frozen=True, slots=True)
class Model:
    """How one sort of indicator ages.

    Attributes:
        lifetime: days until nothing is left (τ).
        speed: how early the fall begins (δ); 1 falls evenly, more falls early, less falls late.
        threshold: below this score, 0 to 100, it no longer deserves an alert.
    """

    lifetime: float
    speed: float
    threshold: int = 30


# Addresses and names change hands within weeks; a file with a hash stays what it is.
MODELS = {
    "network": Model(lifetime=120, speed=2.0),
    "url": Model(lifetime=60, speed=2.3),
    "file": Model(lifetime=730, speed=0.5),
    "other": Model(lifetime=365, speed=1.0),
}
_SORTS = {
    "ipv4-addr": "network",
    "ipv6-addr": "network",
    "domain-name": "network",
    "network-traffic": "network",
    "email-addr": "network",
    "url": "url",
    "file": "file",
    "artifact": "file",
}


def model_of(observable: str) -> Model:
    """The model for an indicator by the STIX type of what it looks for, as in `domain-name`."""
    return MODELS[_SORTS.get(observable, "other")]


def score(confidence: int | None, last_seen: datetime, now: datetime, model: Model) -> int:
    """What is left of a confidence: base · (1 − (t / τ)^(1 / δ)), 0 to 100, rounded.

    Args:
        confidence: STIX 2.1 confidence, 0 to 100; None when it is not stated.
        last_seen: the last sighting, or when it was first stated; a time to come counts as now.
        now: the moment to judge.
        model: how it ages.
    """
    base = UNSTATED if confidence is None else confidence
    age = max(0.0, (now - last_seen).total_seconds() / DAY)
    if age >= model.lifetime:
        return 0
    left: float = 1 - (age / model.lifetime) ** (1 / model.speed)
    return round(base * left)


def is_worth_an_alert(value: int, model: Model) -> bool:
    """Tell whether a score is still above the model's threshold."""
    return value >= model.threshold


def words_of(confidence: int) -> str:
    """STIX 2.1, appendix A, “None / Low / Med / High”: the word for a confidence of 0 to 100."""
    for least, word in ((70, "high"), (30, "medium"), (1, "low")):
        if confidence >= least:
            return word
    return "none"
