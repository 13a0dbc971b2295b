"""One of several processes of a node, each with its own connection to the one database: `python many.py ROLE …`."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import django

# Django is set up before models are imported, and what is checked is printed for the test.
# ruff: noqa: PLC0415, T201
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")


def make(documents):
    """Tables, keys, and this node's identity document in a file for the others."""
    from django.conf import settings
    from django.core.management import call_command

    from sild.trust.identity import NodeKeys

    call_command("migrate", verbosity=0)
    keys = NodeKeys.generate(settings.CONFIG.node, now=datetime.now(UTC))
    keys.save(settings.CONFIG.keys)
    (Path(documents) / f"{settings.CONFIG.node}.json").write_bytes(keys.identity_document())


def meet(document):
    """Add a partner and pin it."""
    from sild.exchange import partners
    from sild.people.actor import Actor

    partner = partners.add(Actor.operator(), Path(document).read_bytes(), "https://partner.example")
    partners.pin(Actor.operator(), partner.node, partner.fingerprint)


def publish(rounds):
    """Publish one record, then three, some of them urgent, and so on."""
    from sild.exchange import services
    from sild.people.actor import Actor

    for number in range(int(rounds)):
        drafts = [
            services.Draft(
                kind="exchange.comment",
                subject=f"{os.getpid()} {number}",
                body={"text": "x"},
                tlp="GREEN",
                audience="partners",
                urgent=number % 5 == 0 and one == 0,
            )
            for one in range(1 if number % 2 else 3)
        ]
        services.publish_batch(Actor.operator(), drafts)


def export(node, file):
    """Write all there is for a partner to a bundle."""
    from sild.exchange import bundles
    from sild.people.actor import Actor

    bundles.export(Actor.operator(), node, Path(file), since=0)


def take(file):
    """Import a bundle; when another process was quicker, what is left of it."""
    from sild.exchange import bundles
    from sild.exchange.errors import StaleError
    from sild.people.actor import Actor

    while True:
        try:
            bundles.take(Actor.operator(), Path(file))
        except StaleError:
            continue
        return


def check():
    """Hold the whole log against itself, and print how much there is."""
    from sild.exchange import numbering, own, receipts
    from sild.exchange.log_models import Checkpoint, LogState
    from sild.exchange.models import URGENT_START, Delivery, Partner, Record
    from sild.trust.checkpoint import open_checkpoint
    from sild.trust.identity import Identity
    from sild.trust.tree import MemoryTiles, Tree

    leaves = list(Record.objects.filter(received=None).order_by("leaf_index").values_list("leaf_index", "hash"))
    assert [index for index, _hash in leaves] == list(range(LogState.objects.get().size))
    tree = Tree(MemoryTiles())
    tree.append(0, [bytes.fromhex(name.removeprefix("sha256:")) for _index, name in leaves])
    identity = Identity.parse(own.node_keys().identity_document(), on=None)
    for row in Checkpoint.objects.all():
        checkpoint = open_checkpoint(row.text, identity)
        assert (checkpoint.size, checkpoint.root) == (row.size, tree.root(row.size))
    for partner in Partner.objects.all():
        for urgent in (True, False):
            chain = URGENT_START if urgent else bytes(32)
            rows = Delivery.objects.filter(partner=partner, urgent=urgent).select_related("record")
            for position, row in enumerate(rows, start=1):
                chain = numbering.link(chain, row.record.hash)
                assert (row.position, bytes(row.chain), row.record.urgent) == (position, chain, urgent)
    came = list(Record.objects.exclude(received=None).values_list("hash", flat=True))
    named = [one["hash"] for row in Record.objects.filter(kind=receipts.KIND) for one in row.body["records"]]
    assert sorted(named) == sorted(came)
    own_comments = Record.objects.filter(received=None, kind="exchange.comment").count()
    print(json.dumps({"published": own_comments, "checkpoints": Checkpoint.objects.count(), "came": len(came)}))


def main(words):
    """Play one role after the other; `then` stands between them."""
    django.setup()
    roles = {one.__name__: one for one in (make, meet, publish, export, take, check)}
    while words:
        until = words.index("then") if "then" in words else len(words)
        roles[words[0]](*words[1:until])
        words = words[until + 1 :]


if __name__ == "__main__":
    main(sys.argv[1:])
