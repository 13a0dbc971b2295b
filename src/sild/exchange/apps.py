"""Registers the app with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.exchange"
    label = "exchange"
    verbose_name = _("Exchange")
