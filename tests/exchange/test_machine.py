"""The exchange as a state machine: three nodes, every kind of trouble, and what must hold whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path

import orjson
import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from exchange.simulation import NAMES, CrashError, Network, rows
from exchange.tlp import may_have
from scale import is_nightly, scaled
from sild.exchange import bundles, gate, kinds, log, naming, narrowing, numbering, receipts, services, urgency
from sild.exchange.errors import BundleError, ExchangeError, LinkDownError, WithheldError
from sild.exchange.incoming import import_page
from sild.exchange.models import Partner, Record
from sild.people.actor import Actor
from sild.trust.record import parse_record
from sild.trust.seal import open_sealed

pytestmark = pytest.mark.simulated
# By night more than 100,000 steps, other ones each time; the variable is for a part of a night.
EXAMPLES = int(os.environ.get("SILD_MACHINE_EXAMPLES", scaled(12, 1_850)))
STEPS = 60

names = st.sampled_from(NAMES)
# Markings with audiences that fit them, written down from TLP 2.0 and not from the gate.
marked = st.one_of(
    st.tuples(st.sampled_from(["RED", "AMBER", "AMBER+STRICT", "GREEN", "CLEAR"]), st.sets(names, min_size=1)),
    st.tuples(st.sampled_from(["GREEN", "CLEAR"]), st.just("partners")),
    st.tuples(st.just("CLEAR"), st.just("public")),
)


class LeakError(AssertionError):
    """Something reached a node that must not have it, or travelled in the open."""


def may_name(owner, new, old):
    """TLP 2.0 by itself: whether a record of `owner` marked `new` may name one of its own marked `old`."""
    (tlp, audience), (old_tlp, old_audience) = new, old
    if tlp == "RED":
        return True
    if isinstance(audience, str):
        return isinstance(old_audience, str) and old_tlp in ({"CLEAR"} if audience == "public" else {"GREEN", "CLEAR"})
    return all(node == owner or may_have(old_tlp, old_audience, node) for node in audience)


def watch(asker, target, page, told=()):
    """Look at every entry that leaves a node, before its receiver's own checks can hide a leak."""
    for entry in page["entries"]:
        if "withdrawn" in entry:
            continue
        raw = entry.get("record", "").encode()
        if "sealed" in entry:
            context = {"receiver": asker.name, "position": str(entry["position"])}
            context |= {"lane": entry["lane"]} if "lane" in entry else {}
            raw = open_sealed(entry["sealed"], asker.keys, sender=target.name, context=context)
        header = parse_record(raw).header
        if header.id in told:
            raise LeakError(f"{target.name} sent to {asker.name} what it had taken back")
        if not may_have(header.tlp, header.audience, asker.name):
            raise LeakError(f"{target.name} sent {header.tlp} for {header.audience} to {asker.name}")
        if not isinstance(header.audience, str) and "record" in entry:
            raise LeakError(f"{target.name} sent what is for {header.audience} in the open")


class Machine(RuleBasedStateMachine):
    """Three nodes and the troubles of their network; `made` is set by the fixture."""

    made = None
    steps = 0

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sild-machine-"))
        self.network = Network(self.folder, self.made, watch=self.watch)
        self.bundles = []
        self.operator = Actor.operator()
        # What each node published, in order: id, tlp, audience; the same by issuer and id; what it withdrew, and who is
        # to know of that.
        self.published = defaultdict(list)
        self.marked = {}
        self.withdrawn = set()
        self.told = defaultdict(set)
        # What withdraws another; it is not taken back itself.
        self.notices = set()
        # For each version the one that it took the place of.
        self.earlier = {}

    def watch(self, asker, target, page):
        watch(asker, target, page, {str(pk) for pk, nodes in self.told.items() if asker.name in nodes})

    def teardown(self):
        try:
            self.heal()
            self.settle()
        finally:
            self.network.close()
            shutil.rmtree(self.folder)

    @rule(name=names, marking=marked, number=st.integers(1, 3), urgent=st.booleans())
    def publish(self, name, marking, number, urgent):
        self._publish(name, marking, number, urgent=urgent)

    @rule(name=names, marking=marked, data=st.data())
    def revise(self, name, marking, data):
        """A new version, often under another marking and for other readers."""
        if all(row[0] in self.notices for row in self.published[name]):
            return
        pk, *old = data.draw(st.sampled_from([row for row in self.published[name] if row[0] not in self.notices]))
        with self.network.nodes[name].acting():
            replaces = Record.objects.get(pk=pk)
        try:
            self._publish(name, marking, 1, replaces=replaces)
        except WithheldError as error:
            assert not may_name(name, marking, old), error  # noqa: PT017 -- what may be named must not be refused
            return
        if not may_name(name, marking, old):
            raise LeakError(f"{marking} names a record of {old}")
        self._narrowed(name, pk, marking)

    @rule(name=names, data=st.data())
    def withdraw(self, name, data):
        left = [row for row in self.published[name] if row[0] not in self.withdrawn | self.notices]
        if left:
            pk, tlp, audience = data.draw(st.sampled_from(left))
            with self.network.nodes[name].acting():
                made = services.withdraw(self.operator, Record.objects.get(pk=pk), "not any more")
            self.withdrawn.add(pk)
            self.told[pk] |= {node for node in NAMES if node != name and may_have(tlp, audience, node)}
            self.notices.add(made.pk)
            self._keep(name, [made], tlp, audience)

    @rule(name=names, source=names)
    def pull(self, name, source):
        if name != source:
            self._pull(name, source)

    @rule(name=names, source=names, after=st.integers(1, 4))
    def crash_in_import(self, name, source, after):
        """The process dies while a record is being imported; its transaction is rolled back."""
        left = [after]

        def die(sender, record, **_):
            left[0] -= 1
            if not left[0]:
                raise CrashError

        if name == source:
            return
        kinds.record_added.connect(die)
        try:
            self._pull(name, source)
        except CrashError:
            pass
        finally:
            kinds.record_added.disconnect(die)

    @rule(name=names, marking=marked)
    def crash_in_publish(self, name, marking):
        """The process dies after the leaf, the checkpoint and the deliveries were written, but before the commit."""

        def die(sender, record, **_):
            raise CrashError

        before = len(self.published[name])
        kinds.record_added.connect(die)
        try:
            self._publish(name, marking, 1)
        except CrashError:
            pass
        finally:
            kinds.record_added.disconnect(die)
        assert len(self.published[name]) == before

    @rule(name=names)
    def restart(self, name):
        """The process is started again: what was not committed is gone, and so is everything in memory."""
        self.network.nodes[name].restart()

    @rule(one=names, other=names)
    def partition(self, one, other):
        if one != other:
            self.network.cut.add(frozenset({one, other}))

    @rule(one=names, other=names)
    def mend(self, one, other):
        self.network.cut.discard(frozenset({one, other}))

    @rule(one=names, other=names, number=st.integers(1, 3))
    def lose_answers(self, one, other, number):
        self.network.lose[frozenset({one, other})] += number

    @precondition(lambda self: any(self.network.seen.values()))
    @rule(data=st.data())
    def replay_page(self, data):
        """An old page comes again under the newest checkpoint that is known: it must change nothing."""
        name, source = data.draw(st.sampled_from(sorted(pair for pair, pages in self.network.seen.items() if pages)))
        page = data.draw(st.sampled_from(self.network.seen[name, source]))
        with self.network.nodes[name].acting():
            partner = Partner.objects.get(node=source)
            newest = partner.their_checkpoint
            positions = partner.positions
            known = all(entry["position"] <= positions["lane" in entry] for entry in page["entries"])
            if page["checkpoint"] == newest and known:
                assert import_page(partner, page).records == []
            partner.refresh_from_db()
            assert partner.positions == positions

    @rule(name=names, source=names, back=st.integers(0, 3))
    def write_bundle(self, name, source, back):
        """A courier sets off, perhaps with what is known there already."""
        if name == source or not self.published[source]:
            return
        path = self.folder / f"{len(self.bundles)}.zip"
        with self.network.nodes[source].acting():
            since = max(0, Partner.objects.get(node=name).delivered - back)
            bundles.export(self.operator, name, path, since=since)
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                if part.startswith("pages/"):
                    self.watch(self.network.nodes[name], self.network.nodes[source], orjson.loads(archive.read(part)))
        self.bundles.append((name, path))

    @precondition(lambda self: self.bundles)
    @rule(data=st.data())
    def read_bundle(self, data):
        """Couriers arrive in any order, and more than once; what does not join is kept out by name."""
        name, path = data.draw(st.sampled_from(self.bundles))
        with self.network.nodes[name].acting():
            try:
                bundles.take(self.operator, path)
            except BundleError as error:
                assert error.code in {"bundle-gap", "bundle-old"}, error  # noqa: PT017 -- either is right here

    @invariant()
    def nobody_has_what_is_not_for_it(self):
        type(self).steps += 1
        for name, node in self.network.nodes.items():
            with node.acting():
                came = rows("SELECT id, kind, issuer, audience FROM exchange_record WHERE received IS NOT NULL")
                assert rows("SELECT count(*) FROM exchange_refusal") == [(0,)]
            for pk, kind, issuer, audience in came:
                if kind == receipts.KIND:
                    assert orjson.loads(audience) == [name]
                elif not may_have(*self.marked[issuer, pk], name):
                    raise LeakError(f"{name} has {kind} {pk} of {issuer}")

    @invariant()
    def numbering_has_no_gaps(self):
        """In plain SQL, since this runs after every step; no number comes twice, as the tables themselves see to."""
        for node in self.network.nodes.values():
            with node.acting():
                [(size, last)] = rows("SELECT count(*), max(leaf_index) FROM exchange_record WHERE received IS NULL")
                assert (last is None and size == 0) or last == size - 1
                assert rows("SELECT max(size) FROM exchange_checkpoint") == [(size or None,)]
                assert rows("SELECT max(size) FROM exchange_logstate") in ([(size,)], [(size or None,)])
                numbered = {
                    (partner, bool(urgent)): (count, last)
                    for partner, urgent, count, last in rows(
                        "SELECT partner_id, urgent, count(*), max(position) FROM exchange_delivery "
                        "GROUP BY partner_id, urgent"
                    )
                }
                for partner, delivered, urgent, state in rows(
                    "SELECT node, delivered, urgent_delivered, state FROM exchange_partner"
                ):
                    assert state == "pinned"
                    for lane, confirmed in ((False, delivered), (True, urgent)):
                        count, last = numbered.get((partner, lane), (0, 0))
                        assert last == count
                        assert confirmed <= count

    def heal(self):
        self.network.cut.clear()
        self.network.lose.clear()

    def settle(self):
        """Three rounds of everybody with everybody, then everything is where it belongs, once, in order."""
        for _ in range(3):
            for name in NAMES:
                for source in NAMES:
                    if name != source:
                        self.network.pull(name, source)
        for name in NAMES:
            for source in NAMES:
                if name != source:
                    self._converged(name, source)

    def _converged(self, name, source):
        wanted = [pk for pk, tlp, audience in self.published[source] if may_have(tlp, audience, name)]
        with self.network.nodes[name].acting():
            rows = Record.objects.filter(issuer=source).exclude(kind=receipts.KIND).order_by("leaf_index")
            here = [row.pk for row in rows]
            lost = {pk for pk in wanted if name in self.told[pk]}
            # What was taken back may have come before, and need not come after.
            assert [pk for pk in wanted if pk in here] == here
            assert set(wanted) - lost <= set(here)
            assert {row.pk for row in rows if row.withdrawn} == lost & set(here)
            assert not any(row.is_shown for row in rows if row.pk in lost)
            positions = Partner.objects.get(node=source).positions
        with self.network.nodes[source].acting():
            partner = Partner.objects.get(node=name)
            assert partner.confirmed == positions
            assert sum(positions.values()) == partner.deliveries.count()
            assert set(partner.acknowledgements.values_list("record_id", flat=True)) == set(here)

    def _publish(self, name, marking, number, replaces=None, *, urgent=False):
        tlp, audience = marking
        draft = services.Draft(
            kind="exchange.comment",
            subject="a step of the machine",
            body={"text": f"{len(self.published[name])}"},
            tlp=tlp,
            audience=audience if isinstance(audience, str) else sorted(audience),
            replaces=replaces,
            urgent=urgent,
        )
        with self.network.nodes[name].acting():
            made = services.publish_batch(self.operator, [draft] * number)
        self._keep(name, made, tlp, audience)
        if replaces is not None:
            self.earlier[made[0].pk] = replaces.pk

    def _keep(self, name, made, tlp, audience):
        """Note what was published, apart from the nodes' own tables."""
        for record in made:
            self.published[name].append((record.pk, tlp, audience))
            self.marked[name, record.pk.hex] = tlp, audience

    def _narrowed(self, name, pk, marking):
        """Whoever had an earlier version, and may not have the new one, is told, and nobody else is."""
        while pk is not None:
            tlp, audience = next(row[1:] for row in self.published[name] if row[0] == pk)
            had = {node for node in NAMES if node != name and may_have(tlp, audience, node)} - self.told[pk]
            lose = sorted(node for node in had if not may_have(*marking, node))
            with self.network.nodes[name].acting():
                notice = Record.objects.filter(withdraws_id=pk, received=None).order_by("leaf_index").last()
                if lose and (notice is None or (notice.audience, set(notice.body)) != (lose, {"reason"})):
                    raise LeakError(f"{lose} were not told that {pk} is not for them any more")
            if lose:
                self.withdrawn.add(pk)
                self.told[pk] |= set(lose)
                self.notices.add(notice.pk)
                self._keep(name, [notice], tlp, lose)
            pk = self.earlier.get(pk)

    def _pull(self, name, source):
        try:
            self.network.pull(name, source)
        except LinkDownError:
            pass
        except ExchangeError as error:
            raise AssertionError(f"honest nodes refuse each other: {error}") from error


@pytest.fixture(scope="module")
def world(simulated):
    Machine.made = simulated
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urgency, "URGENT_PER_DAY", 10**6)
        yield


def run(examples):
    Machine.steps = 0
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not is_nightly(),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )


def test_whatever_happens_three_nodes_converge_and_nothing_leaks(world):
    run(EXAMPLES)
    assert Machine.steps >= scaled(500, 100_000) or "SILD_MACHINE_EXAMPLES" in os.environ


def anything_goes(*_, **__):
    return gate.Decision(True, "broken on purpose")


def red_leaves(tlp, *arguments, **options):
    return DECIDE("AMBER" if tlp == "RED" else tlp, *arguments, **options)


def names_do_not_count(tlp, audience, receiver, **options):
    return DECIDE(tlp, [receiver] if isinstance(audience, list) else audience, receiver, **options)


DECIDE = gate.decide
BREAKS = {
    "everything leaves": ("decide", anything_goes),
    "TLP:RED leaves": ("decide", red_leaves),
    "the names do not count": ("decide", names_do_not_count),
    "what is narrow travels in the open": ("is_narrow", lambda _audience: False),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("name", "broken"), BREAKS.values(), ids=BREAKS)
def test_the_machine_finds_a_gate_that_leaks(world, monkeypatch, name, broken):
    monkeypatch.setattr(gate, name, broken)
    with pytest.raises((LeakError, AssertionError)) as caught:
        run(20)
    assert isinstance(caught.value, LeakError) or name == "is_narrow", "the receiver's own check may see it first"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("module", "function", "answer"),
    [(naming, "check", None), (narrowing, "losers", []), (narrowing, "is_ended", False)],
)
def test_the_machine_finds_a_gate_that_looks_at_markings_alone(world, monkeypatch, module, function, answer):
    monkeypatch.setattr(module, function, lambda *_: answer)
    with pytest.raises(LeakError):
        run(20)


@pytest.mark.filterwarnings("default")
def test_the_machine_finds_a_node_that_forgets_to_number_a_record(world, monkeypatch):
    whole = numbering.enqueue
    monkeypatch.setattr(numbering, "enqueue", lambda records, partners: whole(records[:2], partners))
    with pytest.raises(AssertionError):
        run(20)


@pytest.mark.filterwarnings("default")
def test_the_machine_finds_a_log_that_is_written_outside_of_the_transaction(world, monkeypatch):
    """A leaf whose record was rolled back: a checkpoint over what is not durable."""
    whole = log.append

    def hasty(state, hashes):
        made = whole(state, hashes)
        transaction.get_connection().connection.commit()
        return made

    monkeypatch.setattr(log, "append", hasty)
    with pytest.raises((AssertionError, ExchangeError, DatabaseError)):
        run(20)
