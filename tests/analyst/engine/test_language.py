"""Languages are told by letters and common words."""

from importlib.resources import files

import pytest

from sild.analyst.engine.language import tell

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_the_example_reports_are_told(language):
    text = (files("sild.analyst") / "examples" / f"report-{language}.md").read_text(encoding="utf-8")
    assert tell(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "und"),
        ("1234 5678 !!", "und"),
        ("abcdefg hijklmnop qrstuvw", "und"),
        ("это было сделано, и мы не знаем кем", "ru"),
    ],
)
def test_the_rest(text, language):
    assert tell(text) == language
