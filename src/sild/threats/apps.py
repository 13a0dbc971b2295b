"""Registers the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreatsConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.threats"
    label = "threats"
    verbose_name = _("Threat information")
