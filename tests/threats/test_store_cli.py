from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from sild.threats import sealing
from sild.threats.errors import CollectionError, NotFoundError
from sild.threats.models import Feed, Grant
from sild.threats.store_cli import collection_app, feed_app, pull_command
from threats.stix import add, agency, collection, indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

pull_app = typer.Typer()
pull_app.command()(pull_command)


def run(app, *words, status=0, text=None):
    done = CliRunner().invoke(app, words, input=text)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.output


def test_collections_are_set_up_listed_and_opened_to_another_agency():
    agency("cert")
    agency("ttja")
    made = json.loads(run(collection_app, "add", "cert", "Indicators", "--unmarked-as", "amber+strict", "--json"))
    assert made["path"] == f"/taxii2/cert/collections/{made['id']}/"
    assert "Made the collection More" in run(collection_app, "add", "cert", "More", "--alias", "more")
    assert "may read Indicators up to TLP:AMBER and write it" in run(
        collection_app, "grant", made["id"], "ttja", "--write", "--up-to", "AMBER"
    )
    assert Grant.objects.get().may_write
    rows = json.loads(run(collection_app, "list", "--json"))
    assert [(row["agency"], row["title"], row["objects"]) for row in rows] == [
        ("cert", "Indicators", 0),
        ("cert", "More", 0),
    ]
    assert "Indicators" in run(collection_app, "list")


def test_what_is_no_label_and_what_is_not_there_is_told():
    agency("cert")
    with pytest.raises(CollectionError, match="no TLP"):
        run(collection_app, "add", "cert", "x", "--unmarked-as", "PINK")
    with pytest.raises(NotFoundError):
        run(collection_app, "grant", "nothing", "cert")
    assert "none yet" in run(collection_app, "list")


def test_feeds_are_followed_and_a_failed_pull_is_status_1():
    where = collection()
    add(where, indicator())
    url = "http://127.0.0.1:1/r/collections/c/"
    words = ("add", str(where.pk), url, "--username", "u", "--secret-stdin")
    made = json.loads(run(feed_app, *words, "--json", text="secret\n"))
    feed = Feed.objects.get()
    assert (made["url"], sealing.unseal(feed.secret, feed.pk)) == (url, "secret")
    assert "secret" not in run(feed_app, "list")
    rows = json.loads(run(pull_app, "--json", status=1))
    assert "cannot be reached" in rows[0]["error"]
    run(pull_app, made["id"], status=1)
    run(feed_app, "remove", url)
    assert "is pulled into" in run(feed_app, "add", str(where.pk), url)
    run(feed_app, "remove", url)
    assert run(pull_app).strip() == "There are none yet."
