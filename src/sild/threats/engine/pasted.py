"""Reads a pasted list of indicators, defanged or not, into values of the form in which the store keeps them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from .sentences import DeskError, _

MOST = 10_000
_SEPARATORS = re.compile(r"[\s,;|]+")
_QUOTES = "\"'`<>()“”„«»"
_DEFANG = (
    (re.compile(r"\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\\\.|[\u3002\uff0e\uff61]", re.IGNORECASE), "."),
    (re.compile(r"\[:\]|\(:\)|\{:\}"), ":"),
    (re.compile(r"\[(?:@|at)\]|\((?:@|at)\)|\{(?:@|at)\}", re.IGNORECASE), "@"),
    (re.compile(r"\[/\]|\[://\]"), "://"),
    (re.compile(r"^(?:hxxp|h\*\*p|hXXp|meow)(s?)(?=[:\[])", re.IGNORECASE), r"http\1"),
    (re.compile(r"^fxp(?=s?://)", re.IGNORECASE), "ftp"),
    (re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]"), ""),
)
_HASHES = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_HEX = re.compile(r"[0-9a-fA-F]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,15}://\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.IGNORECASE)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?|_[\w-]{1,62}"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:(?:{_LABEL})\.)+(?:xn--[a-z0-9-]{{2,59}}|[^\W\d_]{{2,63}})\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a list.

    Attributes:
        given: as it stood there.
        kind: the STIX type that it is about (`ipv4-addr`, `domain-name`, `file` …); `other` when it fits none.
        value: refanged and in the usual form: lower-case names and hashes, shortest form of addresses.
    """

    given: str
    kind: str
    value: str


def refang(text: str) -> str:
    """Undo the usual defanging of one indicator: `hxxp`, `[.]`, `(dot)`, `[at]`, `[:]`, full-width dots."""
    for expression, meaning in _DEFANG:
        text = expression.sub(meaning, text)
    return text


def defang(value: str) -> str:
    """Write a value so that nobody follows it by mistake: the last dot of names and addresses, and the scheme."""
    value = re.sub(r"^http", "hxxp", value)
    head, dot, tail = value.partition("://")
    host, slash, path = (tail if dot else head).partition("/")
    safe = host if _HEX.fullmatch(host) else "[.]".join(host.rsplit(".", 1))
    return f"{head}{dot}{safe}{slash}{path}" if dot else f"{safe}{slash}{path}"


def classify(given: str) -> Asked:
    """Say what one indicator is, and bring it into its usual form; anything is accepted as `other`."""
    text = refang(given.strip().strip(_QUOTES)).strip().rstrip(".,;")
    return Asked(given.strip(), *(_address(text) or _digest(text) or _named(text) or ("other", text)))


def parse(text: str) -> list[Asked]:
    """The different indicators of a pasted list, in order; lines that begin with `#` are comments.

    Spaces, commas, semicolons and bars separate. `hxxp[:]//` and the like are understood.

    Raises:
        DeskError: there are more than `MOST`.
    """
    found: dict[tuple[str, str], Asked] = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        for piece in _SEPARATORS.split(line):
            if piece.strip(_QUOTES + ".,;"):
                asked = classify(piece)
                found.setdefault((asked.kind, asked.value), asked)
        if len(found) > MOST:
            raise DeskError(_("The list has more than %(most)s indicators. Ask in parts."), most=MOST)
    return list(found.values())


def hash_name(value: str) -> str | None:
    """The STIX name of a hash by its length, as in `SHA-256`; None when it is no hash."""
    return _HASHES.get(len(value)) if _HEX.fullmatch(value) else None


def _address(text: str) -> tuple[str, str] | None:
    """An address or a network, IPv4 or IPv6."""
    bare = text.strip("[]")
    try:
        network = ipaddress.ip_network(bare, strict=False)
    except ValueError:
        return None
    whole = network.prefixlen == network.max_prefixlen
    value = str(network.network_address) if whole else str(network)
    return f"ipv{network.version}-addr", value


def _digest(text: str) -> tuple[str, str] | None:
    """A hash of a file."""
    return ("file", text.lower()) if hash_name(text) else None


def _named(text: str) -> tuple[str, str] | None:
    """What is told by its form: a URL, an e-mail address, a vulnerability, a technique or a domain name."""
    if _URL.fullmatch(text):
        scheme, _mark, rest = text.partition("://")
        host, slash, path = rest.partition("/")
        return "url", f"{scheme.lower()}://{host.lower()}{slash}{path}"
    if _EMAIL.fullmatch(text):
        return "email-addr", text.lower()
    if _CVE.fullmatch(text):
        return "vulnerability", text.upper()
    if _TECHNIQUE.fullmatch(text):
        return "attack-pattern", text.upper()
    if _DOMAIN.fullmatch(text):
        return "domain-name", text.rstrip(".").lower()
    return None
