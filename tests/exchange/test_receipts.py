"""Receipts: what was imported is acknowledged to its issuer alone, once, and receipts are not."""

import pytest

from exchange.simulation import Network
from sild.exchange import receipts, services
from sild.exchange.incoming import import_page
from sild.exchange.models import Acknowledgement, Partner, Record
from sild.people.actor import Actor

pytestmark = pytest.mark.integration
OPERATOR = Actor.operator()


@pytest.fixture
def network(tmp_path, simulated):
    network = Network(tmp_path, simulated)
    yield network
    network.close()


def publish(node, **changes):
    values = {"kind": "exchange.comment", "subject": "x", "body": {"text": "x"}, "tlp": "GREEN", "audience": "partners"}
    with node.acting():
        return services.publish(OPERATOR, **{**values, **changes})


def acknowledged(node):
    with node.acting():
        return set(Acknowledgement.objects.values_list("record_id", "partner_id"))


def rounds(network, number=1):
    for _ in range(number):
        network.pull("kyiv", "tallinn")
        network.pull("tallinn", "kyiv")


def test_what_a_partner_imported_is_acknowledged_by_one_sealed_record_for_the_issuer_alone(network):
    tallinn, kyiv = network.nodes["tallinn"], network.nodes["kyiv"]
    made = [publish(tallinn) for _ in range(3)]
    rounds(network)
    assert acknowledged(tallinn) == {(record.pk, "kyiv") for record in made}
    with kyiv.acting():
        receipt = Record.objects.get(kind=receipts.KIND)
        assert (receipt.tlp, receipt.audience) == ("AMBER", ["tallinn"])
        assert receipt.body == {"records": [record.reference for record in made]}
    with tallinn.acting():
        assert receipts.outstanding(made[0]) == [Partner.objects.get(node="riga")]


def test_receipts_are_not_acknowledged_so_that_the_nodes_fall_silent(network):
    publish(network.nodes["tallinn"])
    rounds(network, 4)
    for node in network.nodes.values():
        with node.acting():
            assert Record.objects.filter(kind=receipts.KIND).count() == (node.name != "riga")


def test_a_withdrawal_is_outstanding_until_its_receipt_comes(network):
    tallinn = network.nodes["tallinn"]
    record = publish(tallinn, tlp="AMBER", audience=["kyiv"])
    rounds(network)
    with tallinn.acting():
        withdrawal = services.withdraw(OPERATOR, record, "wrong")
        assert [partner.node for partner in receipts.outstanding(withdrawal)] == ["kyiv"]
    rounds(network)
    with tallinn.acting():
        assert receipts.outstanding(withdrawal) == []


def test_what_could_not_be_acknowledged_is_in_the_next_round(network, monkeypatch):
    tallinn = network.nodes["tallinn"]
    record = publish(tallinn)
    with monkeypatch.context() as patch:
        patch.setattr("sild.exchange.pull.receipts.give", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            network.pull("kyiv", "tallinn")
    rounds(network)
    assert acknowledged(tallinn) == {(record.pk, "kyiv")}


def test_many_records_take_several_receipts(network, monkeypatch):
    monkeypatch.setattr(receipts, "MOST", 2)
    tallinn = network.nodes["tallinn"]
    made = {(publish(tallinn).pk, "kyiv") for _ in range(5)}
    rounds(network, 3)
    assert acknowledged(tallinn) == made


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"hash": "sha256:" + "0" * 64}, {"id": "0190a5a0-0000-7000-8000-000000000001"}])
def test_a_receipt_for_what_was_never_sent_counts_for_nothing(operator, pinned, kyiv, tallinn, change):
    from sild.trust.identity import Identity  # noqa: PLC0415 -- one test of many needs it

    record = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    body = {"records": [{**record.reference, **change}]}
    kyiv.publish(body, kind=receipts.KIND, tlp="AMBER", audience=["tallinn"])
    ours = Identity.parse(tallinn.identity_document(), on=None)
    assert len(import_page(pinned, kyiv.page(seal_for=ours)).records) == 1
    assert not Acknowledgement.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"records": []},
        {"records": {}},
        {"records": [{}]},
        {"records": ["x"]},
        {"records": [{"id": 1, "hash": 2}]},
        {"records": [{"id": "x", "hash": "sha256:" + "0" * 64}]},
        {"records": [{"id": "0190a5a0-0000-7000-8000-000000000001", "hash": "x"}]},
        {"records": [{"id": "0190a5a0-0000-7000-8000-000000000001", "hash": "sha256:" + "0" * 64}], "more": 1},
    ],
)
def test_a_body_of_another_form_is_no_receipt(body):
    with pytest.raises(ValueError, match=r".+"):
        receipts.validate(body)


@pytest.mark.django_db
def test_the_record_page_shows_receipts_and_who_does_not_know_of_a_withdrawal(client, operator, pinned, kyiv, tallinn):
    from people.factories import PersonFactory  # noqa: PLC0415 -- one test of many needs it
    from sild.trust.identity import Identity  # noqa: PLC0415 -- one test of many needs it

    client.force_login(PersonFactory(is_superuser=True, is_staff=True))
    record = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    body = {"records": [record.reference]}
    kyiv.publish(body, kind=receipts.KIND, tlp="AMBER", audience=["tallinn"])
    import_page(pinned, kyiv.page(seal_for=Identity.parse(tallinn.identity_document(), on=None)))
    assert "acknowledged by a receipt" in client.get(record.get_absolute_url()).content.decode()
    services.withdraw(operator, record, "wrong")
    assert "Not yet acknowledged that it was withdrawn" in client.get(record.get_absolute_url()).content.decode()
    receipt = Record.objects.get(kind=receipts.KIND)
    assert str(record.pk) in client.get(receipt.get_absolute_url()).content.decode()
