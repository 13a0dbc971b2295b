"""Registers the app and its record kinds with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.exchange"
    label = "exchange"
    verbose_name = _("Exchange")

    def ready(self) -> None:
        """Make the exchange's own kinds known, and which files its records name."""
        import_module("sild.exchange.records")
        import_module("sild.exchange.blobs").holders.append(import_module("sild.exchange.sweeping").attached)
