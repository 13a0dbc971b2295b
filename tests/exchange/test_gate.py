"""The gate: which marking and audience let a record reach whom."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.tlp import may_have
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


PEERS = [f"node-{number}" for number in range(30)]
# What an attacker, a mistake or another version could put where a marking or an audience stands.
ODD_MARKINGS = ["", "WHITE", "red", "Red", " CLEAR", "AMBER+", "TLP:GREEN", "AMBER+STRICT "]
ODD_AUDIENCES = ["", "everybody", "Public", "partners ", "node-1", [], ["partners"], ["public"], ["node-1 "], ["node-"]]


def random_cases(number, seed=1):
    """Records and peers: marking, audience, who asks, and whether it is pinned."""
    chance = random.Random(seed)
    for _ in range(number):
        tlp = chance.choice(MARKINGS if chance.random() < 0.9 else ODD_MARKINGS)
        audience = chance.choice(["partners", "public", None, None, chance.choice(ODD_AUDIENCES)])
        if audience is None:
            audience = sorted(chance.sample(PEERS, chance.randint(1, 6)))
        near = audience if isinstance(audience, list) and audience and chance.random() < 0.4 else PEERS
        yield tlp, audience, chance.choice(near), chance.random() < 0.8


def wrong_deliveries(decide, cases):
    """Those that the gate lets out although TLP 2.0 does not, or holds back although nothing speaks against it."""
    return [
        case
        for case in cases
        for tlp, audience, receiver, pinned in [case]
        if decide(tlp, audience, receiver, pinned=pinned).allowed
        != (pinned and tlp in MARKINGS and may_have(tlp, audience, receiver))
    ]


def test_no_delivery_to_a_wrong_audience_among_100_000_random_records_and_peers():
    assert wrong_deliveries(gate.decide, random_cases(100_000)) == []


def broken(change):
    """The gate asked something else than it should have been."""

    def decide(tlp, audience, receiver, *, pinned):
        return gate.decide(*change(tlp, audience, receiver)[:3], pinned=pinned)

    return decide


def always(allowed):
    return lambda *_, **__: gate.Decision(allowed, "broken on purpose")


BREAKS = {
    "everything leaves": always(allowed=True),
    "nothing leaves": always(allowed=False),
    "pinning does not count": lambda *case, **_: gate.decide(*case, pinned=True),
    "RED counts as AMBER": broken(lambda t, a, r: ("AMBER" if t == "RED" else t, a, r)),
    "AMBER+STRICT counts as GREEN": broken(lambda t, a, r: ("GREEN" if t == "AMBER+STRICT" else t, a, r)),
    "AMBER goes to all partners": broken(lambda t, a, r: ("GREEN", "partners", r) if t == "AMBER" else (t, a, r)),
    "GREEN goes to the public": broken(lambda t, a, r: ("CLEAR" if t == "GREEN" else t, a, r)),
    "CLEAR stays with partners": broken(lambda t, a, r: ("GREEN" if t == "CLEAR" else t, a, r)),
    "names do not count": broken(lambda t, a, r: (t, [r] if isinstance(a, list) else a, r)),
    "names count by their beginning": broken(
        lambda t, a, r: (t, [r] if isinstance(a, list) and any(r.startswith(one) for one in a) else a, r)
    ),
    "spaces and case do not count": broken(lambda t, a, r: (t.strip().upper(), a, r)),
    "a word counts as a name": broken(lambda t, a, r: (t, [a] if isinstance(a, str) and a in PEERS else a, r)),
    "the first name is forgotten": broken(lambda t, a, r: (t, a[1:] if isinstance(a, list) else a, r)),
}


@pytest.mark.parametrize("decide", BREAKS.values(), ids=BREAKS)
def test_a_gate_that_is_broken_on_purpose_is_found(decide):
    assert wrong_deliveries(decide, random_cases(20_000))
