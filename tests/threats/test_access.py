"""What anybody sees never exceeds their rights and level, whatever the order of writes, moves and marking changes."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sild.people.enums import Role
from sild.people.models import ApiToken, Person
from sild.people.services import issue_token
from sild.threats import pages, reading, removal, search, services
from sild.threats.access import access, accesses
from sild.threats.enums import Level
from sild.threats.errors import CollectionError, NotFoundError, RefusedError
from sild.threats.models import Grant
from threats.stix import MARKINGS, add, agency, collection, indicator, marking, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_owners_people_read_and_write_by_their_roles():
    where = collection()
    rights = {role: access(somebody(role), where.pk) for role in Role}
    assert {role: (one.may_read, one.may_write) for role, one in rights.items()} == {
        Role.VIEWER: (True, False),
        Role.EDITOR: (True, True),
        Role.PUBLISHER: (True, True),
        Role.ADMINISTRATOR: (True, True),
    }
    assert rights[Role.VIEWER].ceiling == Level.RED


def test_a_foreign_agency_needs_a_grant_and_sees_up_to_its_ceiling():
    where, other = collection(), somebody(Role.EDITOR, "ttja")
    with pytest.raises(NotFoundError):
        access(other, where.pk)
    grant = services.give_grant(somebody(), where, agency=other.agency, ceiling=Level.AMBER)
    found = access(other, where.pk)
    assert (found.may_read, found.may_write, found.ceiling) == (True, False, Level.AMBER)
    services.give_grant(somebody(), where, agency=other.agency, may_write=True, may_read=False)
    with pytest.raises(RefusedError):
        access(other, where.pk).require_read()
    services.remove_grant(somebody(), grant)
    assert accesses(other) == []


def test_a_restricted_collection_is_only_for_those_named():
    where = collection(is_restricted=False)
    where.is_restricted = True
    where.save()
    token, _secret = issue_token(somebody(), "t", Role.EDITOR)
    person = Person.objects.create_user("p")
    Grant.objects.create(collection=where, token=token, may_write=True, ceiling=Level.RED)
    Grant.objects.create(collection=where, person=person, ceiling=Level.CLEAR)
    with pytest.raises(NotFoundError):
        access(somebody(), where.pk)
    acting = somebody(Role.EDITOR)
    as_token = type(acting)(who="t", role=Role.EDITOR, agency=acting.agency, token_id=token.pk)
    as_person = type(acting)(who="p", role=Role.EDITOR, agency=acting.agency, person=person)
    assert access(as_token, where.pk).may_write
    assert (access(as_person, where.pk).may_write, access(as_person, where.pk).ceiling) == (False, Level.CLEAR)
    assert ApiToken.objects.count() == 1


def test_a_collection_is_found_by_its_alias_and_an_alias_is_taken_once():
    where = collection(alias="iocs")
    assert access(somebody(), "iocs").collection == where
    with pytest.raises(CollectionError):
        collection(alias="iocs")


def test_a_grant_names_exactly_one():
    with pytest.raises(CollectionError):
        services.give_grant(somebody(), collection())


class Reader(RuleBasedStateMachine):
    """An owner writes, re-marks, moves and removes; a foreign reader with a grant looks after each step."""

    def __init__(self):
        super().__init__()
        self.owner, self.reader = somebody(), somebody(Role.VIEWER, "ttja")
        self.open, self.closed = collection(title="open"), collection(title="closed")
        self.ceiling = Level.GREEN
        services.give_grant(self.owner, self.open, agency=self.reader.agency, ceiling=self.ceiling)
        self.items, self.version, self.definitions = [], 0, []
        # What the reader may see: highest level that the object was ever last marked with, by content.
        self.marked = {}

    def _put(self, where, item):
        add(where, item, actor=self.owner)

    @rule(level=st.integers(0, 4), open_=st.booleans())
    def write(self, level, open_):
        item = indicator(name=f"secret {len(self.items)}", object_marking_refs=[MARKINGS[level]])
        self.items.append([item, level])
        self._put(self.open if open_ else self.closed, item)

    @rule(number=st.integers(0, 30), level=st.integers(0, 4), open_=st.booleans(), back=st.booleans())
    def remark(self, number, level, open_, back):
        if not self.items:
            return
        self.version += 1
        entry = self.items[number % len(self.items)]
        year = 2024 if back else 2026
        stamp = f"{year}-01-01T00:{self.version // 60:02d}:{self.version % 60:02d}.000Z"
        changed = {**entry[0], "created": "2020-01-01T00:00:00.000Z", "modified": stamp}
        changed["object_marking_refs"] = [MARKINGS[level]]
        self.items.append([changed, level])
        self._put(self.open if open_ else self.closed, changed)

    @rule(level=st.integers(0, 4))
    def write_before_its_definition(self, level):
        definition = marking(level)
        self.definitions.append(definition)
        item = indicator(object_marking_refs=[definition["id"]])
        self.items.append([item, level])
        self._put(self.open, item)

    @rule()
    def define(self):
        if self.definitions:
            self._put(self.open, self.definitions.pop())

    @rule(number=st.integers(0, 30))
    def move(self, number):
        if self.items:
            item = self.items[number % len(self.items)][0]
            wanted = pages.Filter(ids=[item["id"]], words=frozenset({"all"}))
            removal.remove_objects(self.owner, self.open, wanted)
            self._put(self.closed, item)

    @rule(number=st.integers(0, 30), level=st.integers(0, 4))
    def restrict(self, number, level):
        if self.items:
            services.restrict(self.owner, self.open, self.items[number % len(self.items)][0]["id"], Level(level))

    @rule(level=st.integers(0, 4))
    def regrant(self, level):
        self.ceiling = Level(level)
        services.give_grant(self.owner, self.open, agency=self.reader.agency, ceiling=self.ceiling)

    @invariant()
    def nothing_above_the_ceiling_is_seen(self):
        levels = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS): level for item, level in self.items}
        found = access(self.reader, self.open.pk)
        page = pages.objects(found, pages.Filter(words=frozenset({"all"})))
        seen = {bytes(row[1]) for row in page.rows}
        seen |= {one.raw for one in search.search(self.reader, search.Query(text="secret")).items}
        seen |= {one.raw for one in search.search(self.reader, search.Query(value="evil.example")).items}
        for item, _level in self.items:
            seen |= {one.raw for one in reading.versions(self.reader, item["id"])}
        for raw in seen & levels.keys():
            assert levels[raw] <= self.ceiling
        with pytest.raises(NotFoundError):
            access(self.reader, self.closed.pk)


class ReaderCase(TestCase):
    def test_a_reader_never_sees_more_than_their_rights(self):
        quick = settings(max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(Reader, settings=quick)


def test_the_agency_is_made_once():
    assert agency() == agency()
