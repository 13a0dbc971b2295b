"""What an indicator is worth as it ages."""

from datetime import UTC, datetime, timedelta

import pytest

from sild.threats.engine import decay

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NETWORK = decay.model_of("domain-name")


def after(days, confidence=80, model=NETWORK):
    return decay.score(confidence, NOW - timedelta(days=days), NOW, model)


def test_a_fresh_one_is_worth_its_confidence_and_one_from_the_future_no_more():
    assert after(0) == after(-3) == 80


def test_the_score_follows_the_published_formula():
    # 80 · (1 − (30 / 120)^(1 / 2)) = 40
    assert after(30) == 40


def test_nothing_is_left_after_the_lifetime():
    assert after(120) == after(500) == 0


def test_a_sighting_starts_it_again():
    assert after(1) > after(100)


def test_what_says_nothing_of_its_confidence_counts_as_medium():
    assert after(0, confidence=None) == decay.UNSTATED


def test_a_file_keeps_its_worth_longer_than_an_address():
    assert after(90, model=decay.model_of("file")) > after(90)
    assert decay.model_of("windows-registry-key") == decay.MODELS["other"]


def test_below_the_threshold_it_deserves_no_alert():
    assert decay.is_worth_an_alert(30, NETWORK)
    assert not decay.is_worth_an_alert(29, NETWORK)


@pytest.mark.parametrize(("value", "word"), [(0, "none"), (1, "low"), (29, "low"), (30, "medium"), (70, "high")])
def test_confidence_has_the_words_of_the_standard(value, word):
    assert decay.words_of(value) == word
