"""The `sild` command's entry: what is typed most by machines is answered before anything heavy is imported."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; what goes wrong is a sentence, or one for each flaw, and status 1, never a traceback."""
    try:
        _verify()
        _all_commands()
    except Exception as error:
        if os.environ.get("SILD_TRACEBACK"):
            raise
        from sild.trust.verifier import tell

        tell(_sentence(error), "red", sys.stderr)
        raise SystemExit(1) from error


def _verify() -> None:
    """Answer `sild verify` and `sild record verify`; what is odd about what was typed is left to the whole command."""
    words = sys.argv[1:]
    if words[:1] != ["verify"] and words[:2] != ["record", "verify"]:
        return
    from sild.trust import verifier

    asked = verifier.read(words[1:] if words[0] == "verify" else words[2:])
    # A record has its proof in its own file, so `record verify` takes no signature, and has no such option.
    if asked is not None and (words[0] == "verify" or not (asked.signature or asked.identity)):
        verifier.at_once(lambda: verifier.run(asked))


def _all_commands() -> None:
    """Run any command; what was mistyped is said in the terminal's language, with status 2."""
    import typer

    from sild.node import usage, words
    from sild.node.own_cli import app

    usage.ask_us()
    words.use_commands(app)
    if "_SILD_COMPLETE" in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # Typer exports nothing for it

        completion_init()
    try:
        status = app(standalone_mode=False)
    except typer.TyperException as error:
        raise SystemExit(usage.show(error)) from error
    except typer.Abort as error:  # its input ended
        raise SystemExit(1) from error
    if status:
        raise SystemExit(status)


def _sentence(error: Exception) -> str:
    """What to tell a person of an error."""
    from sild.language import ENGLISH, spoken
    from sild.language import gettext as _
    from sild.node.sentences import told

    if hasattr(error, "code") and not isinstance(error, OSError):
        return str(error) if spoken() == ENGLISH else told(error, _)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."

    what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    return _("Sild failed where it should not: %(what)s. With SILD_TRACEBACK=1 it shows where.") % {"what": what}


if __name__ == "__main__":
    main()
