"""Text entered once in several languages: one JSON value `{en, et, uk}`, so that a signed record carries all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language

if TYPE_CHECKING:
    from collections.abc import Mapping

FALLBACK = ("en", "et", "uk")


def pick(value: Mapping[str, str] | str, language: str | None = None) -> str:
    """Choose the text in `language` (by default the reader's), else in English, else in any language that has one."""
    if isinstance(value, str):
        return value
    wanted = (language or get_language() or "en").split("-")[0]
    return next((value[code] for code in (wanted, *FALLBACK) if value.get(code)), "")
