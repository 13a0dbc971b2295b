"""Registers the app and its record kinds with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreatsConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.threats"
    label = "threats"
    verbose_name = _("Threat information")

    def ready(self) -> None:
        """Make the desk's kinds known."""
        import_module("sild.threats.records")
        import_module("sild.threats.hook_tasks")
