"""The reference is whole: every setting, every record kind, every command is in it, and nothing that is not there."""

import re
from pathlib import Path

import pytest
import typer

from sild.exchange import kinds
from sild.node import own_cli, words
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

    def walk(group, typed):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from walk(command, [*typed, name])
            else:
                yield " ".join([*typed, name])

    whole = typer.main.get_group(own_cli.app)
    whole.commands |= {word: words.loaded(word) for word in words.WORDS}
    yield from walk(whole, ["sild"])


def test_every_setting_is_in_the_reference_and_no_other():
    assert named("Settings") == settings() | {
        "SILD_KEY_PASSPHRASE",
        "SILD_ROOT_PASSPHRASE",
        "SILD_TOKEN_MODULE",
        "SILD_TOKEN_PIN",
        "SILD_BACKUP_PASSPHRASE",
        "SILD_BUILD_NETWORK",
        "SILD_CDI",
        "SILD_KUBECONFIG",
        "SILD_KUBE_NAMESPACE",
        "SILD_KUBE_RUNTIME_CLASS",
        "SILD_KUBE_PROBE_IMAGE",
    }


def test_every_record_kind_is_in_the_reference_and_no_other():
    assert named("Record kinds") == {kind.name for kind in kinds.all_kinds()}


def test_every_command_is_in_the_reference_and_no_other():
    assert named("Commands") == set(commands())
