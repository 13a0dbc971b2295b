"""What people enter on the sandbox's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.exchange.enums import Tlp
from sild.exchange.gate import PARTNERS
from sild.exchange.models import Partner
from sild.exchange.multilingual import pick
from sild.sandbox.engine.levels import LEVELS
from sild.sandbox.enums import RunState
from sild.sandbox.models import Run, Solution, Suite

if TYPE_CHECKING:
    from sild.exchange.gate import Audience
    from sild.people.actor import Actor

SENDABLE = [choice for choice in Tlp.choices if choice[0] != Tlp.RED]


class StartForm(forms.Form):
    """Which solution, on which suite, at which level, and whether it is let out."""

    solution = forms.ModelChoiceField(label=_("Solution"), queryset=Solution.objects.none())
    suite = forms.ModelChoiceField(label=_("Suite"), queryset=Suite.objects.none())
    level = forms.ChoiceField(
        label=_("Level of isolation"),
        choices=[("", _("the lowest that fits")), *((level, level) for level in LEVELS)],
        required=False,
    )
    let_out = forms.BooleanField(label=_("Let it reach the places that it asks for"), required=False)

    def __init__(self, actor: Actor, data: object = None, *, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        for name, model in (("solution", Solution), ("suite", Suite)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.visible_to(actor)


class CheckForm(forms.Form):
    """Which of the checks that come with the product, in which language."""

    check = forms.ChoiceField(label=_("Check"))

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        from sild.sandbox.engine.checks import CHECKS  # noqa: PLC0415 -- its scorers load numpy, which is slow

        field = self.fields["check"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (f"{name}:{language}", f"{pick(check.title)} ({language})" if check.per_language else pick(check.title))
            for name, check in CHECKS.items()
            for language in check.languages
        ]

    @property
    def chosen(self) -> tuple[str, str]:
        """Name and language."""
        name, _colon, language = self.cleaned_data["check"].partition(":")
        return name, language


class UploadForm(forms.Form):
    """A solution's folder as a ZIP file."""

    package = forms.FileField(label=_("Solution as a ZIP file, with solution.yaml at its top"))


class CompareForm(forms.Form):
    """Another run on the same suite."""

    other = forms.ModelChoiceField(label=_("Compare with"), queryset=Run.objects.none())

    def __init__(self, actor: Actor, run: Run, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        field = self.fields["other"]
        assert isinstance(field, forms.ModelChoiceField)
        others = actor.visible(Run.objects.select_related("solution", "suite")).exclude(pk=run.pk)
        field.queryset = others.filter(suite=run.suite, state=RunState.FINISHED)


class PublishForm(forms.Form):
    """Who may read a report."""

    tlp = forms.ChoiceField(label=_("Marking"), choices=SENDABLE, initial=Tlp.GREEN)
    to = forms.MultipleChoiceField(label=_("Recipients"))

    def __init__(self, data: object = None) -> None:
        super().__init__(data, initial={"to": [PARTNERS]})  # type: ignore[arg-type]
        nodes = self.fields["to"]
        assert isinstance(nodes, forms.MultipleChoiceField)
        nodes.choices = [(PARTNERS, _("all partners")), *((one.node, str(one)) for one in Partner.objects.all())]

    @property
    def audience(self) -> Audience:
        """The choice as the exchange takes it."""
        chosen: list[str] = self.cleaned_data["to"]
        return PARTNERS if chosen == [PARTNERS] else [node for node in chosen if node != PARTNERS]
