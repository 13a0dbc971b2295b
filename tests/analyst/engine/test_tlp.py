"""TLP 2.0's marking definitions."""

import pytest

from sild.analyst.engine.tlp import marking

pytestmark = pytest.mark.unit


def test_each_label_has_its_own_definition():
    made = [marking(label) for label in ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")]
    assert len({item["id"] for item in made}) == 5
    assert [item["name"] for item in made][3] == "TLP:AMBER+STRICT"
    assert next(iter(made[3]["extensions"].values()))["tlp_2_0"] == "amber+strict"


def test_there_is_no_other():
    with pytest.raises(ValueError, match="WHITE"):
        marking("WHITE")
