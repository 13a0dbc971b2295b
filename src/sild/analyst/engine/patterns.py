"""One finder for each form of indicator; each reads a refanged text once and yields what it takes for one.

Every pattern is linear: repetitions are possessive or bounded by a constant, and a start inside a run that was looked
at already is refused by a look-behind of one character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import addresses, names
from .fingerprints import hashes, ja4, rules, wallet_addresses
from .hit import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .refang import View


_END = r"\s<>\"'`«»“”„|"
_URL = re.compile(rf":(?://|\\\\)(?P<gap>[ ]?)(?P<rest>[^{_END}]{{1,2048}})")
_SCHEME = re.compile(
    r"(?<![A-Za-z0-9])(?:h[tx*х]{2,3}[px]s?|ttps?|fxp|s?ftps?|wss?|tcp|udp|ldaps?|meow)\Z", re.IGNORECASE
)
_LONGEST_SCHEME = 6
_AUTHORITY = re.compile(
    r"(?:[^/?#@\s]{0,128}@)?(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[^/?#:@\\\s]{1,253})(?::\d{1,5})?(?=[/?#\\]|\Z)"
)
# Where an @ joins a word and a dotted name; what is before it is read backwards from there.
# A group is never possessive: Python before 3.11.5, as Debian 12 has it, loses matches then (CPython issue 106052).
_AT = re.compile(r"@(?P<host>[\w-]++(?:\.[\w-]++)+)")
_LOCAL_BACKWARDS = re.compile(r"[\w.+%-]{1,64}+")
# Where a dot joins two words; the word before it is read backwards from there.
_JOINT = re.compile(r"\.(?=[\w-])")
_WORD_BACKWARDS = re.compile(r"[\w-]{1,255}+")
_DOTTED = re.compile(r"[\w-]++(?:\.[\w-]++)+")
_NOT_BEFORE = frozenset("./\\@$")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}+:){2,7}(?:\d{1,3}+(?:\.\d{1,3}+){3}|[0-9A-Fa-f]{0,4}+)(?![\w:])(?:/\d{1,3}\b)?"
)
# Two colons with a group or nothing between them; what is before the first one is read backwards from there.
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}+:")
_HEX_BACKWARDS = re.compile(r"[0-9A-Fa-f]{0,4}+")
_PREFIX = re.compile(r"/\d{1,2}(?![\d.])")
_RANGE = re.compile(r"([\d.]{7,15})-([\d.]{7,15})")
# It starts with a set of characters, so that the search skips to one of them; the look-behinds tell which one it was.
_IDENTIFIER = re.compile(
    r"[ACDFSTUc](?<!\w.)(?:"
    r"(?P<cve>(?<=[Cc])[Vv][Ee]-(?:19|20)\d{2}-\d{4,7}(?!\d))"
    r"|(?<=A)(?:S|SN[ -]?)(?P<asn>[1-9]\d{0,9})"
    r"|(?P<actor>(?<=U)AC-\d{4}|(?<=U)NC\d{3,5}|(?<=A)PT-?\d{1,3}|(?<=T)A(?!00)\d{3,4}|(?<=F)IN\d{1,2}|(?<=D)EV-\d{4}"
    r"|(?<=S)torm-\d{4}|(?<=C)ERT-UA\#\d{3,6})"
    r")(?!\w)"
)
_NOT_ASN = frozenset({1, 2, 3, 4, 400, 9100})  # AS2 is a protocol, AS/400 a computer, AS9100 a standard
_MAX_ASN = 2**32
# A character of a folder's or key's name; a space must not lead to the next path or key.
_SEGMENT = r"(?:[^\\\s<>\"`«»“”„|?*;:]|[ ](?![%\\]|[A-Za-z]:\\|HK[A-Z_]{2,30}\\))"
_REGISTRY = re.compile(
    rf"[Hh](?<!\w.)(?:KEY_[A-Z_]{{4,20}}|KLM|KCU|KCR|KCC|KU)(?::?\\{{1,2}}{_SEGMENT}{{1,100}})+", re.IGNORECASE
)
# A drive's letter stands before what matches.
_WINDOWS = re.compile(
    r"[:%\\](?:(?<=[A-Za-z]:)(?<![\w\\][A-Za-z]:)\\{1,2}|(?<=%)(?<![\w\\]%)\w{2,32}%\\{1,2}"
    r"|(?<=\\)(?<![\w\\]\\)\\[\w.$-]{1,63}\\)"
    rf"{_SEGMENT}{{1,120}}(?:\\{{1,2}}{_SEGMENT}{{1,120}})*"
)
_UNIX = re.compile(
    r"[~/](?<![\w/.:~%-].)(?:(?<=~)|(?<=/)(?:etc|tmp|var|usr|opt|home|root|dev|proc|bin|sbin|lib|lib64|boot|mnt|srv|run|Library|Users"
    r"|Applications|private|System|data))(?:/[\w.@%+~-]{1,255}+)+"
)
_TRAILING = ".,;:!?*_"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_MAX_TRIM = 16
_MAX_WORDS = 4


def urls(view: View) -> Iterator[Hit]:
    """URLs with a scheme, also hxxp, h**p, fxp and meow, whose host is an address or a name."""
    for match in _URL.finditer(view.text):
        before = max(0, match.start() - _LONGEST_SCHEME - 1)
        scheme = _SCHEME.search(view.text[before : match.start()])
        rest = _trimmed(match["rest"])
        authority = _AUTHORITY.match(rest)
        scope = _host_scope(authority["host"]) if scheme and authority else None
        if match["gap"] and not (scheme and _is_defanged(scheme[0], view, match)):
            continue
        if scheme and authority and scope:
            host = slice(*authority.span("host"))
            value = f"{_scheme(scheme[0].lower())}://{rest[: host.start]}{rest[host].lower()}{rest[host.stop :]}"
            yield Hit("url", before + scheme.start(), match.start("rest") + len(rest), value, scope)


def emails(view: View) -> Iterator[Hit]:
    """E-mail addresses (RFC 5321 lengths) of a host that can be."""
    for match in _AT.finditer(view.text):
        host = match["host"].rstrip("-_")
        if not names.is_hostname(host):
            continue
        before = _LOCAL_BACKWARDS.match(view.text[max(0, match.start() - 64) : match.start()][::-1])
        local = before[0][::-1].lstrip(".%+-") if before else ""
        if local:
            start, end = match.start() - len(local), match.start("host") + len(host)
            yield Hit("email", start, end, f"{local}@{host.lower()}", names.domain_scope(host))


def dotted(view: View) -> Iterator[Hit]:
    """Words with dots in them: IPv4 addresses, domain names, file names, or none of these."""
    text, reached = view.text, 0
    for joint in _JOINT.finditer(text):
        if joint.start() < reached:
            continue
        word = _WORD_BACKWARDS.match(text[max(0, joint.start() - names.MAX_NAME - 2) : joint.start()][::-1])
        match = _DOTTED.match(text, joint.start() - len(word[0])) if word else None
        if match is None:
            continue
        reached = match.end()
        token = match[0].rstrip("-_").lstrip("-")
        start = reached - len(match[0].lstrip("-"))
        if len(token) > names.MAX_NAME or text[match.start() - 1 : match.start()] in _NOT_BEFORE:
            continue
        if text[reached : reached + 1] != "@":
            yield from _dotted(view, token, start, start + len(token))


def _dotted(view: View, token: str, start: int, end: int) -> Iterator[Hit]:
    if token[0].isdigit() and token.replace(".", "").replace("-", "").isdigit():
        yield from _numbers(view, token, start, end)
    elif names.is_domain(token, defanged=view.was_defanged(start, end)) and view.text[end : end + 1] != "(":
        yield Hit("domain", start, end, token.lower(), names.domain_scope(token))
    elif names.is_file_name(token):
        yield Hit("file", start, end, token, "system" if token.lower() in names.SYSTEM_FILES else "")


def _numbers(view: View, token: str, start: int, end: int) -> Iterator[Hit]:
    """An address, an address with prefix length, or a range of two."""
    span = _RANGE.fullmatch(token)
    for part, at in ((span[1], start), (span[2], start + span.start(2))) if span else ((token, start),):
        if not addresses.ipv4(part):
            continue
        stop = at + len(part)
        if addresses.follows_version(view.text, at) and not view.was_defanged(at, stop):
            continue
        scope = addresses.scope4(part)
        prefix = _PREFIX.match(view.text, stop) if stop == end else None
        bits = prefix[0] if prefix and int(prefix[0][1:]) <= 32 else ""  # noqa: PLR2004 -- IPv4 has no more
        yield Hit("ipv4", at, stop + len(bits), part + bits, scope)


def ipv6(view: View) -> Iterator[Hit]:
    """IPv6 addresses, with a prefix length when one stands there."""
    reached = 0
    for joint in _COLONS.finditer(view.text):
        before = _HEX_BACKWARDS.match(view.text[max(0, joint.start() - 4) : joint.start()][::-1])
        match = _IPV6.match(view.text, joint.start() - before.end()) if before and joint.start() >= reached else None
        if match is None:
            continue
        reached = match.end()
        address, _, prefix = match[0].partition("/")
        value = addresses.ipv6(address)
        if value and len(address.replace(":", "")) > 1:
            yield Hit(
                "ipv6", match.start(), match.end(), f"{value}/{prefix}" if prefix else value, addresses.scope6(value)
            )


def identifiers(view: View) -> Iterator[Hit]:
    """CVE numbers, autonomous systems and actor numbers."""
    for match in _IDENTIFIER.finditer(view.text):
        kind = match.lastgroup or ""
        value = match[kind] if kind == "asn" else match[0]
        if kind == "cve":
            value = value.upper()
        elif kind == "asn":
            if int(value) >= _MAX_ASN or int(value) in _NOT_ASN:
                continue
            value = f"AS{value}"
        yield Hit(kind, match.start(), match.end(), value)


def registry(view: View) -> Iterator[Hit]:
    """Registry keys."""
    for match in _REGISTRY.finditer(view.text) if "\\" in view.text else ():
        key = _path(match[0])
        if "\\" in key:
            yield Hit("registry", match.start(), match.start() + len(key), key.replace("\\\\", "\\"))


def paths(view: View) -> Iterator[Hit]:
    """Paths of Windows and of Unix."""
    for match in _WINDOWS.finditer(view.text) if "\\" in view.text else ():
        start = match.start() - (match[0][0] == ":")
        path = _path(view.text[start : match.end()])
        head = path[:2]
        value = path if head == "\\\\" else path.replace("\\\\", "\\")
        if len(path) > len(head) + 1:
            yield Hit("path", start, start + len(path), value)
    for match in _UNIX.finditer(view.text) if "/" in view.text else ():
        path = match[0].rstrip(".-")
        yield Hit("path", match.start(), match.start() + len(path), path)


FINDERS = (urls, emails, registry, paths, dotted, ipv6, hashes, ja4, wallet_addresses, identifiers, rules)


def _is_defanged(scheme: str, view: View, match: re.Match[str]) -> bool:
    """Whether a scheme that a space follows was meant to be broken by it."""
    return not scheme.lower().startswith(("http", "ftp", "ws")) or view.was_defanged(match.start("rest"), match.end())


def _scheme(found: str) -> str:
    """The scheme that a defanged one stands for."""
    if found.startswith(("h", "ttp")):
        return "https" if found.endswith("s") else "http"
    return {"fxp": "ftp", "meow": "http"}.get(found, found)


def _host_scope(host: str) -> str | None:
    """The scope of a URL's host; None when it cannot be one."""
    if host.startswith("["):
        address = addresses.ipv6(host[1:-1])
        return addresses.scope6(address) if address else None
    if addresses.ipv4(host):
        return addresses.scope4(host)
    return names.domain_scope(host) if names.is_hostname(host) else None


def _trimmed(text: str) -> str:
    """Without the punctuation of the sentence around it: closing brackets stay when they were opened inside."""
    for _ in range(_MAX_TRIM):
        last = text[-1:]
        if last in _BRACKETS and text.count(_BRACKETS[last]) >= text.count(last):
            return text
        if not last or (last not in _TRAILING and last not in _BRACKETS):
            return text
        text = text[:-1]
    return text


def _path(text: str) -> str:
    """Cut a run of segments where prose goes on: earlier ones have few words, the last one is a word or a file name."""
    segments = text.split("\\")
    for place, segment in enumerate(segments[1:], 1):
        words = segment.split(" ", _MAX_WORDS + 1)
        if place == len(segments) - 1 or _is_prose(words):
            segments = [*segments[:place], _file_or_word(words)]
            break
    return "\\".join(segments).rstrip(" .,;:)]}'\\")


def _is_prose(words: list[str]) -> bool:
    """True when a folder's name has too many words, or one that ends a clause or is a file's name."""
    return len(words) > _MAX_WORDS or any(word[-1:] in {",", "."} or names.is_file_name(word) for word in words[:-1])


def _file_or_word(words: list[str]) -> str:
    """The first words up to one with a file's extension; the first one when there is none near."""
    for place, word in enumerate(words[: _MAX_WORDS - 1]):
        if names.is_file_name(word.rstrip(".,)]'")):
            return " ".join(words[: place + 1])
        if word[-1:] in {",", ".", ")"}:
            break
    return words[0]
