"""What a test does at a node in a process that may be killed: `publish N AUDIENCE`, `pull NODE`."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")


def publish(number, audience, words="4"):
    from sild.exchange import blobs, services
    from sild.people.actor import Actor

    wide = audience == "partners"
    drafts = [
        services.Draft(
            kind="exchange.comment",
            subject="a record",
            body={"text": "word " * int(words)},
            tlp="GREEN" if wide else "AMBER",
            audience=audience if wide else [audience],
            attachments=[blobs.Draft(f"{place}.txt", "text/plain", os.urandom(3_000))] if place == 0 else [],
        )
        for place in range(int(number))
    ]
    return [record.pk.hex for record in services.publish_batch(Actor.operator(), drafts)]


def pull(node):
    from sild.exchange.models import Partner
    from sild.exchange.pull import pull as one_round

    return len(one_round(Partner.objects.get(node=node)).records)


if __name__ == "__main__":
    django.setup()
    answer = {"publish": publish, "pull": pull}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(answer))
