"""The gate: which marking and audience let a record reach whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.exchange import gate
from sild.exchange.errors import WithheldError

pytestmark = pytest.mark.unit

MARKINGS = ["RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR"]
AUDIENCES = ["partners", "public", ["kyiv"], ["riga"], ["kyiv", "riga"], []]

# What FIRST's TLP 2.0 and the design allow for kyiv when it is pinned; everything else is denied.
ALLOWED = {
    ("AMBER+STRICT", "kyiv"),
    ("AMBER+STRICT", "kyiv riga"),
    ("AMBER", "kyiv"),
    ("AMBER", "kyiv riga"),
    ("GREEN", "partners"),
    ("GREEN", "kyiv"),
    ("GREEN", "kyiv riga"),
    ("CLEAR", "partners"),
    ("CLEAR", "public"),
    ("CLEAR", "kyiv"),
    ("CLEAR", "kyiv riga"),
}


@pytest.mark.parametrize("audience", AUDIENCES, ids=str)
@pytest.mark.parametrize("tlp", MARKINGS)
def test_the_gate_lets_out_exactly_what_the_table_allows(tlp, audience):
    name = audience if isinstance(audience, str) else " ".join(audience)
    assert gate.decide(tlp, audience, "kyiv", pinned=True).allowed is ((tlp, name) in ALLOWED)


@given(st.sampled_from(MARKINGS), st.sampled_from(AUDIENCES))
def test_nothing_leaves_for_a_node_that_is_not_pinned(tlp, audience):
    assert not gate.decide(tlp, audience, "kyiv", pinned=False).allowed


@given(st.text(), st.one_of(st.text(), st.lists(st.text())))
def test_what_the_gate_does_not_know_is_denied(tlp, audience):
    if tlp not in MARKINGS:
        assert not gate.decide(tlp, audience, "kyiv", pinned=True).allowed


@pytest.mark.parametrize(
    ("tlp", "audience"),
    [
        ("PURPLE", ["kyiv"]),
        ("GREEN", "everyone"),
        ("GREEN", []),
        ("AMBER", "partners"),
        ("RED", "public"),
        ("GREEN", "public"),
    ],
)
def test_a_marking_and_an_audience_that_contradict_each_other_are_refused(tlp, audience):
    with pytest.raises(WithheldError):
        gate.check_marking(tlp, audience)


@pytest.mark.parametrize(
    ("tlp", "audience"), [("CLEAR", "public"), ("GREEN", "partners"), ("AMBER", ["kyiv"]), ("RED", ["tallinn"])]
)
def test_a_marking_that_fits_its_audience_passes(tlp, audience):
    gate.check_marking(tlp, audience)


def test_only_a_list_of_nodes_is_narrow():
    assert gate.is_narrow(["kyiv"])
    assert not gate.is_narrow("partners")
