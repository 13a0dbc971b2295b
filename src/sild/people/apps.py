"""Registers the app and its permission rules with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.people"
    label = "people"
    verbose_name = _("People and agencies")

    def ready(self) -> None:
        """Add the permission rules once the app registry stands."""
        import_module("sild.people.rules")
