from __future__ import annotations

import pytest

from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.threats.access import access
from sild.threats.engine.times import micros
from sild.threats.enums import Level, TermKind
from sild.threats.errors import NotFoundError, RefusedError
from sild.threats.models import Edge, Member, Sequencer, Term, Version
from sild.threats.pages import Filter, envelope, objects
from threats.stix import (
    FIRST,
    GREEN,
    RED,
    SECOND,
    THIRD,
    add,
    collection,
    indicator,
    malware,
    marking,
    relationship,
    sco,
    sdo,
    somebody,
)

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def where():
    return collection()


def levels(where, item):
    found = Member.objects.filter(collection=where, object__stix_id=item["id"]).order_by("version__stamp")
    return [(Level(one.level), one.is_last) for one in found]


def test_one_bad_object_is_told_by_index_and_does_not_sink_the_others(where):
    batch = add(where, indicator(), indicator(pattern=None), 7, malware())
    assert (batch.total, batch.success_count) == (4, 2)
    assert [(line["index"], line["message"]) for line in batch.failures] == [
        (1, "pattern is missing"),
        (2, "the object is no JSON object"),
    ]
    assert Member.objects.count() == 2


def test_a_remark_does_not_keep_an_object_out(where):
    batch = add(where, indicator(indicator_types=["home-made"]))
    assert batch.success_count == 1
    assert "indicator-type-ov" in batch.warnings[0]["message"]


def test_an_object_is_kept_as_it_came(where):
    item = sdo(
        "x-thing", name="ç", x_number=1.50, x_deep={"b": [1, {"a": None}]}, extensions={"x-ext": {"z": 1, "a": 2}}
    )
    add(where, item)
    page = objects(access(somebody(), where.pk), Filter())
    assert bytes(Version.objects.get().raw) in envelope(page).body
    assert b'"x_deep":{"b":[1,{"a":null}]}' in envelope(page).body
    assert "ç".encode() in envelope(page).body


def test_the_same_again_is_a_success_and_another_assertion(where):
    item = indicator()
    add(where, item)
    again = add(where, dict(reversed(item.items())))
    assert (again.success_count, again.failures) == (1, [])
    assert Version.objects.count() == Member.objects.count() == 1
    assert Version.objects.get().assertions.count() == 2


def test_other_content_under_the_same_version_is_a_conflict(where):
    item = indicator()
    add(where, item)
    batch = add(where, {**item, "name": "changed"})
    assert batch.failures[0]["message"].startswith("the collection has other content under that version")
    assert batch.failures[0]["version"] == FIRST
    assert Version.objects.count() == 1


def test_two_agencies_may_hold_different_things_under_one_identifier(where):
    item = indicator()
    other = collection(somebody(slug="ttja"), "Other")
    add(where, item)
    assert add(other, {**item, "name": "changed"}).failures == []


def test_bytes_stand_once_however_many_collections_hold_them(where):
    item = indicator()
    add(where, item)
    add(collection(title="Second"), item)
    assert (Version.objects.count(), Member.objects.count()) == (1, 2)


def test_an_older_version_that_comes_later_is_not_the_last(where):
    item = indicator()
    add(where, {**item, "modified": THIRD})
    add(where, {**item, "modified": SECOND}, item)
    assert [last for _level, last in levels(where, item)] == [False, False, True]
    first = Member.objects.get(is_first=True)
    assert first.version.stamp == micros(FIRST)


def test_an_observable_with_other_content_is_a_later_version(where):
    item = sco("ipv4-addr", value="198.51.100.3")
    add(where, item)
    assert add(where, {**item, "defanged": True}).failures == []
    assert [last for _level, last in levels(where, item)] == [False, True]
    add(where, {**item, "defanged": True})
    assert Version.objects.count() == 2


def test_positions_grow_even_when_the_clock_goes_back(where):
    future = 4_000_000_000_000_000
    Sequencer.objects.update_or_create(pk=1, defaults={"position": future})
    add(where, indicator(), malware())
    assert list(Member.objects.values_list("position", flat=True)) == [future + 2, future + 3]


def test_markings_give_the_level_and_unmarked_objects_the_collections(where):
    granular = indicator(name="x", granular_markings=[{"marking_ref": RED, "selectors": ["name"]}])
    items = [indicator(), indicator(object_marking_refs=[GREEN, RED]), granular, marking(4)]
    where.unmarked_as = Level.AMBER
    where.save()
    add(where, *items)
    assert [levels(where, item)[0][0] for item in items] == [Level.AMBER, Level.RED, Level.RED, Level.CLEAR]


def test_a_version_marked_higher_hides_the_earlier_ones(where):
    item = indicator(object_marking_refs=[GREEN])
    add(where, item)
    add(where, {**item, "modified": SECOND, "object_marking_refs": [RED]})
    assert levels(where, item) == [(Level.RED, False), (Level.RED, True)]


def test_a_version_marked_lower_frees_only_itself(where):
    item = indicator(object_marking_refs=[RED])
    add(where, item, {**item, "modified": SECOND, "object_marking_refs": [GREEN]})
    assert levels(where, item) == [(Level.RED, False), (Level.GREEN, True)]


def test_an_unknown_marking_is_red_until_its_definition_comes_and_then_has_a_new_position(where):
    definition = marking(1)
    item = indicator(object_marking_refs=[definition["id"]])
    add(where, item)
    assert levels(where, item) == [(Level.RED, True)]
    before = Member.objects.get().position
    add(where, definition)
    assert levels(where, item) == [(Level.GREEN, True)]
    assert Member.objects.get(object__stix_id=item["id"]).position > before


def test_a_definition_in_another_agency_says_nothing_here(where):
    definition = marking(0)
    item = indicator(object_marking_refs=[definition["id"]])
    add(collection(somebody(slug="ttja"), "Other"), definition)
    add(where, item)
    assert levels(where, item) == [(Level.RED, True)]


def test_a_definition_comes_with_the_objects_that_it_marks(where):
    definition = marking(2)
    item = indicator(object_marking_refs=[definition["id"]])
    add(where, item, definition)
    assert levels(where, item) == [(Level.AMBER, True)]


def test_what_connects_and_what_is_looked_up_is_noted(where):
    one, other = indicator("[ipv4-addr:value = 'A.B']"), malware("Bad", aliases=["Worse"])
    add(where, one, other, relationship(one, "indicates", other))
    edge = Edge.objects.get()
    assert (edge.source.stix_id, edge.label, edge.target.stix_id) == (one["id"], "indicates", other["id"])
    assert Term.objects.filter(value="a.b", kind=TermKind.VALUE).exists()
    assert set(Term.objects.filter(kind=TermKind.NAME).values_list("value", flat=True)) == {
        "an indicator",
        "bad",
        "worse",
    }


def test_adding_needs_the_right_and_leaves_a_line(where):
    with pytest.raises(RefusedError):
        add(where, indicator(), actor=somebody(Role.VIEWER))
    with pytest.raises(NotFoundError):
        add(where, indicator(), actor=somebody(slug="ttja"))
    batch = add(where, indicator(), actor=somebody(Role.EDITOR))
    line = AuditEntry.objects.get(action="threats.add")
    assert line.details == {"batch": str(batch.pk), "source": "test", "objects": 1, "failures": 0}


def test_nothing_of_a_batch_stays_when_writing_fails(where, monkeypatch):
    def broken(_rows):
        raise OSError("disk")

    monkeypatch.setattr("sild.threats.fulltext.insert", broken)
    with pytest.raises(OSError, match="disk"):
        add(where, indicator())
    assert (Version.objects.count(), Member.objects.count(), where.batches.count()) == (0, 0, 0)


def test_a_viewer_sets_up_no_collection():
    with pytest.raises(NotAllowedError):
        collection(somebody(Role.VIEWER))
