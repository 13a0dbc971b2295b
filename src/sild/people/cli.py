"""The words `sild agency`, `sild person` and `sild token`."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer
from rich.console import Console

from sild.language import gettext as _
from sild.language import gettext_noops, ngettext, word

agency_app = typer.Typer(no_args_is_help=True, help="Agencies on this node.")
person_app = typer.Typer(no_args_is_help=True, help="People who sign in.")
token_app = typer.Typer(no_args_is_help=True, help="Tokens with which machines act for an agency.")
console = Console(highlight=False, markup=False)
ROLES = gettext_noops("viewer", "editor", "publisher", "administrator")


@agency_app.command("add")
def agency_add(slug: str, name: str) -> None:
    """Found an agency."""
    from sild.people import services
    from sild.people.actor import Actor

    made = services.create_agency(Actor.operator(), name, slug)
    console.print(_("Added the agency %(agency)s.") % {"agency": made})


@agency_app.command("list")
def agency_list() -> None:
    """List agencies and how many people act for each."""
    from sild.people.models import Agency

    for agency in Agency.objects.all():
        count = agency.memberships.count()
        told = ngettext("%(slug)s: %(name)s, %(count)d person", "%(slug)s: %(name)s, %(count)d people", count)
        console.print(told % {"slug": agency.slug, "name": agency.name, "count": count})


@person_app.command("add")
def person_add(
    username: str,
    agency: Annotated[str, typer.Option(help="Short name of the agency that the person acts for.")],
    role: Annotated[str, typer.Option(help="viewer, editor, publisher or administrator.")] = "viewer",
    email: Annotated[str, typer.Option()] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Add somebody who can sign in, with a role in an agency."""
    from sild.people import services
    from sild.people.actor import Actor

    password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass(_("Password: "))
    person = services.add_with_role(
        Actor.operator(), username, agency_slug=agency, role=role, email=email, password=password
    )
    told = _("Added %(person)s as %(role)s of %(agency)s.")
    console.print(told % {"person": person.username, "role": word(role), "agency": agency})


@token_app.command("issue")
def token_issue(
    name: str,
    agency: Annotated[str, typer.Option(help="Short name of the agency that the token acts for.")],
    role: Annotated[str, typer.Option(help="viewer, editor, publisher or administrator.")] = "viewer",
    scope: Annotated[list[str] | None, typer.Option(help="As in threats:read or taxii; may be repeated.")] = None,
    per_minute: Annotated[int | None, typer.Option(min=1, help="Calls in a minute to each web process.")] = None,
) -> None:
    """Issue a token; its secret is printed this once."""
    from sild.people import services
    from sild.people.actor import Actor

    _token, secret = services.issue_token(
        Actor.operator(),
        name,
        services.role_named(role),
        agency=services.agency_named(agency),
        scopes=scope or [],
        per_minute=per_minute,
    )
    typer.echo(secret)
