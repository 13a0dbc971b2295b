"""The reference is whole: every setting, every record kind, every command is in it, and nothing that is not there."""

import re
from pathlib import Path

import pytest
import typer

from sild.exchange import kinds
from sild.node import cli
from sild.node.config import Config

pytestmark = pytest.mark.unit
REFERENCE = (Path(__file__).parent.parent.parent / "docs" / "reference.md").read_text(encoding="utf-8")


def section(title):
    return REFERENCE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def named(title):
    """What the rows of a section's table name in their first cell."""
    return set(re.findall(r"^\| `([^`]+)`", section(title), re.MULTILINE))


def settings():
    return {
        "DATABASE_URL" if name == "database_url" else f"SILD_{name.upper()}" for name in Config.__dataclass_fields__
    }


def commands():
    """Every command as it is typed."""
    import importlib  # noqa: PLC0415 -- one function of many needs it

    def walk(group, words):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from walk(command, [*words, name])
            else:
                yield " ".join([*words, name])

    yield from walk(typer.main.get_group(cli.app), ["sild"])
    yield from (f"sild {word}" for word in cli.COMMANDS)
    for word, (module, attribute) in cli.GROUPS.items():
        yield from walk(typer.main.get_group(getattr(importlib.import_module(module), attribute)), ["sild", word])


def test_every_setting_is_in_the_reference_and_no_other():
    assert named("Settings") == settings() | {
        "SILD_KEY_PASSPHRASE",
        "SILD_ROOT_PASSPHRASE",
        "SILD_TOKEN_MODULE",
        "SILD_TOKEN_PIN",
        "SILD_BACKUP_PASSPHRASE",
    }


def test_every_record_kind_is_in_the_reference_and_no_other():
    assert named("Record kinds") == {kind.name for kind in kinds.all_kinds()}


def test_every_command_is_in_the_reference_and_no_other():
    assert named("Commands") == set(commands())
