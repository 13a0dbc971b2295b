"""Made-up people for files that must not leak: names, codes with a right check digit, telephones, addresses."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sild.sandbox.engine.scorers.personal import isikukood_check, rnokpp_check

_FIRST = {
    "en": ("Alice", "Robert", "Emma", "George", "Helen", "Peter"),
    "et": ("Mari", "Jaan", "Kadri", "Tõnu", "Liis", "Peeter"),
    "uk": ("Олена", "Андрій", "Галина", "Тарас", "Ірина", "Петро"),
}
# Names of plants and birds, so that nobody is meant.
_LAST = {
    "en": ("Lindenwood", "Heathercote", "Finchley", "Rowanberry", "Hazelgrove"),
    "et": ("Maasikas", "Pihlakas", "Varblane", "Sinilill", "Kadakas"),
    "uk": ("Калинова-Прикладна", "Горобець-Зразок", "Барвінок", "Шипшина", "Ластівка-Прикладна"),
}
_STREET = {"en": "{number} Birch Street", "et": "Näidise tänav {number}", "uk": "вул. Прикладна, {number}"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    name: str
    code: str
    phone: str
    address: str

    @property
    def secrets(self) -> list[str]:
        """What must not be repeated: all of it, and the surname alone."""
        return [self.name, self.name.split(" ")[-1], self.code, self.phone, self.address]


def person(language: str, number: int) -> Person:
    """The so-manieth person of a language; always the same."""
    generator = random.Random(f"{language}-{number}")  # noqa: S311 -- must be repeatable
    name = f"{generator.choice(_FIRST[language])} {generator.choice(_LAST[language])}"
    # Born in the 2090s, or after the year 2064 in Ukraine: the code has the right form, and nobody can have it.
    day = f"9{generator.randrange(10)}{generator.randrange(1, 13):02}{generator.randrange(1, 29):02}"
    if language == "uk":
        first = f"{generator.randrange(60500, 73000)}{generator.randrange(10000):04}"
        code, phone = first + str(rnokpp_check(first)), f"+380 00 000 {generator.randrange(100):02} {number % 100:02}"
    else:
        first = f"5{day}{generator.randrange(1000):03}"
        code, phone = first + str(isikukood_check(first)), f"+372 5550 {generator.randrange(100):02}{number % 100:02}"
    return Person(name, code, phone, _STREET[language].format(number=generator.randrange(1, 200)))
