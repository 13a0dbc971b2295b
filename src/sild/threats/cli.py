"""The word `sild threats`."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Threat information: import, export, search, ask, share.")
