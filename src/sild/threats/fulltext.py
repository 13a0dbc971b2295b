"""The index of words: FTS5 on SQLite, a tsvector on PostgreSQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WORDS = 12
_WORD = re.compile(r"\w+")


def insert(rows: Iterable[tuple[int, str]]) -> None:
    """Index the text of versions: (version id, text)."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany("INSERT INTO threats_words(rowid, body) VALUES (%s, %s)", list(rows))
        else:
            statement = "INSERT INTO threats_words(version_id, body) VALUES (%s, to_tsvector('simple', %s))"
            # PostgreSQL has no text with NUL in it.
            cursor.executemany(statement, [(key, text.replace("\0", " ")) for key, text in rows])


def remove(rows: Iterable[tuple[int, str]]) -> None:
    """Take texts out; FTS5 keeps none itself, so it is told the text that was indexed."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statement = "INSERT INTO threats_words(threats_words, rowid, body) VALUES ('delete', %s, %s)"
            cursor.executemany(statement, list(rows))
        else:
            cursor.executemany("DELETE FROM threats_words WHERE version_id = %s", [(key,) for key, _text in rows])


def expression(text: str, words: Iterable[str] = ()) -> str:
    """The query for versions that contain all these words; the last of `text` may be a beginning. Empty for none."""
    typed = [word.lower() for word in _WORD.findall(text)][:MOST_WORDS]
    whole = [*words, *typed[:-1]]
    if connection.vendor == "sqlite":
        return " AND ".join([*(f'"{word}"' for word in whole), *(f'"{word}"*' for word in typed[-1:])])
    return " & ".join([*(f"'{word}'" for word in whole), *(f"'{word}':*" for word in typed[-1:])])


def any_of(words: Iterable[str]) -> str:
    """The query for versions that contain one of these words."""
    if connection.vendor == "sqlite":
        return "(" + " OR ".join(f'"{word}"' for word in words) + ")"
    return "(" + " | ".join(f"'{word}'" for word in words) + ")"


def both(one: str, other: str) -> str:
    """The query for versions that two queries find."""
    return one + (" AND " if connection.vendor == "sqlite" else " & ") + other if other else one


def clause() -> tuple[str, str, str]:
    """SQL: the table, its column with the version's id, and the condition with a place for the query."""
    if connection.vendor == "sqlite":
        return "threats_words", "threats_words.rowid", "threats_words MATCH %s"
    return "threats_words", "threats_words.version_id", "threats_words.body @@ to_tsquery('simple', %s)"
