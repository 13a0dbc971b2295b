"""Starts Django for a command: nothing of it is imported before a command that needs it runs."""

from __future__ import annotations

import os

from sild.language import ENGLISH, fix, spoken
from sild.language import gettext as _


def speak(*, for_machines: bool) -> None:
    """Fix the language of what is said from now on: what machines read is the same in every language."""
    if for_machines:
        fix(ENGLISH)


def django(*, for_machines: bool = False) -> None:
    """Start Django with the node's settings; its sentences are in the terminal's language, for machines in English."""
    speak(for_machines=for_machines)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    from django import setup
    from django.utils.translation import activate

    setup()
    activate(spoken())


def node(*, for_machines: bool = False) -> None:
    """Start Django for a command that needs a node.

    Raises:
        ConfigError: there is no node in SILD_HOME.
    """
    django(for_machines=for_machines)
    from django.conf import settings

    from sild.node.config import ConfigError

    if not settings.CONFIG.is_initialised:
        sentence = _("There is no node in %(home)s. Make one: sild init --node NAME")
        raise ConfigError(sentence % {"home": settings.CONFIG.home})


def migrate() -> None:
    """Apply what migrations wait."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
