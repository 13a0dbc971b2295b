"""The forms of the analyst's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.analyst.deciding import Said
from sild.analyst.engine.errors import TextError
from sild.analyst.engine.indicators import KINDS
from sild.analyst.engine.text import MAX_BYTES, check
from sild.analyst.errors import translated
from sild.analyst.extraction.parent import MAX_FILE, extract
from sild.exchange.enums import Tlp
from sild.exchange.forms import AudienceForm

KIND_CHOICES = [
    ("technique", _("technique")),
    ("actor", _("threat group")),
    ("malware", _("malware")),
    ("tool", _("tool")),
    # Kinds of indicators are the field's own words.
    *((kind, kind) for kind in KINDS if kind != "actor"),
]


class ReadForm(forms.Form):
    """A text to read: pasted, or uploaded as a file."""

    name = forms.CharField(label=_("What the report is called"), max_length=200, required=False)
    text = forms.CharField(label=_("Text"), required=False, strip=False, max_length=MAX_BYTES, widget=forms.Textarea)
    tlp = forms.ChoiceField(label=_("The report's own marking"), choices=Tlp.choices, initial=Tlp.AMBER, required=False)
    file = forms.FileField(
        label=_("Or a file: PDF, DOCX, HTML, e-mail, Markdown or plain text, 20 MB at most"), required=False
    )
    ask = forms.BooleanField(label=_("Ask the language model at the endpoint, too"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for one of both, and for text that can be read."""
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["tlp"] = cleaned.get("tlp") or Tlp.AMBER
        file, text = cleaned.get("file"), cleaned.get("text") or ""
        if bool(file) == bool(text.strip()):
            raise forms.ValidationError(_("Paste a text or choose a file, one of both."))
        try:
            if file:
                # One byte more than allowed is enough to see that it is too much.
                found = extract(file.read(MAX_FILE + 1), file.name)
                text, cleaned["origin"] = found.text, found.as_dict()
                cleaned["name"] = cleaned.get("name") or file.name
            cleaned["text"] = check(text, cleaned.get("name") or str(_("The text")))
        except TextError as error:
            raise forms.ValidationError(translated(error), code=error.code) from error
        cleaned["name"] = (
            cleaned.get("name") or next(line for line in text.splitlines() if line.strip()).strip("# ")[:200]
        )
        return cleaned


class CorrectionForm(forms.Form):
    """What a proposal should be, or what was missed."""

    kind = forms.ChoiceField(choices=[])
    value = forms.CharField(max_length=500)
    words = forms.CharField(max_length=2000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = KIND_CHOICES  # type: ignore[attr-defined]  # the stubs know only the base class

    @property
    def said(self) -> Said:
        """As the service takes it."""
        return Said(**self.cleaned_data)


class ShareForm(AudienceForm):
    """For whom, and under which marking."""

    tlp = forms.ChoiceField(label=_("Marking"), choices=Tlp.choices, initial=Tlp.AMBER)
    field_order = ("tlp", "node", "all_partners")
