"""Collects what people read into each module's catalogues, Estonian and Ukrainian, and checks that they are complete.

    .venv/bin/python tools/messages.py [MODULE …]           update the catalogues, keeping their translations
    .venv/bin/python tools/messages.py --check [MODULE …]   status 1 and a list when something is to be done

Needs Babel and Django only; the catalogues change when the texts do, never with the date.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LANGUAGES = ("et", "uk")
# Django's own names for gettext's functions; the numbers say which argument is what, "c" is the context.
KEYWORDS = {
    name + suffix: arguments
    for name, arguments in {
        "_": (1,),
        "gettext": (1,),
        "gettext_noop": (1,),
        "aside": (1,),
        "gettext_noops": (),
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
    for suffix in ("", "_lazy")
}
PLURALS = {
    "et": "nplurals=2; plural=(n != 1);",
    "uk": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}
HEADER = """msgid ""
msgstr ""
"Project-Id-Version: Sild\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|%[sdif]|\{\w*\}")


def modules(source: Path, names: list[str]) -> list[Path]:
    """Folders of the Django apps, all of them or those named."""
    return [found.parent for found in sorted(source.glob("*/apps.py")) if not names or found.parent.name in names]


def collect(module: Path) -> Catalog:
    """Every message of a module's Python files and templates, with the files where it stands."""
    catalog = Catalog()
    for path in sorted(module.rglob("*.py")):
        if "migrations" not in path.parts:
            source = path.read_text(encoding="utf-8")
            _add(catalog, source, path.relative_to(module))
            if "\nimport typer\n" in source:
                _add_help(catalog, source, path.relative_to(module))
    for path in sorted(module.rglob("templates/**/*")):
        if path.suffix in {".html", ".txt", ".xml"}:
            source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            flush = "\n".join(line.lstrip() for line in source.splitlines())  # HTML's indentation is not Python's
            _add(catalog, flush, path.relative_to(module))
    return catalog


def _add(catalog: Catalog, source: str, place: Path) -> None:
    """Add the messages of one file's Python source."""
    options = {"encoding": "utf-8"}
    for line, function, found, comments in extract_python(
        io.BytesIO(source.encode()), KEYWORDS, ["Translators:"], options
    ):
        texts = list(found) if isinstance(found, tuple) else [found]
        if function == "gettext_noops":
            for text in filter(None, texts):
                catalog.add(text, locations=[(place.as_posix(), line)])
            continue
        name = (function or "").removesuffix("_lazy")
        context = texts.pop(0) if name.endswith("pgettext") else None
        plural = name.startswith("n") and not name.endswith("noop")
        texts = texts[: 1 + plural]
        if len(texts) == 1 + plural and all(isinstance(text, str) and text for text in texts):
            message = tuple(texts) if plural else texts[0]
            catalog.add(message, locations=[(place.as_posix(), line)], auto_comments=comments, context=context)


def _add_help(catalog: Catalog, source: str, place: Path) -> None:
    """Add what commands, groups and parameters are for, and the usage line's words, from a file that defines some."""
    for node in ast.walk(ast.parse(source)):
        for text in _help_of(node, has_commands=place.name.endswith("cli.py")):
            catalog.add(" ".join(inspect.cleandoc(text).split()), locations=[(place.as_posix(), 1)])


def _help_of(node: ast.AST, *, has_commands: bool) -> Iterator[str]:
    """A call's `help`, the last argument of a `Word`, or the docstring of a function that is a command."""
    if isinstance(node, ast.Call):
        given = [one.value for one in node.keywords if one.arg == "help"]
        given += node.args[2:] if isinstance(node.func, ast.Name) and node.func.id == "Word" else []
        yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))
    elif has_commands and isinstance(node, ast.FunctionDef) and _is_command(node):
        yield from filter(None, [ast.get_docstring(node)])


def _is_command(node: ast.FunctionDef) -> bool:
    """A command is public, returns None, and has no keyword-only parameter, since all of its are typed."""
    is_public = not node.name.startswith("_")
    return is_public and isinstance(node.returns, ast.Constant) and not node.args.kwonlyargs


def read(path: Path, language: str) -> Catalog:
    """The catalogue as it stands; an empty one when there is none."""
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def merged(collected: Catalog, standing: Catalog) -> Catalog:
    """What the catalogue should be: the collected messages with the translations that stand."""
    result = Catalog(locale=standing.locale)
    for message in collected:
        if message.id:
            known = standing.get(message.id, message.context)
            kept = known.string if known and isinstance(known.id, str) is isinstance(message.id, str) else None
            result.add(
                message.id,
                kept,
                locations=message.locations,
                flags=(known.flags if known else set()) | message.flags,
                auto_comments=message.auto_comments,
                user_comments=known.user_comments if known else (),
                context=message.context,
            )
    return result


def written(catalog: Catalog, language: str) -> str:
    """The catalogue's file: sorted, unwrapped, without dates and line numbers."""
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=True, sort_output=True, include_lineno=False)
    return HEADER.format(language=language, plurals=PLURALS[language]) + out.getvalue().decode().strip() + "\n"


def faults(catalog: Catalog, language: str) -> Iterator[str]:
    """Say what is wrong with the translations of a catalogue."""
    for message in catalog:
        if not message.id:
            continue
        text = message.id if isinstance(message.id, str) else message.id[0]
        strings = [message.string] if isinstance(message.id, str) else _forms(message, language)
        if not all(strings):
            yield f"not translated: {text!r}"
        elif message.fuzzy:
            yield f"marked fuzzy: {text!r}"
        elif wrong := _placeholders_differ(message, strings):
            yield f"placeholders differ: {text!r} became {wrong!r}"


def contradictions(source: Path, language: str) -> Iterator[str]:
    """Texts that two modules translate differently: Django joins all catalogues, so one of them would lose."""
    seen: dict[tuple[object, object], tuple[str, object]] = {}
    for module in modules(source, []):
        for message in read(module / "locale" / language / "LC_MESSAGES" / "django.po", language):
            if message.id and message.string:
                key = (message.id if isinstance(message.id, str) else message.id[0], message.context)
                first, string = seen.setdefault(key, (module.name, message.string))
                if string != message.string:
                    yield f"{module.name}/{language}: translated otherwise than in {first}: {key[0]!r}"


def _forms(message: Message, language: str) -> list[str]:
    """The plural forms, as many as the language has."""
    needed = int(PLURALS[language].split("=")[1].split(";")[0])
    strings = list(message.string) if isinstance(message.string, (tuple, list)) else []
    return (strings + [""] * needed)[:needed]


def _placeholders_differ(message: Message, strings: list[str]) -> str:
    """The first translation whose placeholders are those of no source text; empty when all agree."""
    sources = [message.id] if isinstance(message.id, str) else message.id
    allowed = [sorted(PLACEHOLDER.findall(source)) for source in sources]
    return next((text for text in strings if sorted(PLACEHOLDER.findall(text)) not in allowed), "")


def examine(module: Path, language: str, *, check: bool) -> list[str]:
    """Update or check one catalogue; returns what is to be done about it."""
    collected = collect(module)
    path = module / "locale" / language / "LC_MESSAGES" / "django.po"
    if not len(collected) and not path.exists():
        return []
    standing = read(path, language)
    result = merged(collected, standing)
    text = written(result, language)
    found = list(faults(result, language))
    if check:
        obsolete = [message.id for message in standing if message.id and not result.get(message.id, message.context)]
        found += [f"no longer used: {text if isinstance(text, str) else text[0]!r}" for text in obsolete]
        if not found and (not path.exists() or path.read_text(encoding="utf-8") != text):
            found.append("out of date: run tools/messages.py")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [f"{module.name}/{language}: {line}" for line in found]


def main() -> int:
    """Go through the modules; status 1 when `--check` finds something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 when something is to be done")
    parser.add_argument("--source", type=Path, default=ROOT / "src" / "sild", help="the folder of the modules")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    arguments = parser.parse_args()
    settings.configure(USE_I18N=False)
    django.setup()
    todo = [
        line
        for module in modules(arguments.source, arguments.modules)
        for language in LANGUAGES
        for line in examine(module, language, check=arguments.check)
    ]
    todo += [line for language in LANGUAGES for line in contradictions(arguments.source, language)]
    print("\n".join(todo) if todo else "The catalogues are complete.")
    return 1 if todo and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
