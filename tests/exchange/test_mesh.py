"""Many nodes, each two pinned to each other: everything arrives where it may, and nowhere else.

CI has 8; the largest community that a node is made for is 30: SILD_MESH_NODES=30 .venv/bin/python -m pytest
tests/exchange/test_mesh.py
"""

import os

import pytest

from exchange.simulation import Network, make
from sild.exchange import forwarding, receipts, services
from sild.exchange.models import Carried, Record, Refusal
from sild.people.actor import Actor

pytestmark = pytest.mark.integration
NODES = int(os.environ.get("SILD_MESH_NODES", "8"))
NAMES = [f"node-{number:02}" for number in range(1, NODES + 1)]
OPERATOR = Actor.operator()


@pytest.fixture(scope="module")
def made(tmp_path_factory, django_db_blocker):
    with django_db_blocker.unblock():
        yield make(tmp_path_factory.mktemp("mesh"), NAMES)


@pytest.fixture
def network(tmp_path, made):
    """A community in which the first and the last have never met."""
    network = Network(tmp_path, made, names=NAMES, apart={frozenset({NAMES[0], NAMES[-1]})})
    yield network
    network.close()


def everybody_pulls(network, pairs):
    for name in NAMES:
        for source in NAMES:
            if name != source and frozenset({name, source}) in pairs:
                network.pull(name, source)


def test_each_node_has_what_is_for_it_and_the_last_has_the_first_ones_word_by_a_carrier(network):
    first, carrier, last = NAMES[0], NAMES[1], NAMES[-1]
    met = {frozenset({one, other}) for one in NAMES for other in NAMES} - {frozenset({first, last})}
    texts = {}
    for position, name in enumerate(NAMES):
        follower = NAMES[(position + 1) % NODES]
        with network.nodes[name].acting():
            for whom, tlp, audience in (("all", "GREEN", "partners"), ("one", "AMBER", [follower])):
                text = f"{name} to {whom}"
                body = {"text": text}
                record = services.publish(
                    OPERATOR, kind="exchange.comment", subject="x", body=body, tlp=tlp, audience=audience
                )
                texts[text] = record.pk
    everybody_pulls(network, met)
    with network.nodes[carrier].acting():
        forwarding.redistribute(OPERATOR, Record.objects.get(pk=texts[f"{first} to all"]), "partners")
    everybody_pulls(network, met)
    for position, name in enumerate(NAMES):
        before = NAMES[position - 1]
        wanted = {f"{other} to all" for other in NAMES if other != name and frozenset({name, other}) in met}
        wanted |= {f"{before} to one"} if frozenset({name, before}) in met else set()
        with network.nodes[name].acting():
            came = Record.objects.exclude(received=None).filter(kind="exchange.comment")
            assert {record.body["text"] for record in came} == wanted
            assert not Refusal.objects.exists()
            own = Record.objects.filter(received=None).exclude(kind=receipts.KIND)
            assert name == carrier or not any(receipts.outstanding(record) for record in own)
    with network.nodes[last].acting():
        origin = forwarding.origin(Carried.objects.get().forward)
        assert (origin.record.issuer, origin.carrier) == (first, carrier)
        assert (origin.is_pinned, origin.verdict.ok) == (False, True)
