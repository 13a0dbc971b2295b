"""The word `sild trust`, as people type it."""

import dataclasses
import json
import shutil

import pytest
from django.conf import settings as django_settings
from typer.testing import CliRunner

from sild.exchange import own
from sild.exchange.trust_cli import trust_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def tallinn(settings, tallinn_keys, tmp_path):
    shutil.copytree(tallinn_keys, tmp_path / "keys")
    settings.CONFIG = dataclasses.replace(django_settings.CONFIG, node="tallinn", home=tmp_path)
    return own.node_keys()


def typed(*words, status=0):
    done = CliRunner().invoke(trust_app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


def test_keys_are_shown_rotated_and_revoked(tallinn):
    before = json.loads(typed("show", "--json"))
    assert {key["role"] for key in before["keys"]} == {"root", "sign", "log", "seal", "tls"}
    after = json.loads(typed("rotate", "seal", "--json"))
    assert (after["serial"], after["fingerprint"]) == (2, before["fingerprint"])
    kid = next(key["kid"] for key in before["keys"] if key["role"] == "seal")
    revoked = json.loads(typed("revoke", kid, "--reason", "lost", "--json"))["revoked"]
    assert [(one["kid"], one["reason"]) for one in revoked] == [(kid, "lost")]


def test_people_read_a_table(tallinn):
    text = typed("show")
    assert tallinn.fingerprint in text
    assert "X-Wing" in text


def test_all_roles_at_once(tallinn):
    typed("rotate", "all")
    now = own.node_keys()
    assert now.log != tallinn.log
    assert now.tls != tallinn.tls


@pytest.mark.parametrize("words", [["rotate", "mail"], ["revoke", "x"], ["revoke", "x", "--reason", "bored"]])
def test_what_cannot_be_done_is_refused(words):
    typed(*words, status=2)
