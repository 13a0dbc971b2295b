"""Undoes defanging, and remembers for every character where it stood in the original."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# One character for one character, so offsets stay. The em dash is left alone: it separates words.
_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("\u3002\uff0e\uff61\u2024", "."),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00a0\u2007\u202f\u2009", " "),
        "\uff1a": ":",
        "\uff0f": "/",
        "\uff20": "@",
    }
)
_HAS_LOOKALIKE = re.compile(
    "[\u3002\uff0e\uff61\u2024\u2010-\u2013\u2212\ufe63\uff0d\u00a0\u2007\u202f\u2009\uff1a\uff0f\uff20]"
)
_INVISIBLE_RANGES = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0xFEFF, 0xFEFF), (0xAD, 0xAD))
_INVISIBLE = dict.fromkeys(code for first, last in _INVISIBLE_RANGES for code in range(first, last + 1))
_HAS_INVISIBLE = re.compile("[" + "".join(map(chr, _INVISIBLE)) + "]")
# It starts with a set of characters, so that the search skips to one of them; the look-behinds tell which one it was.
# Nothing is repeated without bound but what is given up at once, so the search is linear.
_BRACKETED = (
    r"[\[({<\]\\](?:"
    r"(?<=[\[({<])\[?[ ]?(?:(?P<dot>\.|d[o0]t\b|punkt\b|крапка\b|точка\b)"
    r"|(?P<at>@|at\b|ätt?\b|соба(?:ка|чка)\b|равлик\b)"
    r"|(?P<scheme>:[ ]?//)|(?P<half>:/)|(?P<colon>:)|(?P<slash>/)|(?P<http>h(?:xx|tt|\*\*)ps?(?=[\]})>][:\[(]))"
    r"|(?<=\[)(?P<comma>,)(?=\][a-z])|(?<=h[\[({])(?P<letters>tt|xx)(?=.p)|(?<=p[\[({])(?P<secure>s)(?=.[:\[]))"
    r"[ ]?\]?[\])}>]"
    r"|(?<=\[)(?P<open>\.)(?=\w)|(?<=\w\.\])(?P<close>)(?=\w)|(?<=\\)(?P<escaped>\.)(?=\w)|(?<=\\)(?P<json>/)(?=[\w\\]))"
)
_DEFANGED = re.compile(_BRACKETED, re.IGNORECASE)
# “bad-host dot com”; a second pattern, since looking at every space takes time and few texts write like that.
_WORDS = re.compile(r"[ ](?:DOT|dot)[ ](?=[A-Za-z])|[ ]AT[ ](?=[\w-]{1,63}[ ]DOT[ ])")
_IN_WORDS = re.compile(rf"(?P<word>{_WORDS.pattern})|{_BRACKETED.replace('[ ]?', ' ?')}", re.IGNORECASE)
_WORD_TLDS = re.compile(r"(?:com|net|org|info|biz|io|me|xyz|top|site|online|co|ru|ua|ee|eu|укр)\b", re.IGNORECASE)
_MEANING = {
    "dot": ".", "comma": ".", "at": "@", "scheme": "://", "half": ":/", "colon": ":", "slash": "/", "json": "/",
}  # fmt: skip
_KEPT = frozenset({"http", "letters", "secure"})
_SPLIT_DOT = frozenset({"open", "close", "escaped"})
_LOOK_BACK = 64


@dataclass(frozen=True, slots=True)
class View:
    """A text as it would read without defanging.

    Attributes:
        text: the refanged text.
        original: the text that was given.
    """

    text: str
    original: str
    _starts: list[int]
    _shifts: list[int]
    _joints: list[int]
    _kept: NDArray[np.int64] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of `text[start:end]`, for a piece that is not empty."""
        return self._position(start), self._position(end - 1) + 1

    def was_defanged(self, start: int, end: int) -> bool:
        """Tell whether a bracketed or escaped separator stood inside `text[start:end]`."""
        place = bisect_right(self._joints, start - 1)
        return place < len(self._joints) and self._joints[place] < end

    def _position(self, offset: int) -> int:
        place = offset + self._shifts[bisect_right(self._starts, offset) - 1]
        return place if self._kept is None else int(self._kept[place])


def refang(original: str) -> View:
    """Read `[.]`, `(dot)`, `{.}`, `[at]`, `[:]//`, full-width dots, hyphens of typographers and the like as meant.

    Invisible characters (zero-width, soft hyphen, direction marks) vanish. Time and memory are linear in the text.
    """
    has_lookalike = not original.isascii() and _HAS_LOOKALIKE.search(original)
    source = original.translate(_LOOKALIKES) if has_lookalike else original
    source, kept = _visible(source) if not source.isascii() else (source, None)
    parts: list[str] = []
    starts, shifts, joints = [0], [0], []
    done = length = 0
    pattern = _IN_WORDS if " dot " in source or " DOT " in source else _DEFANGED
    for match in pattern.finditer(source):
        start, end, meant = _read(source, match, done)
        if meant is None:
            continue
        parts += (source[done:start], meant)
        length += start - done
        joints.append(length)
        length += len(meant)
        if starts[-1] == length:
            shifts[-1] = end - length
        else:
            starts.append(length)
            shifts.append(end - length)
        done = end
    parts.append(source[done:])
    return View("".join(parts), original, starts, shifts, joints, kept)


def _visible(source: str) -> tuple[str, NDArray[np.int64] | None]:
    """The text without invisible characters, and where each that is left stood; None when all are."""
    if not _HAS_INVISIBLE.search(source):
        return source, None
    import numpy as np  # noqa: PLC0415 -- slow, and every command loads this file

    codes = np.frombuffer(source.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    hidden = np.isin(codes, np.array(list(_INVISIBLE), dtype=np.uint32))
    return source.translate(_INVISIBLE), np.flatnonzero(~hidden)


def _read(source: str, match: re.Match[str], done: int) -> tuple[int, int, str | None]:
    """The piece to replace and what it means; None when it is not defanging after all."""
    start, end = match.span()
    group = str(match.lastgroup)
    if group == "word":
        return start, end, _word(source, end, match[0])
    if group in _SPLIT_DOT:
        return start, end, _split_dot(source, start, group)
    if group in _KEPT:
        return start, end, match[group]
    if start > done and source[start - 1] == " " == source[end : end + 1]:
        start, end = start - 1, end + 1
    return start, end, _MEANING[group]


def _word(source: str, end: int, written: str) -> str | None:
    """A separator that is written out; “dot” only before a top-level domain or another part of a name."""
    if written == " AT ":
        return "@"
    return "." if written == " DOT " or _WORD_TLDS.match(source, end) else None


def _split_dot(source: str, start: int, group: str) -> str | None:
    """A bracket or backslash beside a dot is defanging, except within a path such as C:, dir, .ssh."""
    if group == "close":
        return ""
    if start == 0 or not source[start - 1].isalnum():
        return None
    before = source[max(0, start - _LOOK_BACK) : start].rsplit(None, 1)[-1:] if group == "escaped" else []
    return None if before and ("\\" in before[0] or ":" in before[0]) else "."
