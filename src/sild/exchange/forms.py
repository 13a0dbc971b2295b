"""Parts of forms that several modules' pages have in common."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.exchange import gate
from sild.exchange.models import Partner


class AudienceForm(forms.Form):
    """For whom a record is: chosen nodes, or all partners."""

    node = forms.MultipleChoiceField(label=_("Nodes"), required=False, widget=forms.CheckboxSelectMultiple)
    all_partners = forms.BooleanField(label=_("All partners (TLP:GREEN or TLP:CLEAR)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(partner.node, str(partner)) for partner in Partner.objects.all()]
        self.fields["node"].choices = choices  # type: ignore[attr-defined]  # the stubs know only the base class

    @property
    def audience(self) -> gate.Audience:
        """The audience as the gate takes it."""
        nodes: list[str] = self.cleaned_data["node"]
        return gate.PARTNERS if self.cleaned_data["all_partners"] else nodes
