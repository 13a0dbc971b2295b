"""The names that ship are the ones that the package gives."""

from pathlib import Path

import pytest

from sild.analyst.engine import entities
from sild.analyst.training import gazetteer

pytestmark = pytest.mark.integration


def test_the_shipped_names_come_out_the_same_when_made_anew():
    shipped = (Path(entities.__file__).parent / "entities.txt").read_text(encoding="utf-8")
    assert "\n".join(gazetteer.lines()) + "\n" == shipped


def test_a_name_that_is_also_a_word_asks_for_context():
    rows = {row.split("\t")[4]: row.split("\t")[2] for row in gazetteer.lines() if "\t" in row}
    assert rows["Net"] == rows["Tor"] == rows["Ping"] == "?"
    assert rows["Mimikatz"] == rows["Cobalt Strike"] == ""
