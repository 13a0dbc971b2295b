from __future__ import annotations

import pytest

from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.threats import services
from sild.threats.enums import Level
from sild.threats.errors import CollectionError, RefusedError
from sild.threats.models import Collection, Member
from threats.stix import GREEN, SECOND, add, agency, collection, indicator, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def level(item):
    return Level(Member.objects.get(object__stix_id=item["id"], is_last=True).level)


def test_a_collection_needs_a_title_and_an_agency():
    with pytest.raises(CollectionError):
        services.create_collection(somebody(), "  ")
    with pytest.raises(CollectionError):
        services.create_collection(type(somebody()).operator(), "x")
    assert services.create_collection(somebody(), " x ").title == "x"


def test_what_is_restricted_stays_so_in_later_versions_and_moves_when_it_is_freed():
    where, item = collection(), indicator(object_marking_refs=[GREEN])
    add(where, item)
    services.restrict(somebody(), where, item["id"], Level.RED)
    add(where, {**item, "modified": SECOND})
    assert level(item) == Level.RED
    before = Member.objects.get(is_last=True).position
    services.restrict(somebody(), where, item["id"], Level.CLEAR)
    assert level(item) == Level.GREEN
    assert Member.objects.get(is_last=True).position > before
    with pytest.raises(RefusedError):
        services.restrict(somebody(Role.VIEWER), where, item["id"], Level.CLEAR)


def test_what_unmarked_objects_count_as_can_change():
    where, marked, plain = collection(), indicator(object_marking_refs=[GREEN]), indicator()
    add(where, marked, plain)
    services.count_unmarked_as(somebody(), Collection.objects.get(), Level.AMBER)
    assert (level(marked), level(plain)) == (Level.GREEN, Level.AMBER)
    with pytest.raises(NotAllowedError):
        services.count_unmarked_as(somebody(Role.EDITOR), where, Level.CLEAR)


def test_only_an_administrator_lets_others_in():
    with pytest.raises(NotAllowedError):
        services.give_grant(somebody(Role.EDITOR), collection(), agency=agency("ttja"))
