"""Signing and verifying by upload."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from people.factories import MembershipFactory
from sild.exchange.models import Delivery, Record
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
FILE = "Сторони домовилися.".encode()


def upload(name, data):
    return SimpleUploadedFile(name, data)


@pytest.fixture
def publisher(client):
    membership = MembershipFactory(role=Role.PUBLISHER)
    client.force_login(membership.person)
    return membership


def signature_of(client, data=FILE, **more):
    answer = client.post("/documents/sign/", {"file": upload("угода.txt", data), **more})
    assert answer.status_code == 200
    return answer


def test_a_file_is_signed_and_verified(client, publisher):
    answer = signature_of(client)
    assert "sig.json" in answer.headers["Content-Disposition"]
    assert Record.objects.get(kind="trust.document").tlp == "RED"
    page = client.post("/documents/verify/", {"file": upload("x", FILE), "signature": upload("s", answer.content)}).text
    assert "The signature holds" in page
    assert "угода.txt" in page
    assert "Ed25519, ML-DSA-65" in page
    assert "was pinned here" in page


def test_another_file_is_refused_in_the_readers_language(client, publisher):
    signature = signature_of(client).content
    for language, sentence in (("en", "its content differs"), ("et", "ei ole see"), ("uk", "не той, що його")):
        client.cookies["django_language"] = language
        page = client.post(
            "/documents/verify/", {"file": upload("x", b"other"), "signature": upload("s", signature)}
        ).text
        assert sentence in page


def test_partners_that_were_ticked_are_told(client, publisher, pinned):
    assert "kyiv" in client.get("/documents/").text
    signature_of(client, node=["kyiv"])
    assert Delivery.objects.get(partner=pinned).record.kind == "trust.document"


def test_what_is_no_signature_is_said(client, publisher):
    page = client.post("/documents/verify/", {"file": upload("x", FILE), "signature": upload("s", b"{}")}).text
    assert "not a document&#x27;s signature" in page


@pytest.mark.parametrize("which", ["sign", "verify"])
def test_a_form_without_files_asks_for_them(client, publisher, which):
    page = client.post(f"/documents/{which}/", follow=True).text
    assert "Choose the file" in page


def test_a_viewer_verifies_but_does_not_sign(client):
    client.force_login(MembershipFactory(role=Role.VIEWER).person)
    assert "Sign a document" not in client.get("/documents/").text
    assert client.post("/documents/sign/", {"file": upload("x", FILE)}).status_code == 403


def test_the_identity_is_a_jwk_set_for_whoever_asks(client, tallinn):
    answer = client.get("/.well-known/sild/identity")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.content == tallinn.identity_document()
    assert {key["kty"] for key in answer.json()["keys"]} == {"OKP", "AKP"}
