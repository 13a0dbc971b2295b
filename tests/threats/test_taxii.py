"""The OASIS standard's rules for a TAXII 2.1 server, section by section, over the server's own request handling."""

from __future__ import annotations

import uuid
from base64 import b64encode

import orjson
import pytest

from sild.people.enums import Role
from sild.people.services import issue_token, revoke_token
from sild.threats import services
from sild.threats.enums import Level
from sild.threats.taxii import MAX_CONTENT_LENGTH, Request, answer, route
from threats.stix import AMBER, FIRST, RED, SECOND, THIRD, add, agency, collection, indicator, malware, sco, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

TAXII = "application/taxii+json;version=2.1"


class Client:
    """Asks the server as a program with a token would."""

    def __init__(self, where, role=Role.EDITOR, slug="ria"):
        self.token, self.secret = issue_token(somebody(Role.ADMINISTRATOR, slug), "client", role)
        self.where = where
        self.root = "/taxii2/ria/"
        self.base = f"/taxii2/ria/collections/{where.pk}/"

    def ask(self, path, method="GET", body=b"", headers=None, **query):
        basic = b64encode(f"anybody:{self.secret}".encode()).decode()
        sent = {"accept": TAXII, "content-type": TAXII, "authorization": f"Basic {basic}", **(headers or {})}
        wanted = {
            name.replace("match_", "match[") + ("]" if name.startswith("match_") else ""): [value]
            for name, value in query.items()
        }
        address = path if path.startswith("/") else self.base + path
        return answer(Request(method, address, wanted, {name: value for name, value in sent.items() if value}, body))

    def get(self, path, **query):
        got = self.ask(path, **query)
        assert got.status == 200, got.body
        return orjson.loads(got.body)

    def ids(self, **query):
        return [one["id"] for one in self.get("objects/", **query).get("objects", [])]


@pytest.fixture
def where():
    return collection(alias="iocs", description="What we see")


@pytest.fixture
def client(where):
    return Client(where)


def error(got):
    said = orjson.loads(got.body)
    assert said["http_status"] == str(got.status)
    assert said["title"]
    assert said["description"]
    return got.status, said["error_code"]


# 1.6.8, 1.6.9: media types and authentication


@pytest.mark.parametrize(
    "accept", [TAXII, "application/taxii+json", "*/*", "text/html, application/taxii+json; version=2.1"]
)
def test_1_6_8_what_accepts_taxii_is_answered(client, accept):
    assert client.ask("/taxii2/", headers={"accept": accept}).status == 200


@pytest.mark.parametrize(
    "accept", ["", "application/json", "application/taxii+json;version=2.0", "application/vnd.oasis.taxii+json"]
)
def test_1_6_8_what_does_not_is_406(client, accept):
    assert error(client.ask("/taxii2/", headers={"accept": accept}))[0] == 406


@pytest.mark.parametrize("header", ["", "Basic !!!", "Basic eDp5", "Bearer x", "Digest x", "Basic"])
def test_1_6_9_without_a_valid_token_it_is_401_with_a_challenge(client, header):
    got = client.ask("/taxii2/", headers={"authorization": header})
    assert error(got) == (401, "unauthorised")
    assert got.headers["WWW-Authenticate"].startswith("Basic ")


def test_1_6_9_a_bearer_token_is_as_good_and_ends_when_revoked(client):
    bearer = {"authorization": f"Bearer {client.secret}"}
    assert client.ask("objects/", headers=bearer).status == 200
    revoke_token(somebody(), str(client.token.pk))
    assert client.ask("objects/", headers=bearer).status == 401


# 4: discovery, API roots, status


def test_4_1_discovery_names_the_roots_that_the_caller_may_use(client):
    found = client.get("/taxii2/")
    assert found["title"]
    assert (found["api_roots"], found["default"]) == (["/taxii2/ria/"], "/taxii2/ria/")
    services.give_grant(somebody(slug="ttja"), collection(somebody(slug="ttja")), agency=agency())
    assert client.get("/taxii2/")["api_roots"] == ["/taxii2/ria/", "/taxii2/ttja/"]


def test_4_2_an_api_root_tells_versions_and_the_largest_request(client):
    assert client.get(client.root) == {
        "title": "RIA",
        "versions": [TAXII],
        "max_content_length": MAX_CONTENT_LENGTH,
    }
    agency("ttja")
    assert error(client.ask("/taxii2/ttja/")) == (404, "not-found")
    assert error(client.ask("/taxii2/nobody/"))[0] == 404


def test_4_3_a_status_tells_every_failure_by_index(client):
    body = orjson.dumps({"objects": [indicator(), indicator(pattern=None), indicator(indicator_types=["odd"])]})
    got = client.ask("objects/", "POST", body)
    assert got.status == 202
    status = orjson.loads(got.body)
    assert (status["status"], status["total_count"], status["success_count"]) == ("complete", 3, 2)
    assert (status["failure_count"], status["pending_count"]) == (1, 0)
    assert status["failures"][0]["message"] == "objects[1]: pattern is missing"
    assert status["x_sild_warnings"][0]["message"].startswith("objects[2]")
    assert client.get(f"{client.root}status/{status['id']}/") == status


@pytest.mark.parametrize("name", ["x", "1a7c3ae6-7573-4508-b12d-46df5630d4f8"])
def test_4_3_an_unknown_status_is_404(client, name):
    assert error(client.ask(f"{client.root}status/{name}/")) == (404, "not-found")


def test_4_3_only_who_may_write_sees_a_status(client, where):
    batch = add(where, indicator())
    assert Client(where, Role.VIEWER).ask(f"{client.root}status/{batch.pk}/").status == 404


# 5: collections


def test_5_1_collections_with_what_the_caller_may_do(client, where):
    described = {
        "id": str(where.pk),
        "title": "Indicators",
        "description": "What we see",
        "alias": "iocs",
        "can_read": True,
        "can_write": True,
        "media_types": ["application/stix+json;version=2.1"],
    }
    assert client.get(f"{client.root}collections/") == {"collections": [described]}
    assert client.get("") == client.get(f"{client.root}collections/iocs/") == described
    assert Client(where, Role.VIEWER).get("")["can_write"] is False


def test_5_1_without_any_collection_there_is_no_list(where):
    where.delete()
    other = Client(where)
    assert other.get("/taxii2/ria/collections/") == {}


def test_5_2_an_unknown_or_foreign_collection_is_404(client):
    assert error(client.ask(f"{client.root}collections/{uuid.uuid4()}/objects/")) == (404, "not-found")
    foreign = collection(somebody(slug="ttja"))
    assert client.ask(f"{client.root}collections/{foreign.pk}/").status == 404
    services.give_grant(somebody(slug="ttja"), foreign, agency=agency())
    assert client.ask(f"/taxii2/ttja/collections/{foreign.pk}/").status == 200
    assert client.ask(f"{client.root}collections/{foreign.pk}/").status == 404


def test_5_3_the_manifest(client, where):
    item = indicator()
    add(where, item)
    got = client.ask("manifest/")
    entry = orjson.loads(got.body)["objects"][0]
    assert (entry["id"], entry["version"], entry["media_type"]) == (
        item["id"],
        FIRST,
        "application/stix+json;version=2.1",
    )
    assert entry["date_added"] == got.headers["X-TAXII-Date-Added-First"] == got.headers["X-TAXII-Date-Added-Last"]


def test_5_4_objects_in_the_order_of_their_addition(client, where):
    items = [indicator(), malware(), sco("url", value="https://u.example/")]
    assert client.get("objects/") == {}
    add(where, *items)
    assert client.get("objects/") == {"more": False, "objects": items}


def test_5_5_writing_needs_the_right_and_the_form(client, where):
    body = orjson.dumps({"objects": [indicator()]})
    assert error(Client(where, Role.VIEWER).ask("objects/", "POST", body)) == (403, "not-allowed")
    for kind in ("", "application/json", "application/stix+json;version=2.1"):
        assert error(client.ask("objects/", "POST", body, {"content-type": kind}))[0] == 415
    for bad in (b"", b"{", b"[" * 5000, b'{"objects": [{"a": "\xff"}]}', b'{"objects":[NaN]}'):
        assert error(client.ask("objects/", "POST", bad))[0] == 400
    for bad in (b"{}", b"[]", b"7", b'{"objects":{}}', b'{"objects":[]}'):
        assert error(client.ask("objects/", "POST", bad))[0] == 422
    assert error(client.ask("objects/", "POST", None))[0] == 413
    assert where.members.count() == where.batches.count() == 0


def test_5_6_an_object_by_id_and_5_8_its_versions(client, where):
    item = indicator()
    add(where, item, {**item, "modified": SECOND}, {**item, "modified": THIRD})
    path = f"objects/{item['id']}/"
    assert [one["modified"] for one in client.get(path)["objects"]] == [THIRD]
    assert len(client.get(path, match_version="all")["objects"]) == 3
    assert [one["modified"] for one in client.get(path, match_version="first")["objects"]] == [FIRST]
    assert client.get(path, match_version="2020-01-01T00:00:00Z") == {}
    assert client.get(path + "versions/") == {"more": False, "versions": [FIRST, SECOND, THIRD]}
    assert client.get(path + "versions/", limit="2") == {
        "more": True,
        "next": client.get(path + "versions/", limit="2")["next"],
        "versions": [FIRST, SECOND],
    }
    for missing in (f"objects/{malware()['id']}/", "objects/nothing/", f"objects/{malware()['id']}/versions/"):
        assert error(client.ask(missing)) == (404, "not-found")


def test_5_7_deleting_takes_the_named_versions_or_all(client, where):
    item, other = indicator(), malware()
    add(where, item, {**item, "modified": SECOND}, other)
    path = f"objects/{item['id']}/"
    assert error(Client(where, Role.VIEWER).ask(path, "DELETE")) == (403, "not-allowed")
    assert client.ask(path, "DELETE", match_version="last").status == 200
    assert [one["modified"] for one in client.get(path)["objects"]] == [FIRST]
    assert client.ask(path, "DELETE").status == 200
    assert client.ask(path, "DELETE").status == 404
    assert client.ids() == [other["id"]]


# 3.4, 3.5: filters and paging


def test_3_4_filters(client, where):
    first, second, seen = indicator(), malware(), sco("url", value="https://u.example/")
    newer = {**first, "modified": SECOND}
    add(where, first, second, seen, newer)
    assert client.ids() == [second["id"], seen["id"], first["id"]]
    assert client.ids(match_version="all") == [first["id"], second["id"], seen["id"], first["id"]]
    assert client.ids(match_version="first,last") == client.ids(match_version="all")
    assert client.ids(match_version=SECOND) == [first["id"]]
    assert client.ids(match_type="malware,url") == [second["id"], seen["id"]]
    assert client.ids(match_type="nothing") == []
    assert client.ids(match_id=f"{second['id']},{malware()['id']}") == [second["id"]]
    assert client.ids(match_id=second["id"], match_type="url") == []
    assert client.ids(match_spec_version="2.0") == []
    assert len(client.ids(match_spec_version="2.0,2.1")) == 3


def test_3_4_without_match_spec_version_it_is_the_newest_version_of_stix_that_there_is(client, where):
    item, alone = malware(), malware()
    older = {**item, "modified": THIRD, "labels": ["trojan"]}
    older_alone = {**alone, "labels": ["trojan"]}
    for one in (older, older_alone):
        del one["spec_version"], one["is_family"]
    add(where, item, {**item, "modified": SECOND}, older, older_alone)

    def stamps(**query):
        objects = client.get("objects/", **query).get("objects", [])
        return [one["modified"] for one in objects if one["id"] == item["id"]]

    assert stamps() == [SECOND]
    assert stamps(match_version="first") == [FIRST]
    assert stamps(match_version="all") == [FIRST, SECOND]
    assert stamps(match_version=THIRD) == []
    assert stamps(match_spec_version="2.0") == stamps(match_spec_version="2.0", match_version="first") == [THIRD]
    assert stamps(match_spec_version="2.0,2.1") == [THIRD]
    assert stamps(match_spec_version="2.0,2.1", match_version="first") == [FIRST]
    assert stamps(match_spec_version="2.0,2.1", match_version="all") == [FIRST, SECOND, THIRD]
    assert stamps(match_spec_version="2.1") == [SECOND]
    assert client.get(f"objects/{item['id']}/versions/")["versions"] == [FIRST, SECOND]
    assert client.ids(match_id=alone["id"]) == [alone["id"]]
    assert client.ask(f"objects/{item['id']}/", "DELETE", match_spec_version="2.1").status == 200
    assert stamps() == [THIRD]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "x"},
        {"limit": "9" * 30},
        {"next": "x"},
        {"added_after": "yesterday"},
        {"match_version": "newest"},
        {"match_id": ",".join(f"x{number}" for number in range(501))},
    ],
)
def test_3_4_what_is_no_filter_is_400(client, query):
    assert error(client.ask("objects/", **query))[0] == 400


def test_3_5_pages_follow_one_another_without_gap_or_overlap(client, where):
    items = [indicator() for _ in range(7)]
    add(where, *items)
    found, after = [], {}
    while True:
        page = client.get("objects/", limit="3", **after)
        found += page["objects"]
        if not page["more"]:
            break
        after = {"next": page["next"]}
    assert found == items


def test_3_5_the_date_of_the_last_object_is_where_to_go_on(client, where):
    """Clients such as OpenCTI's keep the header alone, so no two objects share a date."""
    add(where, *(indicator() for _ in range(5)))
    last, found = FIRST, 0
    while True:
        got = client.ask("objects/", limit="2", added_after=last)
        objects = orjson.loads(got.body).get("objects", [])
        if not objects:
            break
        found, last = found + len(objects), got.headers["X-TAXII-Date-Added-Last"]
    assert found == 5


def test_a_reader_from_elsewhere_sees_up_to_the_grant(client, where):
    items = [indicator(object_marking_refs=[mark]) for mark in (AMBER, RED)] + [indicator()]
    add(where, *items)
    services.give_grant(somebody(), where, agency=agency("ttja"), ceiling=Level.AMBER)
    other = Client(where, slug="ttja")
    assert other.ids() == [items[0]["id"], items[2]["id"]]
    assert other.ask(f"objects/{items[1]['id']}/").status == 404
    assert other.ask("objects/", "POST", b"{}").status == 403
    assert client.ids() == [item["id"] for item in items]


def test_a_grant_to_write_alone_gives_nothing_to_read(where):
    services.give_grant(somebody(), where, agency=agency("ttja"), may_read=False, may_write=True)
    other = Client(where, slug="ttja")
    assert other.ask("objects/", "POST", orjson.dumps({"objects": [indicator()]})).status == 202
    assert error(other.ask("objects/")) == (403, "not-allowed")
    assert other.ask("manifest/").status == 403


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("PATCH", 405), ("POST", 404), ("DELETE", 404)])
def test_what_no_endpoint_does_is_refused(client, method, status):
    assert error(client.ask(client.root, method))[0] == status


def test_a_token_of_so_many_calls_a_minute_is_told_when_to_go_on(client, where):
    client.token, client.secret = issue_token(somebody(Role.ADMINISTRATOR), "slow", Role.VIEWER, per_minute=2)
    assert [client.ask("objects/").status for _ in range(2)] == [200, 200]
    got = client.ask("objects/")
    assert error(got) == (429, "too-many-requests")
    assert 0 < int(got.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/taxii2/", "/taxii2/"),
        ("/taxii2/ria/", "/taxii2/{root}/"),
        ("/taxii2/ria/status/17/", "/taxii2/{root}/status/{id}/"),
        (
            "/taxii2/ria/collections/17/objects/x--1/versions",
            "/taxii2/{root}/collections/{id}/objects/{object}/versions/",
        ),
        ("/taxii2/ria/collections/17/anything/", "other"),
        ("/taxii2/a/b/c/d/e/f/g/", "other"),
    ],
)
def test_figures_are_kept_by_the_address_without_what_is_named_in_it(path, named):
    assert route(path) == named


def test_what_breaks_inside_is_an_error_message(client, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("sild.threats.pages.objects", broken)
    got = client.ask("objects/")
    assert error(got) == (500, "internal")
    assert b"secret" not in got.body
