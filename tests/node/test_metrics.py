from __future__ import annotations

import asyncio

import pytest

from node.factories import DeliveryFactory, PartnerFactory, RecordFactory
from people.factories import MembershipFactory
from sild.node import metrics
from sild.people import services
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_state_of_the_node_is_read_from_the_database(client):
    RecordFactory(kind="exchange.comment")
    RecordFactory(kind="exchange.comment", received_now=True)
    DeliveryFactory(partner=PartnerFactory(node="kyiv", failures=2))
    figures = client.get("/metrics").text
    assert 'sild_records{kind="exchange.comment",origin="own"} 2.0' in figures
    assert 'sild_records{kind="exchange.comment",origin="partner"} 1.0' in figures
    assert 'sild_deliveries_waiting{partner="kyiv"} 1.0' in figures
    assert 'sild_pull_failures{partner="kyiv"} 2.0' in figures
    assert 'sild_seconds_since_contact{partner="kyiv"}' in figures
    assert "sild_log_size 0.0" in figures


def test_requests_are_counted_by_route_and_not_by_address(client, administrator):
    client.get("/partners/some-node/")
    figures = client.get("/metrics").text
    assert 'route="/partners/<str:node>/"' in figures
    assert "some-node" not in figures


def counted_of(path, method, application):
    asyncio.run(
        metrics.counted(application, {"/machines/1/": "/machines/{id}/"}.get)(
            {"path": path, "method": method}, None, sent
        )
    )


async def sent(_message):
    return None


def test_what_stands_beside_the_pages_is_counted_too(client):
    async def answers(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 202})
        await send({"type": "http.response.body", "body": b""})

    async def breaks(_scope, _receive, _send):
        raise RuntimeError("broken")

    counted_of("/machines/1/", "POST", answers)
    with pytest.raises(RuntimeError):
        counted_of("/machines/1/", "BREW", breaks)
    figures = client.get("/metrics").text
    assert 'sild_requests_total{method="POST",route="/machines/{id}/",status="202"} 1.0' in figures
    assert 'sild_requests_total{method="other",route="/machines/{id}/",status="500"} 1.0' in figures
    assert 'sild_request_seconds_count{route="/machines/{id}/"} 2.0' in figures


def test_a_caller_from_elsewhere_needs_a_token(client):
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", **elsewhere).status_code == 403
    actor = Actor.of(MembershipFactory(role=Role.EDITOR).person)
    _token, secret = services.issue_token(actor, "prometheus", Role.VIEWER)
    assert client.get("/metrics", headers={"authorization": f"Bearer {secret}"}, **elsewhere).status_code == 200
    assert client.get("/metrics", headers={"authorization": "Bearer sild_x"}, **elsewhere).status_code == 403


def test_a_proxy_on_this_machine_does_not_make_its_callers_local(client):
    assert client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 403
