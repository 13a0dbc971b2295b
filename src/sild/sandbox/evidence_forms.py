"""What people enter about re-runs and watches."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from sild.exchange.enums import Tlp
from sild.sandbox.forms import PublishForm
from sild.sandbox.rerun import MOST, SAMPLES
from sild.sandbox.watching import MOST_HOURS


class RerunForm(forms.Form):
    """How many samples are drawn."""

    samples = forms.IntegerField(label=_("Samples to draw"), min_value=1, max_value=MOST, initial=SAMPLES)


class VerdictForm(forms.Form):
    """A person's word on a re-run."""

    verdict = forms.ChoiceField(choices=[("countersign", _("Countersign")), ("dispute", _("Dispute"))])
    comment = forms.CharField(label=_("Comment"), required=False, max_length=5000, widget=forms.Textarea)


class WatchForm(PublishForm):
    """How often, how much, and who is told."""

    every_hours = forms.IntegerField(label=_("Hours between two tests"), min_value=1, max_value=MOST_HOURS, initial=24)
    bound = forms.FloatField(
        label=_("How far the mean score may fall, from 0 to 1"), min_value=0, max_value=1, initial=0.05
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data)
        self.fields["tlp"].initial = Tlp.GREEN
