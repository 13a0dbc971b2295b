"""The words `sild sign`, `sild verify`, `sild seal` and `sild open`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from sild.exchange.terminal import Json, say
from sild.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

Lang = Annotated[str, typer.Option(help="en, et or uk; by default what SILD_LANGUAGE or LC_MESSAGES says.")]
Out = Annotated[Path | None, typer.Option(help="Where to write; by default beside the file.")]


def sign_command(
    file: Path,
    to: Annotated[list[str] | None, typer.Option(help="Node that is told of the signature; may be repeated.")] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Sign a file in this node's name; the signature stands in a file of its own."""
    from sild.exchange import documents
    from sild.people.actor import Actor

    out = out or file.with_name(file.name + ".sig.json")
    with _reading(file) as source:
        signature = documents.sign(Actor.operator(), source, file.name, audience=to or ())
    out.write_bytes(signature)
    told = _("Wrote %(signature)s. Anybody can check it: sild verify %(file)s %(signature)s")
    places = {"file": file, "signature": out}
    say({name: str(path) for name, path in places.items()}, told % places, as_json=as_json, wrap=False)


def verify_command(
    file: Path,
    signature: Annotated[
        Path | None, typer.Argument(help="Its signature; a record's file has its proof in it.")
    ] = None,
    fingerprint: Annotated[
        str, typer.Option(help="Of the signer, from its officials: letters and digits, or words.")
    ] = "",
    identity: Annotated[
        Path | None, typer.Option(help="The signer's newest identity: says which keys were revoked.")
    ] = None,
    renewal: Annotated[
        Path | None, typer.Option(help="For a record: a renewal of evidence, as `sild trust renew` wrote it.")
    ] = None,
    lang: Lang = "",
    as_json: Json = False,
) -> None:
    """Verify a file and its signature, or a record: no node and no network needed. Status 1 when it does not verify."""
    from sild.trust.verifier import Asked, run

    if signature and renewal:
        raise typer.BadParameter(_("A renewal belongs to a record's file, which has no signature beside it."))
    files = [str(path or "") for path in (file, signature, identity, renewal)]
    status = run(Asked(files[0], files[1], fingerprint, files[2], files[3], lang, as_json))
    if status:
        raise SystemExit(status)


def seal_command(
    file: Path,
    to: Annotated[list[str], typer.Option(help="Node that may open it; may be repeated.")],
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Sign a file and seal it for some nodes; nobody else can open it."""
    from sild.exchange import documents
    from sild.people.actor import Actor

    out = out or file.with_name(file.name + ".sealed")
    with _reading(file) as source, _writing(out) as target:
        documents.seal(Actor.operator(), source, target, file.name, to=to)
    told = _("Wrote %(file)s, for %(nodes)s alone.") % {"file": out, "nodes": ", ".join(to)}
    say({"file": str(file), "sealed": str(out), "to": to}, told, as_json=as_json, wrap=False)


def open_command(
    file: Path,
    out: Annotated[Path | None, typer.Option(help="Where to write; by default the name without .sealed.")] = None,
    lang: Lang = "",
    as_json: Json = False,
) -> None:
    """Open a file that was sealed for this node; nothing is written unless its signature verifies."""
    from sild.exchange import documents
    from sild.people.actor import Actor
    from sild.trust.verifier import show

    out = out or file.with_name(file.name.removesuffix(".sealed"))
    if out.exists():
        told = _("%(file)s exists already. Give another name: --out NAME") % {"file": out}
        raise SystemExit(_fail(told))
    with _reading(file) as source, _writing(out) as target:
        verdict, signature = documents.open_sealed(Actor.operator(), source, target)
        show(verdict, {"file": str(out)}, lang=lang, as_json=as_json)
        if not verdict.ok:
            raise SystemExit(1)
    out.with_name(out.name + ".sig.json").write_bytes(signature)


@contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    """A file that only its owner reads, and that has its name only once it is whole; else nothing stays."""
    temporary = path.with_name(path.name + ".part")
    temporary.touch(mode=0o600)
    try:
        with temporary.open("wb") as target:
            yield target
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _reading(path: Path) -> Any:
    """Open a file to read, or end with a sentence."""
    try:
        return path.open("rb")
    except OSError as error:
        told = _("%(file)s cannot be read: %(why)s.") % {"file": path, "why": error.strerror}
        raise SystemExit(_fail(told)) from error


def _fail(sentence: str) -> int:
    """Print the sentence on standard error; 1."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence, style="red")
    return 1
