"""What the test between two nodes does at a node, in a process of its own: `offer`, `ask`, `answer`, and many.py's."""

import json
import os
import sys
from pathlib import Path

import django

# Django is set up before models are imported, and what is there is printed for the test.
# ruff: noqa: PLC0415, T201
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
sys.path.insert(0, str(Path(__file__).parents[1]))


def offer(folder):
    from sild.people.actor import Actor
    from sild.sandbox import sealed, services

    actor = Actor.operator()
    sealed.offer(actor, services.add_suite(actor, Path(folder)), audience=["kyiv"], tlp="AMBER", smallest=5)


def ask(folder):
    from sild.exchange.models import Record
    from sild.people.actor import Actor
    from sild.sandbox import sealed, services

    actor = Actor.operator()
    sealed.request(actor, services.register(actor, Path(folder)), Record.objects.get(kind="sandbox.offer"))


def answer():
    from sild.people.actor import Actor
    from sild.sandbox import sealed
    from sild.sandbox.execution import execute_run

    actor = Actor.operator()
    [asked] = sealed.requests(actor)
    execute_run(sealed.accept(actor, asked))
    asked.refresh_from_db()
    sealed.answer(actor, asked)


def show():
    from sild.exchange.models import Record

    print(json.dumps([record.content for record in Record.objects.all()], ensure_ascii=False))


if __name__ == "__main__":
    django.setup()
    from exchange import many

    actions = {"offer": offer, "ask": ask, "answer": answer, "show": show}
    actions |= {name: getattr(many, name) for name in ("make", "meet", "export", "take")}
    words = sys.argv[1:]
    while words:
        end = words.index("then") if "then" in words else len(words)
        actions[words[0]](*words[1:end])
        words = words[end + 1 :]
