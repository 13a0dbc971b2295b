"""What people enter on the pages of registrations and sealed suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.exchange.models import Record
from sild.sandbox.forms import PublishForm
from sild.sandbox.models import Solution, Suite
from sild.sandbox.sealed import OFFER, SMALLEST, SUBMISSIONS

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sild.people.actor import Actor


def _choose(form: forms.Form, name: str, rows: QuerySet[Solution] | QuerySet[Suite]) -> None:
    """Let a field choose among these rows."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


class RegisterForm(PublishForm):
    """Which thresholds are registered for which solution."""

    solution = forms.ModelChoiceField(label=_("Solution"), queryset=Solution.objects.none())
    suite = forms.ModelChoiceField(label=_("Suite"), queryset=Suite.objects.none())
    field_order = ("solution", "suite", "tlp", "to")

    def __init__(self, actor: Actor, data: object = None) -> None:
        super().__init__(data)
        _choose(self, "solution", Solution.objects.visible_to(actor))
        _choose(self, "suite", Suite.objects.visible_to(actor))


class OfferForm(PublishForm):
    """Which suite is sealed, and how little of it is shown."""

    suite = forms.ModelChoiceField(label=_("Suite"), queryset=Suite.objects.none())
    submissions = forms.IntegerField(
        label=_("Submissions of a partner"), min_value=1, max_value=1000, initial=SUBMISSIONS
    )
    smallest = forms.IntegerField(
        label=_("Smallest group that is shown"), min_value=2, max_value=1000, initial=SMALLEST
    )
    field_order = ("suite", "submissions", "smallest", "tlp", "to")

    def __init__(self, actor: Actor, data: object = None) -> None:
        super().__init__(data)
        self.initial = {**self.initial, "submissions": SUBMISSIONS, "smallest": SMALLEST}
        _choose(self, "suite", actor.visible(Suite.objects.filter(offer=None)))


class AskForm(forms.Form):
    """Which solution a partner is asked to test, on which of its sealed suites."""

    solution = forms.ModelChoiceField(label=_("Solution"), queryset=Solution.objects.none())
    offer = forms.ChoiceField(label=_("Sealed suite of a partner"))

    def __init__(self, actor: Actor, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        _choose(self, "solution", actor.visible(Solution.objects.filter(origin="")))
        field = self.fields["offer"]
        assert isinstance(field, forms.ChoiceField)
        offers = Record.objects.filter(kind=OFFER, received__isnull=False, withdrawn=False)
        field.choices = [(str(one.pk), f"{one.issuer}: {one.subject}") for one in offers]
