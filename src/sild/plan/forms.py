"""What people enter on a commitment's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.exchange import gate
from sild.exchange import services as exchange
from sild.exchange.enums import Tlp
from sild.plan import services
from sild.plan.enums import Verdict

if TYPE_CHECKING:
    from django.http import QueryDict

    from sild.plan.models import Plan

SENDABLE = [choice for choice in Tlp.choices if choice[0] != Tlp.RED]


class ClaimForm(forms.Form):
    """Words about a commitment."""

    text = forms.CharField(label=_("What has been done?"), max_length=services.MAX_TEXT)


class AssessForm(forms.Form):
    """A verdict, and who gets it.

    Args:
        plan: whose other parties can be chosen; all are at first.
        data: what is to be published.
        entered: what was entered so far and is not to be judged yet.
    """

    verdict = forms.ChoiceField(label=_("Verdict"), choices=Verdict.choices)
    reason = forms.CharField(label=_("Reason"), max_length=services.MAX_TEXT)
    tlp = forms.ChoiceField(label=_("Marking"), choices=SENDABLE, initial=Tlp.AMBER)
    to = forms.MultipleChoiceField(label=_("Who it is for"))

    def __init__(self, plan: Plan, data: QueryDict | None = None, *, entered: QueryDict | None = None) -> None:
        others = [code for code in plan.parties if code != services.own_party(plan)]
        initial: dict[str, object] = {"to": [plan.node_of(code) for code in others], "tlp": Tlp.AMBER}
        if entered is not None:
            initial = {name: entered.get(name, "") for name in ("verdict", "reason", "tlp")}
            initial["to"] = entered.getlist("to")
        super().__init__(data, initial=initial)
        nodes = self.fields["to"]
        assert isinstance(nodes, forms.MultipleChoiceField)
        nodes.choices = [(plan.node_of(code), f"{plan.name_of(code)} ({plan.node_of(code)})") for code in others]

    def preview(self) -> list[tuple[str, bool, str]]:
        """Who would get it with what is entered now: node, whether, and why; a node that is no partner yet too."""
        tlp, nodes = str(self["tlp"].value()), [str(node) for node in self["to"].value() or []]
        known = {partner.node: decision for partner, decision in exchange.preview(tlp, nodes)}
        named = [node for node in nodes if node not in known]
        rows = [(node, decision.allowed, decision.reason) for node, decision in known.items()]
        return rows + [(node, False, gate.decide(tlp, nodes, node, pinned=False).reason) for node in named]
