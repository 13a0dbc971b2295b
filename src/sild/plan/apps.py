"""Registers the app, its record kind and its watch over records with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.plan"
    label = "plan"
    verbose_name = _("Action plan")

    def ready(self) -> None:
        """Make the plan's kind known and start watching what is added."""
        import_module("sild.plan.records")
