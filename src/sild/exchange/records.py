"""The kinds that the exchange itself publishes: comments, withdrawals, receipts, forwards, and a node's keys."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from sild.exchange import forwarding, identities, receipts
from sild.exchange.kinds import Kind, record_added, register
from sild.exchange.models import Partner, Record
from sild.people.actor import Actor
from sild.trust.errors import TrustError
from sild.trust.identity import Identity
from sild.trust.record import HASH

MAX_TEXT = 20_000
DIGEST = re.compile(r"sha512:[0-9a-f]{128}")


def _text_in(member: str, body: dict[str, Any]) -> None:
    """Ask for one member with a text in it and nothing else."""
    text = body.get(member)
    if set(body) != {member} or not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        raise ValueError(f"the body has one member, “{member}”, with a text of 1 to {MAX_TEXT} characters")


def _identity_in(body: dict[str, Any]) -> None:
    """Ask for an identity document that verifies, and for what is said about it."""
    if set(body) != {"serial", "changed", "revoked", "document"} or not isinstance(body["document"], str):
        raise ValueError("the body has the members “serial”, “changed”, “revoked” and “document”")
    try:
        identity = Identity.parse(body["document"].encode(), on=None)
    except TrustError as error:
        raise ValueError(str(error)) from error
    if identity.serial != body["serial"]:
        raise ValueError("the serial is not that of the document")


def _take_over(record: Record) -> None:
    """Let a partner's new identity count from now on, or keep an older one for what was proved under it."""
    partner = Partner.objects.get(node=record.issuer)
    identities.take_over(Actor.operator("job"), partner, record.body["document"].encode(), is_history=True)


def _document_in(body: dict[str, Any]) -> None:
    """Ask for the digest and size of a signed file."""
    size = body.get("size")
    if (
        set(body) != {"digest", "size"}
        or not DIGEST.fullmatch(str(body["digest"]))
        or type(size) is not int
        or size < 0
    ):
        raise ValueError("the body has “digest”, sha512: and 128 hex digits, and “size” in bytes")


def _renewal_in(body: dict[str, Any]) -> None:
    """Ask for the root over old checkpoints, and how many there are."""
    count = body.get("count")
    if set(body) != {"root", "count"} or not HASH.fullmatch(str(body["root"])) or type(count) is not int or count < 1:
        raise ValueError("the body has “root”, sha256: and 64 hex digits, and “count”, a number from 1 up")


register(Kind("exchange.comment", _("Comment"), lambda body: _text_in("text", body), template="exchange/text.html"))
register(
    Kind(
        "exchange.withdrawal",
        _("Withdrawal"),
        lambda body: _text_in("reason", body),
        template="exchange/text.html",
        urgent=True,
    )
)
register(
    Kind(
        "trust.identity",
        _("New keys of a node"),
        _identity_in,
        arrived=_take_over,
        template="exchange/identity.html",
        urgent=True,
    )
)
register(Kind("trust.document", _("Signed document"), _document_in, template="exchange/document.html"))
register(Kind("trust.renewal", _("Renewal of evidence"), _renewal_in, template="exchange/renewal.html"))
register(
    Kind(receipts.KIND, _("Receipt"), receipts.validate, arrived=receipts.arrived, template="exchange/receipt.html")
)
register(
    Kind(
        forwarding.KIND,
        _("Passed on"),
        forwarding.validate,
        arrived=forwarding.arrived,
        template="exchange/forward.html",
    )
)
record_added.connect(forwarding.watch, dispatch_uid="sild.exchange.forwarding")
