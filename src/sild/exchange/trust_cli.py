"""The word `sild trust`: this node's own keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sild.exchange.terminal import Json, say, table
from sild.language import gettext as _
from sild.language import gettext_noops, ngettext

trust_app = typer.Typer(no_args_is_help=True, help="This node's keys: show, rotate, revoke.")
console = Console(highlight=False, markup=False)

Root = Annotated[
    Path | None, typer.Option(help="File or folder with the root's private keys; by default those in SILD_HOME/keys.")
]


HEADINGS = gettext_noops("role", "generation", "kid", "algorithm", "until", "reason", "at")


class What(StrEnum):
    """What can be rotated."""

    SIGN = "sign"
    LOG = "log"
    SEAL = "seal"
    TLS = "tls"
    ALL = "all"


class Reason(StrEnum):
    """Why a key is revoked."""

    LOST = "lost"
    COMPROMISED = "compromised"


@trust_app.command("show")
def trust_show(as_json: Json = False) -> None:
    """Show this node's keys, how long they are used, and what was revoked."""
    from sild.exchange import evidence

    _show(_facts(evidence.own_identity()), as_json=as_json)


@trust_app.command("rotate")
def trust_rotate(
    what: What,
    root: Root = None,
    token: Annotated[
        str, typer.Option(help="PKCS#11 URI where the new Ed25519 key is, or is made; for sign or log.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make new keys; the old ones go on to count for 30 days, and partners take the new ones over by themselves."""
    from sild.exchange import keys
    from sild.people.actor import Actor
    from sild.trust.lifetimes import ROLES

    roles = ROLES if what is What.ALL else (str(what),)
    _show(_facts(keys.rotate(Actor.operator(), roles, root, token)), as_json=as_json)


# A key's id may begin with a hyphen.
@trust_app.command("revoke", context_settings={"ignore_unknown_options": True})
def trust_revoke(
    kid: Annotated[str, typer.Argument(help="The key's id as `sild trust show` prints it, or its first 8 characters.")],
    reason: Annotated[Reason, typer.Option(help="What happened to it.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Take out a key at once; if it was in use, a new one takes its place."""
    from sild.exchange import keys
    from sild.people.actor import Actor

    _show(_facts(keys.revoke(Actor.operator(), kid, str(reason), root)), as_json=as_json)


@trust_app.command("renew")
def trust_renew(
    out: Annotated[Path, typer.Argument(help="Where to write the renewal, to be kept beside the records' files.")],
) -> None:
    """Vouch anew, in one record, for all checkpoints known here; do it before an algorithm is retired."""
    from sild.exchange import renewal
    from sild.people.actor import Actor

    count = renewal.renew(Actor.operator(), out)
    told = ngettext(
        "%(count)d checkpoint is under one new signature. Wrote %(file)s.",
        "%(count)d checkpoints are under one new signature. Wrote %(file)s.",
        count,
    )
    console.print(told % {"count": count, "file": out})
    console.print(_("Check a record with it: sild record verify FILE --renewal %(file)s") % {"file": out})


@trust_app.command("reseal")
def trust_reseal(
    files: Annotated[list[Path], typer.Argument(help="Sealed files, and bundles for this node.")],
    as_json: Json = False,
) -> None:
    """Seal files and bundles anew, in their place, for the keys that their receivers have now."""
    from dataclasses import asdict

    from sild.exchange import resealing
    from sild.people.actor import Actor

    done = [{"file": str(file), **asdict(resealing.reseal(Actor.operator(), file))} for file in files]
    told = _("%(file)s: sealed anew for %(nodes)s.")
    lines = [told % {"file": one["file"], "nodes": ", ".join(one["nodes"])} for one in done]
    say(done, "\n".join(lines), as_json=as_json)


@trust_app.command("recovery-key")
def trust_recovery_key(
    out: Annotated[Path, typer.Argument(help="Where to write it; its public half goes beside it, as FILE.pub.")],
) -> None:
    """Make a key that opens the keys in backups; keep it where this machine is not."""
    import os

    from sild.trust import escrow, keystore
    from sild.trust.errors import IdentityError

    if out.exists():
        told = _("%(file)s exists already. It was not touched; give another name.")
        raise IdentityError(told % {"file": out})
    pair = escrow.new_recovery_key()
    keystore.replace(out, [pair], os.environ.get("SILD_BACKUP_PASSPHRASE", "").encode() or None)
    public = out.with_name(f"{out.name}.pub")
    keystore.write_public(public, json.dumps(pair.public.jwk).encode())
    told = _("Wrote %(file)s, to be kept elsewhere, and %(public)s: sild backup TARGET --to %(public)s")
    console.print(told % {"file": out, "public": public})


def _facts(identity: Any) -> dict[str, Any]:
    """What there is to say of an identity."""
    from sild.trust.lifetimes import endings

    return {
        "node": identity.node,
        "fingerprint": identity.fingerprint,
        "serial": identity.serial,
        "expires": identity.expires.isoformat(),
        "keys": [
            {name: key[name] for name in ("role", "generation", "kid")}
            | {"algorithm": key.get("alg", key.get("crv")), "until": f"{datetime.fromtimestamp(key['exp'], UTC):%F}"}
            for key in identity.keyset.plain["keys"]
        ],
        "revoked": [one.plain for one in identity.revoked],
        "endings": [{"what": one.what, "days": one.days} for one in endings(identity, datetime.now(UTC))],
    }


def _show(facts: dict[str, Any], *, as_json: bool) -> None:
    """Print them for people or for machines."""
    if as_json:
        console.print_json(json.dumps(facts))
        return
    told = _("%(node)s: %(fingerprint)s, serial %(serial)s until %(expires)s")
    console.print(told % facts)
    for rows in (facts["keys"], facts["revoked"]):
        if rows:
            table(rows, as_json=False)
    for ending in facts["endings"]:
        console.print(_ending(ending["what"], ending["days"]), style="yellow")


def _ending(what: str, days: int) -> str:
    """What runs out, or has run out, and what to do."""
    soon = ngettext(
        "%(what)s ends in %(days)d day: sild trust rotate %(word)s",
        "%(what)s ends in %(days)d days: sild trust rotate %(word)s",
        days,
    )
    late = ngettext(
        "%(what)s should have been replaced %(days)d day ago: sild trust rotate %(word)s",
        "%(what)s should have been replaced %(days)d days ago: sild trust rotate %(word)s",
        -days,
    )
    places = {"what": what, "days": abs(days), "word": "all" if what == "identity" else what}
    return (soon if days >= 0 else late) % places
