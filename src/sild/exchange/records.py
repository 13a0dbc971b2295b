"""The kinds that the exchange itself publishes: comments, withdrawals of any record, and receipts."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from sild.exchange import receipts
from sild.exchange.kinds import Kind, register

MAX_TEXT = 20_000


def _text_in(member: str, body: dict[str, Any]) -> None:
    """Ask for one member with a text in it and nothing else."""
    text = body.get(member)
    if set(body) != {member} or not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        raise ValueError(f"the body has one member, “{member}”, with a text of 1 to {MAX_TEXT} characters")


register(Kind("exchange.comment", _("Comment"), lambda body: _text_in("text", body), template="exchange/text.html"))
register(
    Kind("exchange.withdrawal", _("Withdrawal"), lambda body: _text_in("reason", body), template="exchange/text.html")
)
register(
    Kind(receipts.KIND, _("Receipt"), receipts.validate, arrived=receipts.arrived, template="exchange/receipt.html")
)
