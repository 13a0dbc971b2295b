"""The offline verifier as a program: `python -m sild.trust.verifier`, which `sild verify` runs, too.

It needs no node, no network and no Django, and imports only what the verdict at hand needs: it answers within 0.1 s.
In Python, `verify_record_file` of `evidence` and `verify` of `documents` say the same.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn, TextIO

    from sild.trust.documents import DocumentVerdict
    from sild.trust.evidence import Verdict

USAGE = """\
Usage: python -m sild.trust.verifier FILE [SIGNATURE] [OPTIONS]

Verify a record's file, which has its proof in it, or any file with the signature that stands in a file of its own.
Status 0 when it verifies, 1 when it does not, 2 when this was not understood.

  --fingerprint TEXT  Of the issuer or signer, from its officials: letters and digits, or words.
  --identity FILE     The issuer's or signer's newest identity: says which keys were revoked.
  --renewal FILE      For a record: a renewal of evidence, as `sild trust renew` wrote it.
  --lang TEXT         en, et or uk; by default what SILD_LANGUAGE or LC_MESSAGES says.
  --json              Print JSON for machines.
"""
VALUED = ("fingerprint", "identity", "renewal", "lang")
FILE_AND_SIGNATURE = 2
COLOURS = {"green": 32, "red": 31}


class Asked(NamedTuple):
    """What was asked.

    Attributes:
        file: a record's file, or any file when there is a signature.
        signature: file with the signature; empty for a record.
        fingerprint: from officials; empty when it is not known.
        identity: file with the newest identity document; empty when there is none.
        renewal: file with a renewal of evidence; empty when there is none.
        lang: language of the verdict; empty for that of the environment.
        as_json: print JSON.
    """

    file: str
    signature: str = ""
    fingerprint: str = ""
    identity: str = ""
    renewal: str = ""
    lang: str = ""
    as_json: bool = False


def main() -> int:
    """Verify what the command line names; returns the process's status."""
    asked = read(sys.argv[1:])
    if asked is not None:
        return run(asked)
    is_help = "--help" in sys.argv
    (sys.stdout if is_help else sys.stderr).write(USAGE)
    return 0 if is_help else 2


def at_once(job: Callable[[], int]) -> NoReturn:
    """Do a job and end the process with its status.

    A process that gives one verdict leaves no garbage worth collecting, and need not be taken apart piece by piece at
    its end: the two together take a sixth of its time.
    """
    gc.disable()
    status = job()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def read(arguments: Sequence[str]) -> Asked | None:
    """What was asked; None when the arguments are not whole, have one that is unknown, or ask for help."""
    files: list[str] = []
    options: dict[str, Any] = {}
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if word == "--json":
            options["as_json"] = True
        elif word.startswith("--") and name in VALUED:
            options[name] = value if equals else next(rest, None)
        elif word.startswith("-"):
            return None
        else:
            files.append(word)
    is_whole = all(files) and None not in options.values()
    most = 1 if "renewal" in options else FILE_AND_SIGNATURE
    return Asked(files[0], "".join(files[1:]), **options) if is_whole and 1 <= len(files) <= most else None


def run(asked: Asked) -> int:
    """Verify and print the verdict; returns 0 when it is good, else 1."""
    try:
        verdict = _document(asked) if asked.signature else _record(asked)
    except OSError as error:
        told = _words(asked)["unreadable"].format(file=error.filename or asked.file, why=error.strerror)
        tell(told, "red", sys.stderr)
        return 1
    show(verdict, lang=asked.lang, as_json=asked.as_json)
    if verdict.code == "file-form" and not asked.as_json:
        tell(_words(asked)["hint"], "red", sys.stderr)
    return 0 if verdict.ok else 1


def show(
    verdict: Verdict | DocumentVerdict, more: dict[str, Any] | None = None, *, lang: str = "", as_json: bool
) -> None:
    """Print a verdict, with `more` facts for machines."""
    from sild.language import language_of
    from sild.trust.verdicts import sentence_of

    if as_json:
        import json

        said = {**facts(verdict), **(more or {})}
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        # One line, whatever the file says of itself.
        tell(
            " ".join(sentence_of(verdict, language_of(lang)).splitlines()), "green" if verdict.ok else "red", sys.stdout
        )


def facts(verdict: Verdict | DocumentVerdict) -> dict[str, Any]:
    """A verdict for machines, its sentence in every language included."""
    from orjson import loads

    from sild.trust.verdicts import all_languages

    statement, record = getattr(verdict, "statement", None), getattr(verdict, "record", None)
    names = ("ok", "code", "sentence", "pinned") if hasattr(verdict, "statement") else verdict.__dataclass_fields__
    said: dict[str, Any] = {name: getattr(verdict, name) for name in names}
    said["sentences"] = all_languages(verdict)
    if statement is not None:
        said |= loads(statement.payload)
    if record is not None:
        said |= {"record": record.id, "index": record.index}
    return said


def tell(text: str, colour: str, stream: TextIO) -> None:
    """Write a line, in colour for a person who looks at it.

    What a file says of itself stands in sentences: nothing in it may move the cursor or hide what stands beside it.
    """
    plain = "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    is_coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    stream.write(f"\033[{COLOURS[colour]}m{plain}\033[0m\n" if is_coloured else f"{plain}\n")


def _words(asked: Asked) -> dict[str, str]:
    """Sentences beside the verdict, in the language that was asked for."""
    from sild.language import language_of
    from sild.trust.verdicts import catalogue

    return catalogue(language_of(asked.lang))["good"]


def _record(asked: Asked) -> Verdict:
    """The verdict on a record's file."""
    from sild.trust.evidence import MAX_FILE, Known, verify_record_file

    data, newest = _read(asked.file, MAX_FILE), _newest(asked)
    if not asked.renewal:
        return verify_record_file(data, known=Known(fingerprint=asked.fingerprint or None, newest=newest))
    from datetime import UTC, datetime

    from sild.trust import renewal

    known = Known(fingerprint=asked.fingerprint or None, newest=newest, on=datetime.now(UTC).date())
    return renewal.verify_renewed(data, _read(asked.renewal, renewal.MAX_FILE), known)


def _document(asked: Asked) -> DocumentVerdict:
    """The verdict on a file with its signature beside it."""
    from sild.trust.documents import MAX_SIGNATURE, pieces, verify
    from sild.trust.evidence import Known

    signature, newest = _read(asked.signature, MAX_SIGNATURE), _newest(asked)
    with open(asked.file, "rb") as file:  # noqa: PTH123 -- pathlib would be imported for nothing else
        return verify(pieces(file), signature, Known(fingerprint=asked.fingerprint or None, newest=newest))


def _newest(asked: Asked) -> bytes | None:
    """The newest identity document."""
    from sild.trust.keyset import MAX_DOCUMENT

    return _read(asked.identity, MAX_DOCUMENT) if asked.identity else None


def _read(path: str, most: int) -> bytes:
    """A file's bytes, never more than one over the limit, so that an endless file ends."""
    with open(path, "rb") as file:  # noqa: PTH123 -- pathlib would be imported for nothing else
        return file.read(most + 1)


if __name__ == "__main__":
    at_once(main)
