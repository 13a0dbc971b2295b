"""Registers the app and its record kinds with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalystConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.analyst"
    label = "analyst"
    verbose_name = _("Analyst")

    def ready(self) -> None:
        """Make the analyst's kinds known."""
        import_module("sild.analyst.records")
