"""Webhooks: signed, retried, and never sent where they must not go."""

import dataclasses
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import HTTPMessageVerifier, algorithms
from http_message_signatures.digests import ContentDigest

from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.threats import hooks, writing
from sild.threats.desk_errors import WebhookError
from sild.threats.engine import signing
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.models import Webhook
from sild.threats.writing import Context

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def receiver(settings):
    settings.CONFIG = dataclasses.replace(settings.CONFIG, webhook_networks=("127.0.0.0/8",))
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def administrator(agency):
    return Actor(who="administrator", role=Role.ADMINISTRATOR, agency=agency)


@pytest.fixture
def hook(administrator, receiver):
    return hooks.set_up(administrator, f"http://127.0.0.1:{receiver.server_port}/in?x=1", Level.GREEN)


def test_a_new_object_is_told_in_a_request_that_verifies(publisher, receiver, hook):
    written = writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    hook.refresh_from_db()
    assert hook.is_waiting
    assert hooks.deliver(hook) is None
    [(headers, body)] = receiver.got
    assert written in {item["id"] for item in orjson.loads(body)["objects"]}
    key = load_pem_public_key(hooks.public_key(hook).encode())
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=signing.Keys(None, key))
    lower = {name.lower(): value for name, value in headers.items()}
    [verified] = verifier.verify(signing.Message("POST", hook.url, body, lower), max_age=timedelta(minutes=1))
    assert verified.parameters["keyid"] == f"tallinn/{hook.pk}"
    assert {'"@method"', '"@target-uri"', '"content-digest"'} <= set(verified.covered_components)
    assert lower["content-digest"] == ContentDigest.create(body)


def test_what_was_confirmed_is_not_sent_again(publisher, receiver, hook):
    writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    hooks.deliver(hook)
    hooks.deliver(hook)
    assert len(receiver.got) == 1


def test_nothing_above_its_ceiling_is_sent(publisher, receiver, hook):
    kept = writing.write_indicator(publisher, "203.0.113.5", Context(tlp="AMBER"))
    hooks.deliver(hook)
    assert all(kept.encode() not in body for _headers, body in receiver.got)


@pytest.mark.parametrize("status", [301, 404, 500])
def test_what_is_not_confirmed_is_tried_again_later_and_later(publisher, receiver, hook, status):
    receiver.status = status
    writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    pauses = [hooks.deliver(hook) for _ in range(3)]
    assert pauses == [timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)]
    assert str(status) in Webhook.objects.get().last_error
    receiver.status = 200
    assert hooks.deliver(hook) is None
    assert Webhook.objects.get().failures == 0


def test_after_days_of_failures_a_person_has_to_look(publisher, receiver, hook):
    receiver.status = 500
    writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    Webhook.objects.update(failures=hooks.MOST_FAILURES - 1)
    assert hooks.deliver(hook) is None
    assert not Webhook.objects.get().is_active
    assert hooks.deliver(Webhook.objects.get()) is None


def test_an_address_that_does_not_answer_is_a_failure(publisher, receiver, hook):
    hook.url = "http://127.0.0.1:9/"
    writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    assert hooks.deliver(hook) == timedelta(seconds=15)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://user:secret@198.51.100.1/",
        "ftp://198.51.100.1/",
        "http://1.1.1.1/",
        "https://nowhere.invalid/",
    ],
)
def test_an_address_inside_is_never_called(administrator, url):
    with pytest.raises(WebhookError):
        hooks.set_up(administrator, url, Level.GREEN)


def test_only_an_administrator_sets_one_up_and_removes_it(publisher, administrator, hook):
    with pytest.raises(NotAllowedError):
        hooks.set_up(publisher, hook.url, Level.GREEN)
    stranger = Actor(who="x", role=Role.ADMINISTRATOR, agency=None)
    assert stranger.is_operator
    with pytest.raises(NotFoundError):
        hooks.remove(administrator, "00000000-0000-4000-8000-000000000000")
    hooks.remove(administrator, str(hook.pk))
    assert not Webhook.objects.exists()
