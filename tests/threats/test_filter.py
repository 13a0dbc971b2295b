"""Whatever is written and shared: no surface shows a reader more than their marking and rights allow."""

import csv

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.threats import asking, coverage, exporting, feeding, finding, picture, reading, search, services, writing
from sild.threats.engine import tlp
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.models import Collection
from sild.threats.writing import Context

pytestmark = [pytest.mark.integration]
LEVELS = st.sampled_from(tlp.LEVELS)


class TestNobodySeesMore(TestCase):
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(LEVELS, st.booleans()), min_size=1, max_size=5), LEVELS)
    def test_a_guest_with_a_ceiling_sees_nothing_above_it_on_any_surface(self, things, ceiling):
        owner = Actor(who="o", role=Role.ADMINISTRATOR, agency=Agency.objects.create(slug="owner", name="Owner"))
        guest = Actor(who="g", role=Role.VIEWER, agency=Agency.objects.create(slug="guest", name="Guest"))
        top, written = Level.of(ceiling), {}
        for number, (level, is_linked) in enumerate(things):
            about = [next(iter(written))] if is_linked and written else []
            context = Context(tlp=level, techniques=["T1059"], about=about)
            written[writing.write_indicator(owner, f"n{number}.example", context)] = Level.of(level)
        desk = Collection.objects.get(agency=owner.agency, alias=writing.ALIAS)
        services.give_grant(owner, desk, agency=guest.agency, ceiling=top)
        hidden = {one for one, level in written.items() if level > top}
        names = {f"n{number}.example" for number, one in enumerate(written) if one in hidden}
        self.check(guest, set(written), hidden, names)

    def check(self, guest, written, hidden, names):
        everything = search.Query(limit=200)
        assert {one.stix_id for one in finding.find(guest, everything).items} & written == written - hidden
        for one in hidden:
            with pytest.raises(NotFoundError):
                reading.get(guest, one)
        for one in written - hidden:
            around = picture.neighbourhood(guest, reading.get(guest, one))
            assert not {row.stix_id for row in around.neighbours} & hidden
        answers = asking.ask(guest, " ".join(names) or "nothing.example")
        assert not any(answer.is_known for answer in answers)
        objects, _last, _more = feeding.page(guest, 0, ceiling=Level.RED)
        assert not {orjson.loads(raw)["id"] for raw in objects} & hidden
        assert not {item["id"] for item in exporting.stix_bundle(guest, everything)["objects"]} & hidden
        assert not {row["id"] for row in csv.DictReader(exporting.csv_text(guest, everything).splitlines())} & hidden
        values = {one["value"] for event in feeding.misp_events(guest).values() for one in event["Attribute"]}
        assert not values & names
        assert coverage.numbers(guest)["T1059"] <= len(written - hidden)
