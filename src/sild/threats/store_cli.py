"""`sild threats collection`, `feed` and `pull`: what the command line does with the store and with other servers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from sild.exchange.terminal import Json, say, table
from sild.language import gettext as _
from sild.language import gettext_noops

if TYPE_CHECKING:
    from sild.threats.models import Feed

collection_app = typer.Typer(no_args_is_help=True, help="Collections: what TAXII clients read and write.")
feed_app = typer.Typer(no_args_is_help=True, help="Collections of other TAXII servers that are followed.")
console = Console(highlight=False, markup=False)

Label = Annotated[str, typer.Option(help="A TLP 2.0 label, as in AMBER+STRICT.")]
HEADINGS = gettext_noops(
    "id", "agency", "title", "alias", "objects", "url", "collection", "every", "due", "failures", "last error", "pages",
    "taken", "refused", "error",
)  # fmt: skip


def _level(tlp: str) -> Any:
    """The level of a label."""
    from sild.threats.enums import Level
    from sild.threats.errors import CollectionError

    try:
        return Level.of(tlp)
    except KeyError as error:
        told = _("“%(tlp)s” is no TLP 2.0 label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.")
        raise CollectionError(told % {"tlp": tlp}) from error


@collection_app.command("add")
def collection_add(
    agency: Annotated[str, typer.Argument(help="Short name of the agency that it belongs to.")],
    title: str,
    alias: Annotated[str, typer.Option(help="A second address for TAXII clients.")] = "",
    description: str = "",
    unmarked_as: Label = "AMBER",
    as_json: Json = False,
) -> None:
    """Set up an empty collection."""
    from sild.people.actor import Actor
    from sild.people.services import agency_named
    from sild.threats import services

    made = services.create_collection(
        Actor.operator(),
        title,
        agency=agency_named(agency),
        alias=alias,
        description=description,
        unmarked_as=_level(unmarked_as),
    )
    path = f"/taxii2/{agency}/collections/{made.pk}/"
    told = _("Made the collection %(title)s: %(path)s") % {"title": made.title, "path": path}
    say({"id": str(made.pk), "path": path}, told, as_json=as_json)


@collection_app.command("list")
def collection_list(as_json: Json = False) -> None:
    """List collections and how many objects each has in their last versions."""
    from sild.people.actor import Actor
    from sild.threats.access import accesses

    rows = [
        {
            "id": str(one.collection.pk),
            "agency": one.collection.agency.slug,
            "title": one.collection.title,
            "alias": one.collection.alias,
            "objects": one.collection.members.filter(is_last=True).count(),
        }
        for one in accesses(Actor.operator())
    ]
    table(rows, as_json=as_json)


@collection_app.command("grant")
def collection_grant(
    collection: Annotated[str, typer.Argument(help="Its id.")],
    agency: Annotated[str, typer.Argument(help="Short name of the agency that is let in.")],
    write: Annotated[bool, typer.Option("--write", help="It may add and delete objects, too.")] = False,
    up_to: Label = "GREEN",
) -> None:
    """Let another agency of this node into a collection, up to a level."""
    from sild.people.actor import Actor
    from sild.people.services import agency_named
    from sild.threats import services
    from sild.threats.access import access

    operator = Actor.operator()
    where = access(operator, collection).collection
    services.give_grant(operator, where, agency=agency_named(agency), may_write=write, ceiling=_level(up_to))
    reading = _("%(agency)s may read %(title)s up to TLP:%(tlp)s.")
    writing = _("%(agency)s may read %(title)s up to TLP:%(tlp)s and write it.")
    console.print((writing if write else reading) % {"agency": agency, "title": where.title, "tlp": up_to.upper()})


@feed_app.command("add")
def feed_add(
    collection: Annotated[str, typer.Argument(help="Our collection that objects go into: its id.")],
    url: Annotated[str, typer.Argument(help="Theirs: https://HOST/ROOT/collections/ID/")],
    username: Annotated[str, typer.Option(help="For HTTP Basic; without it the secret is a bearer token.")] = "",
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read password or token from a line.")] = False,
    every: Annotated[int, typer.Option(help="Seconds between pulls.")] = 300,
    as_json: Json = False,
) -> None:
    """Follow a collection of another TAXII 2.1 server."""
    from sild.people.actor import Actor
    from sild.threats import feeds
    from sild.threats.access import access

    operator = Actor.operator()
    secret = sys.stdin.readline().strip() if secret_stdin else ""
    where = access(operator, collection).collection
    feed = feeds.add_feed(operator, where, url, username=username, secret=secret, every=every)
    told = _("%(url)s is pulled into %(title)s every %(seconds)d seconds while the node runs.")
    say(_facts(feed), told % {"url": url, "title": where.title, "seconds": every}, as_json=as_json)


@feed_app.command("list")
def feed_list(as_json: Json = False) -> None:
    """List feeds, how far each has come and what went wrong last."""
    from sild.people.actor import Actor
    from sild.threats import feeds

    table([_facts(feed) for feed in feeds.feeds_of(Actor.operator())], as_json=as_json)


@feed_app.command("remove")
def feed_remove(feed: Annotated[str, typer.Argument(help="Its id or address.")]) -> None:
    """Stop following; what was pulled stays."""
    from sild.people.actor import Actor
    from sild.threats import feeds

    feeds.remove_feed(Actor.operator(), feeds.find(Actor.operator(), feed))


def pull_command(
    feed: Annotated[str, typer.Argument(help="Its id or address; by default all of them.")] = "",
    as_json: Json = False,
) -> None:
    """Pull feeds now. Status 1 when one of them failed."""
    from sild.people.actor import Actor
    from sild.threats import feeds
    from sild.threats.errors import FeedError

    operator = Actor.operator()
    rows: list[dict[str, Any]] = []
    for one in [feeds.find(operator, feed)] if feed else feeds.feeds_of(operator):
        try:
            pulled = feeds.pull(operator, one)
        except FeedError as error:
            rows.append({"url": one.url, "pages": None, "taken": None, "refused": None, "error": str(error)})
        else:
            counts = {"pages": pulled.pages, "taken": pulled.taken, "refused": pulled.refused}
            rows.append({"url": one.url, **counts, "error": ""})
    table(rows, as_json=as_json)
    if any(row["error"] for row in rows):
        raise SystemExit(1)


def _facts(feed: Feed) -> dict[str, Any]:
    """What there is to say of a feed; never its secret."""
    return {
        "id": str(feed.pk),
        "url": feed.url,
        "collection": str(feed.collection_id),
        "every": feed.every,
        "due": feed.due.isoformat(timespec="seconds"),
        "failures": feed.failures,
        "last_error": feed.last_error,
    }
