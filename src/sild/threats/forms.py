"""The forms of the threat desk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.exchange.enums import Tlp
from sild.exchange.forms import AudienceForm
from sild.threats import importing
from sild.threats.engine import build, csvmap
from sild.threats.writing import Context

if TYPE_CHECKING:
    from sild.people.actor import Actor
    from sild.threats.models import Batch

_SPLIT = re.compile(r"[\s,;]+")
TYPES = (
    ("indicator", _("Indicators")),
    ("report", _("Reports")),
    ("intrusion-set", _("Actors")),
    ("malware", _("Malware")),
    ("tool", _("Tools")),
    ("campaign", _("Campaigns")),
    ("vulnerability", _("Vulnerabilities")),
    ("attack-pattern", _("Techniques")),
    ("course-of-action", _("Guidance and playbooks")),
    ("infrastructure", _("Infrastructure")),
    ("sighting", _("Sightings")),
    ("note", _("Notes")),
)
_DAY = {"type": "date"}


class SearchForm(forms.Form):
    """What to look for; every field may stay empty."""

    text = forms.CharField(label=_("Words"), required=False, max_length=200)
    value = forms.CharField(label=_("Value"), required=False, max_length=2000)
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("All types")), *TYPES])
    technique = forms.CharField(label=_("Technique"), required=False, max_length=20)
    threat_actor = forms.CharField(label=_("Actor"), required=False, max_length=100)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY))


class SeenForm(forms.Form):
    """A pasted list."""

    text = forms.CharField(
        label=_("Indicators"),
        strip=False,
        max_length=1_000_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=_("Addresses, names, URLs, e-mail addresses or hashes, defanged or not, one a line or with commas."),
    )


class ContextForm(forms.Form):
    """What everything that is written can say besides itself."""

    tlp = forms.ChoiceField(label=_("Marking"), choices=Tlp.choices, initial=Tlp.AMBER)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    confidence = forms.IntegerField(label=_("Confidence, 0 to 100"), required=False, min_value=0, max_value=100)
    techniques = forms.CharField(
        label=_("Techniques"), required=False, max_length=500, help_text=_("ATT&CK ids, as in T1566.001 T1059.")
    )
    threat_actor = forms.CharField(
        label=_("Actor"), required=False, max_length=200, help_text=_("Any of its names, as in UAC-0010.")
    )
    labels = forms.CharField(label=_("Labels"), required=False, max_length=500)
    about = forms.CharField(
        label=_("About objects here"), required=False, max_length=5000, help_text=_("Their STIX identifiers.")
    )

    @property
    def context(self) -> Context:
        """The context as the services take it."""
        data = self.cleaned_data
        return Context(
            tlp=data["tlp"],
            description=data["description"],
            confidence=data["confidence"],
            labels=_words(data["labels"]),
            techniques=_words(data["techniques"]),
            threat_actor=data["threat_actor"],
            about=_words(data["about"]),
        )


class IndicatorForm(ContextForm):
    """An indicator for one value."""

    field_order = ("value", "name", "tlp")
    value = forms.CharField(label=_("Value"), max_length=2000, help_text=_("An address, a name, a URL or a hash."))
    name = forms.CharField(label=_("Name"), required=False, max_length=300)


class ReportForm(ContextForm):
    """A report about objects."""

    field_order = ("name", "tlp")
    name = forms.CharField(label=_("Title"), max_length=300)


class GuidanceForm(ReportForm):
    """Guidance on what to do."""


class RuleForm(ContextForm):
    """A detection rule."""

    field_order = ("kind", "text", "name", "tlp")
    kind = forms.ChoiceField(
        label=_("Language"), choices=[(name, name.capitalize()) for name in build.PATTERN_TYPES if name != "stix"]
    )
    text = forms.CharField(
        label=_("Rule"),
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=300, help_text=_("By default the rule's own."))


class PlaybookForm(ContextForm):
    """A CACAO playbook."""

    field_order = ("text", "tlp")
    text = forms.CharField(
        label=_("CACAO 2.0 playbook, JSON"),
        max_length=1_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )


class ImportForm(forms.Form):
    """A file of others."""

    file = forms.FileField(label=_("File: STIX 2.1, MISP event or CSV"))
    tlp = forms.ChoiceField(label=_("Marking of what says nothing of it"), choices=Tlp.choices, initial=Tlp.AMBER)
    mapping = forms.CharField(
        label=_("Columns of a CSV file"),
        required=False,
        max_length=500,
        help_text=_("As in value=ip,description=comment; usual headings are known."),
    )

    def run(self, actor: Actor) -> Batch:
        """Import the file of a valid form; see `importing.import_file` for the errors."""
        data = self.cleaned_data
        content = data["file"].read(importing.MOST_BYTES + 1)
        mapping = csvmap.parse_mapping(data["mapping"])
        return importing.import_file(actor, data["file"].name, content, mapping=mapping, level=data["tlp"])


class WebhookForm(forms.Form):
    """An address that is told."""

    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https")
    ceiling = forms.ChoiceField(
        label=_("Highest marking that is sent"),
        choices=[choice for choice in Tlp.choices if choice[0] != Tlp.RED],
        initial=Tlp.GREEN,
    )


class ShareForm(AudienceForm):
    """What goes to whom."""

    id = forms.CharField(max_length=100_000, widget=forms.HiddenInput)
    subject = forms.CharField(label=_("What it is about"), max_length=300)
    field_order = ("id", "subject", "node", "all_partners")

    @property
    def stix_ids(self) -> list[str]:
        """The chosen objects."""
        return _words(self.cleaned_data["id"])


class SightingForm(forms.Form):
    """That something was seen."""

    count = forms.IntegerField(label=_("How many times"), min_value=1, max_value=999_999_999, initial=1)
    last_seen = forms.DateTimeField(
        label=_("Last seen, in UTC; now when it stays empty"),
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )
    description = forms.CharField(label=_("What was seen"), required=False, max_length=5000)
    tell = forms.BooleanField(label=_("Tell the partners who shared it"), required=False, initial=True)


class FeedbackForm(forms.Form):
    """What one thinks of it after using it."""

    opinion = forms.ChoiceField(
        label=_("It was"),
        choices=[
            ("strongly-agree", _("right and useful")),
            ("agree", _("mostly right")),
            ("neutral", _("neither good nor bad")),
            ("disagree", _("mostly noise")),
            ("strongly-disagree", _("wrong")),
        ],
    )
    explanation = forms.CharField(
        label=_("What that rests on"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )
    tell = forms.BooleanField(label=_("Tell the partners who shared it"), required=False, initial=True)


def _words(text: str) -> list[str]:
    """The words of a field."""
    return [word for word in _SPLIT.split(text) if word]
