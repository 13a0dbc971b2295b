"""In which language a person at a terminal is spoken to, and the sentences in it; needs neither Django nor a node.

Pages speak through Django. A command says something before Django has started, when its help is asked for or when it
was mistyped, and some never start it; so the sentences of commands come from the same catalogues by the standard
library's own gettext, and only those of the module whose word was typed are read, beside those that all share.
"""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from gettext import NullTranslations
    from re import Pattern

ENGLISH = "en"
LANGUAGES = (ENGLISH, "et", "uk")
# The node's own setting, then POSIX's (XBD 8.2): the first of these that is set decides about messages.
VARIABLES = ("SILD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

# The node's own commands, and what the commands of all modules share (`exchange.terminal`).
ALWAYS = ("node", "exchange")

# The modules whose catalogues answer, and the language that was fixed for this process; empty for the environment's.
_opened = [*ALWAYS]
_fixed = [""]


def language_of(wanted: str = "", environment: Mapping[str, str] | None = None) -> str:
    """The language to speak: what was asked for, else the environment's, else English.

    Args:
        wanted: as in `et`, `uk` or `uk_UA.UTF-8`; empty when nothing was asked for.
        environment: by default the process's own.
    """
    environment = os.environ if environment is None else environment
    named = wanted or next((environment[name] for name in VARIABLES if environment.get(name)), "")
    language = named.replace("-", "_").partition("_")[0].partition(".")[0].partition("@")[0].lower()
    return language if language in LANGUAGES else ENGLISH


def spoken() -> str:
    """The language of this process's terminal."""
    return _fixed[0] or language_of()


def fix(language: str) -> None:
    """Speak this language from now on, whatever the environment says; empty for what it says."""
    _fixed[0] = language


def open_catalogue(module: str) -> None:
    """Let the catalogue of a module answer, too, as in `sandbox`; those in `ALWAYS` do anyway."""
    if module not in _opened:
        _opened.append(module)


def gettext(text: str) -> str:
    """A text in the terminal's language; in English when it is not translated."""
    catalogue = _catalogue(spoken(), tuple(_opened))
    return catalogue.gettext(text) if catalogue and text else text


def aside(text: str) -> str:
    """A text for the person who waits at the terminal, as of progress, also where machines read what is printed."""
    catalogue = _catalogue(language_of(), tuple(_opened))
    return catalogue.gettext(text) if catalogue else text


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a text that goes with the number."""
    catalogue = _catalogue(spoken(), tuple(_opened))
    return catalogue.ngettext(one, many, number) if catalogue else (one if number == 1 else many)


def gettext_noop(text: str) -> str:
    """The text itself: it is collected for the catalogues, and translated where it is shown."""
    return text


def gettext_noops(*texts: str) -> tuple[str, ...]:
    """The texts themselves, likewise."""
    return texts


class Sentences:
    """English sentences of what has no catalogue, as an engine, recognised so that a reader has them in their language.

    Attributes:
        texts: with places for what varies, as in `There is no leaf %(index)s.`; the first that fits is taken.
    """

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def told(self, sentence: str, translate: Callable[[str], str]) -> str:
        """The sentence in a reader's language; as it is when it is not known here.

        Args:
            sentence: in English; what stands at a place called `why` may be such a sentence itself.
            translate: gives a text's translation.
        """
        for pattern, text in self._patterns:
            if found := pattern.fullmatch(sentence):
                places = found.groupdict()
                if "why" in places:
                    places["why"] = self.told(places["why"], translate)
                return translate(text) % places
        return sentence

    def knows(self, sentence: str) -> bool:
        """Tell whether it is one of these."""
        return any(pattern.fullmatch(sentence) for pattern, _text in self._patterns)

    @cached_property
    def _patterns(self) -> list[tuple[Pattern[str], str]]:
        """What recognises each text: its own letters, and anything at its places."""
        import re

        place = re.compile(r"%\\\((\w+)\\\)s")
        return [(re.compile(place.sub(r"(?P<\1>.+?)", re.escape(text)), re.DOTALL), text) for text in self.texts]


def heading(name: str) -> str:
    """What a column or a line is called: the words of a member's name in JSON, as in `next_try`."""
    return gettext(name.replace("_", " "))


def word(code: str) -> str:
    """What a code that is shown to people is called, as in `waiting`; itself when it has no other name."""
    return gettext(code)


def cell(value: Any) -> str:
    """A value in a table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value)


def decimal(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with this many digits after the comma; English alone writes a point there (Unicode CLDR)."""
    text = f"{value:{'+' if signed else ''}.{digits}f}"
    return text if spoken() == ENGLISH else text.replace(".", ",")


def number(value: int) -> str:
    """A whole number, its thousands apart as the language has them (Unicode CLDR)."""
    text = f"{value:,}"
    return text if spoken() == ENGLISH else text.replace(",", "\N{NO-BREAK SPACE}")


@lru_cache(maxsize=8)
def _catalogue(language: str, modules: tuple[str, ...]) -> NullTranslations | None:
    """The catalogues of some modules, one asked after the other; None for English, which needs none."""
    if language == ENGLISH:
        return None
    from gettext import NullTranslations, translation

    here, whole = os.path.dirname(__file__), NullTranslations()
    for module in reversed(modules):
        one = translation("django", os.path.join(here, module, "locale"), [language], fallback=True)
        one.add_fallback(whole)
        whole = one
    return whole
