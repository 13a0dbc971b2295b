"""What people fill in: a new person, a new token, a search in the audit trail."""

from __future__ import annotations

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from sild.people.enums import Role
from sild.people.models import Agency


class PersonForm(forms.Form):
    """Somebody who will sign in, with a role in one of the agencies that the actor administers."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"), required=False, help_text=_("Must be the one that the identity provider knows.")
    )
    agency = forms.ModelChoiceField(Agency.objects.none(), label=_("Agency"), to_field_name="slug")
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class TokenForm(forms.Form):
    """A token with which a machine acts."""

    name = forms.CharField(label=_("What it is for"), max_length=100, help_text=_("The audit trail shows this name."))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    scopes = forms.CharField(
        label=_("Scopes"),
        required=False,
        max_length=500,
        help_text=_("As in threats:read taxii; empty for all that the role may do."),
    )
    per_minute = forms.IntegerField(label=_("Calls a minute"), required=False, min_value=1, max_value=1_000_000)


class AuditFilter(forms.Form):
    """Narrows the audit trail; every field may stay empty."""

    who = forms.CharField(label=_("Who"), required=False)
    action = forms.CharField(label=_("Action"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
