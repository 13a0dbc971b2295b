"""The machine API of markings: previews, sight, changes, passing on, and what is not acknowledged."""

import pytest

from exchange.test_api import COMMENT
from sild.exchange import services
from sild.exchange.incoming import import_page
from sild.exchange.models import Record
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WAYS = [lambda pk: {"answers": pk}, lambda pk: {"replaces": pk}, lambda pk: {"body": {"x": pk}}]


def test_the_preview_says_what_each_partner_would_see(call, pinned):
    status, shown = call("POST", "/records/preview", {"tlp": "AMBER", "audience": ["kyiv"]}, role=Role.VIEWER)
    assert (status, shown["refusal"], shown["names"]) == (200, "", [])
    assert [(one["node"], one["sees"], one["stage"]) for one in shown["partners"]] == [("kyiv", True, "draft")]
    assert call("POST", "/records/preview", {"tlp": "AMBER", "audience": "partners"})[1]["code"] == "withheld"
    assert not Record.objects.exists()


@pytest.mark.parametrize("way", WAYS)
def test_the_preview_looks_at_what_a_draft_names(call, operator, pinned, way):
    narrow = services.publish(operator, **{**COMMENT, "tlp": "AMBER", "audience": ["riga"]})
    shown = call("POST", "/records/preview", {"tlp": "GREEN", "audience": "partners", **way(str(narrow.pk))})[1]
    assert (shown["code"], shown["names"]) == ("withheld-reference", [str(narrow.pk)])
    assert [one["sees"] for one in shown["partners"]] == [False]


def test_sight_marking_and_what_is_outstanding(call, pinned):
    _status, made = call("POST", "/records", COMMENT)
    [row] = call("GET", f"/records/{made['id']}/sight", role=Role.VIEWER)[1]
    assert (row["node"], row["sees"], row["stage"]) == ("kyiv", True, "waiting")
    status, _narrow = call("POST", f"/records/{made['id']}/mark", {"tlp": "RED", "audience": ["tallinn"]})
    assert status == 201
    [row] = call("GET", f"/records/{made['id']}/sight", role=Role.VIEWER)[1]
    assert (row["sees"], row["stage"]) == (False, "ending")
    [waiting] = call("GET", "/outstanding", role=Role.VIEWER)[1]
    assert (waiting["withdraws"], waiting["node"], waiting["fetched"]) == (made["id"], "kyiv", False)
    assert len(call("GET", "/outstanding?everything=true", role=Role.VIEWER)[1]) == 1


def test_changing_and_passing_on_take_their_rights(call, pinned, kyiv):
    _status, made = call("POST", "/records", COMMENT)
    for path, body in (("mark", {"tlp": "CLEAR", "audience": "public"}), ("pass-on", {"audience": "partners"})):
        status, problem = call("POST", f"/records/{made['id']}/{path}", body, role=Role.EDITOR)
        assert (status, problem["code"]) == (403, "not-allowed")


def test_a_partners_record_is_passed_on(call, pinned, kyiv):
    kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    status, made = call("POST", f"/records/{record.pk}/pass-on", {"audience": ["riga"]})
    assert status == 201
    forward = call("GET", f"/records/{made['id']}")[1]
    assert (forward["kind"], forward["audience"], forward["tlp"]) == ("exchange.forward", ["riga"], "GREEN")


def test_what_a_partner_took_back_is_not_shown(call, pinned, kyiv):
    from sild.trust.record import Reference  # noqa: PLC0415 -- one test of many needs it

    raw = kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    reference = Reference(id=str(record.pk), hash=kyiv.hash(raw))
    kyiv.publish({"reason": "wrong"}, kind="exchange.withdrawal", withdraws=reference)
    pinned.refresh_from_db()
    import_page(pinned, kyiv.page(after=1, have=1))
    shown = call("GET", f"/records/{record.pk}")[1]
    assert (shown["subject"], shown["header"], shown["body"], shown["withdrawn"]) == ("", {}, {}, True)
    status, problem = call("GET", f"/records/{record.pk}/file")
    assert (status, problem["code"]) == (404, "withdrawn")
