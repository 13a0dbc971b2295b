"""Registers the app and its record kinds with Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SandboxConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.sandbox"
    label = "sandbox"
    verbose_name = _("AI sandbox")

    def ready(self) -> None:
        """Make the sandbox's record kinds known, and which files it needs."""
        import_module("sild.sandbox.records")
        import_module("sild.sandbox.agreed_records")
        import_module("sild.sandbox.evidence_records")
        import_module("sild.exchange.blobs").holders.append(import_module("sild.sandbox.packages").needed)
