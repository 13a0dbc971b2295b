"""Starts Django for a command: nothing of it is imported before a command that needs it runs."""

from __future__ import annotations

import os


def django() -> None:
    """Start Django with the node's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    from django import setup

    setup()


def node() -> None:
    """Start Django for a command that needs a node.

    Raises:
        ConfigError: there is no node in SILD_HOME.
    """
    django()
    from django.conf import settings

    from sild.node.config import ConfigError

    if not settings.CONFIG.is_initialised:
        raise ConfigError(f"There is no node in {settings.CONFIG.home}. Make one: sild init --node NAME")


def migrate() -> None:
    """Apply what migrations wait."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
