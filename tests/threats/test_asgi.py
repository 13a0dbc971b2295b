"""Other people's clients, and clients that misbehave, at a real server process."""

from __future__ import annotations

import gzip
import socket
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime

import orjson
import pytest
import requests
import stix2
from taxii2client.common import TokenAuth
from taxii2client.v21 import Collection, Server, as_pages

from threats.served import Served
from threats.stix import SECOND, indicator, malware, relationship

pytestmark = pytest.mark.e2e

TAXII = "application/taxii+json;version=2.1"
BOTH = {"Accept": TAXII, "Content-Type": TAXII}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    node = Served(tmp_path_factory.mktemp("node"))
    yield node
    node.stop()


@pytest.fixture
def post(served):
    def send(objects, **headers):
        body = objects if isinstance(objects, bytes) else orjson.dumps({"objects": objects})
        address = f"{served.collection}objects/"
        return requests.post(address, body, headers={**BOTH, **headers}, auth=("x", served.secret), timeout=60)

    return send


def alive(served):
    got = requests.get(served.url, headers=BOTH, auth=("x", served.secret), timeout=30)
    return got.status_code == 200


def test_taxii2_client_works_unmodified(served):
    root = Server(served.url, user="x", password=served.secret).default
    (collection,) = root.collections
    assert (collection.can_read, collection.can_write) == (True, True)
    items = [indicator(), malware(), indicator()]
    status = collection.add_objects({"objects": items})
    assert (status.status, status.success_count) == ("complete", 3)
    assert root.get_status(status.id).total_count == 3
    collection.add_objects({"objects": [{**items[0], "modified": SECOND}]})
    found = [one for page in as_pages(collection.get_objects, per_request=2) for one in page["objects"]]
    assert {one["id"] for one in found} >= {one["id"] for one in items}
    assert len(collection.object_versions(items[0]["id"])["versions"]) == 2
    assert collection.get_object(items[1]["id"])["objects"] == [items[1]]
    assert collection.get_manifest(id=items[0]["id"])["objects"][0]["version"] == SECOND
    collection.delete_object(items[1]["id"])
    with pytest.raises(requests.HTTPError, match="404"):
        collection.get_object(items[1]["id"])
    collection.close()


def test_the_calls_of_opencti_bring_everything_once_and_then_only_what_is_new(served, post):
    """A token, every root and collection, pages of ten, then from the moment of its last run (external-import)."""
    began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    items = [indicator() for _ in range(25)]
    assert post(items).json()["success_count"] == 25

    def pull(added_after):
        server = Server(served.url, auth=TokenAuth(served.secret))
        [found] = [one for root in server.api_roots for one in root.collections if one.title == "Indicators"]
        page, objects = found.get_objects(limit=10, added_after=added_after), []
        while "objects" in page:
            objects += page["objects"]
            page = found.get_objects(limit=10, next=page["next"]) if page["more"] else {}
        server.close()
        return objects

    assert pull(began) == items
    assert pull("2099-01-01T00:00:00.000000Z") == []


def test_the_stores_of_stix2_work_unmodified(served):
    collection = Collection(served.collection, user="x", password=served.secret)
    store = stix2.TAXIICollectionStore(collection)
    actor = stix2.v21.IntrusionSet(name="UAC-0000 (example)", aliases=["Example Bear"])
    tool = stix2.v21.Tool(name="exampletool")
    store.add([actor, tool, stix2.v21.Relationship(actor, "uses", tool)])
    store.add(actor.new_version(description="more"))
    assert store.get(actor.id).description == "more"
    assert len(store.all_versions(actor.id)) == 2
    assert [one.name for one in store.query([stix2.Filter("type", "=", "tool")])] == ["exampletool"]
    assert [one.relationship_type for one in store.relationships(actor)] == ["uses"]
    collection.close()


def test_what_is_compressed_is_unpacked_and_answers_are_compressed_when_asked(served, post):
    item = indicator(description="x" * 5000)
    got = post(gzip.compress(orjson.dumps({"objects": [item]})), **{"Content-Encoding": "gzip"})
    assert got.json()["success_count"] == 1
    address = f"{served.collection}objects/{item['id']}/"
    for encoding in ("gzip", "identity"):
        headers = {**BOTH, "Accept-Encoding": encoding}
        got = requests.get(address, headers=headers, auth=("x", served.secret), timeout=30)
        assert got.json()["objects"] == [item]
        assert got.headers.get("Content-Encoding") == (encoding if encoding == "gzip" else None)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b" " * (10 * 1024 * 1024 + 1), {}, 413),
        (b'{"objects":[' + b" " * 100_000_000 + b"]}", {}, 413),
        (gzip.compress(b" " * (40 * 1024 * 1024)), {"Content-Encoding": "gzip"}, 413),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (b'{"objects":' + b"[" * 200_000 + b"]" * 200_000 + b"}", {}, 400),
        (b'{"objects":[{}]}', {"Content-Type": "text/plain"}, 415),
    ],
    ids=["too long", "a bundle of 100 MB", "a bomb", "no gzip", "deep nesting", "wrong type"],
)
def test_what_cannot_be_taken_gets_an_error_message_and_the_server_goes_on(served, post, body, headers, status):
    got = post(body, **headers)
    assert (got.status_code, got.json()["http_status"]) == (status, str(status))
    assert got.headers["Content-Type"] == TAXII
    assert alive(served)


def test_a_client_that_hangs_holds_nobody_up(served):
    hanging = [socket.create_connection(("127.0.0.1", served.ports[0])) for _ in range(20)]
    for one in hanging:
        one.sendall(b"POST /taxii2/cert/collections/x/objects/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert alive(served)
    for one in hanging:
        one.close()


def test_of_two_writers_on_one_version_one_is_told_of_a_conflict(post):
    item = indicator()
    told = []

    def write(name):
        told.append(post([{**item, "name": name}]).json()["success_count"])

    writers = [threading.Thread(target=write, args=(f"writer {number}",)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert sorted(told) == [0, 0, 0, 1]


def test_what_was_answered_202_survives_kill_9_and_no_batch_is_half_there(served, post):
    answered, stop = [], threading.Event()

    def write():
        while not stop.is_set():
            items = [one for _ in range(100) for one in _triple()]
            try:
                got = post(items)
            except requests.RequestException:
                return
            answered.append((got.json(), [one["id"] for one in items]))

    writer = threading.Thread(target=write)
    writer.start()
    while len(answered) < 3:
        writer.join(0.05)
        assert writer.is_alive()
    served.kill()
    stop.set()
    writer.join()
    served.start()
    for status, ids in answered:
        assert status["success_count"] == 300
        got = requests.get(
            f"{served.url}cert/status/{status['id']}/", headers=BOTH, auth=("x", served.secret), timeout=60
        )
        assert got.json() == status
        assert _count(served, ids) == 300
    halves = """SELECT count(*) FROM threats_batch b WHERE b.success_count <>
 (SELECT count(*) FROM threats_assertion a WHERE a.batch_id = b.id)"""
    with closing(sqlite3.connect(served.home / "node.sqlite3")) as database:
        # What was deleted by another test took its assertions along.
        assert database.execute(halves + " AND b.total = 300").fetchone() == (0,)


def _triple():
    one, other = indicator(), malware()
    return one, other, relationship(one, "indicates", other)


def _count(served, ids):
    places = ", ".join("?" * len(ids))
    sql = f"""SELECT count(*) FROM threats_member m JOIN threats_stixobject o ON o.id = m.object_id
 WHERE o.stix_id IN ({places})"""
    with closing(sqlite3.connect(served.home / "node.sqlite3")) as database:
        return database.execute(sql, ids).fetchone()[0]
