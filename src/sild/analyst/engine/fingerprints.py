"""Finders for hashes, fingerprints of connections, wallets and names of detection rules; linear like all finders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import names, wallets
from .hit import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .refang import View

_HASH = re.compile(r"[0-9A-Fa-f](?<!\w.)[0-9A-Fa-f]{31,127}+(?!\w)")
_HASHES = {32: "md5", 40: "sha1", 62: "jarm", 64: "sha256", 128: "sha512"}
# An MD5 that is not a file's: the words before it say what it is of.
_MD5_OF = re.compile(
    r"(?<![A-Za-z])(?:(?P<ja3s>JA3S)|(?P<ja3>JA3)|(?P<imphash>imp[ -]?hash))\b[^\n.;]{0,24}\Z", re.IGNORECASE
)
_LOOK_BACK = 40
# JA4+ as FoxIO specifies it: client, server, HTTP client, certificate.
_JA4_PART = re.compile(r"_[0-9a-f]{12}(?!\w)")
_JA4 = re.compile(
    r"(?<!\w)(?:[tqd](?:1[0-3]|s[1-3]|d[1-3]|00)[di]\d{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}"
    r"|[tqd](?:1[0-3]|s[1-3]|d[1-3]|00)\d{2}[a-z0-9]{2}_[0-9a-f]{4}_[0-9a-f]{12}"
    r"|(?:ge|po|pu|de|he|op|tr|co|pa)[0-3]\d[cn][rn]\d{2}[a-z0-9]{4}_[0-9a-f]{12}_[0-9a-f]{12}_[0-9a-f]{12}"
    r"|[0-9a-f]{12}_[0-9a-f]{12}_[0-9a-f]{12})(?!\w)"
)
_WALLET = re.compile(
    r"[0-9BDLMTbl](?<!\w.)(?:(?<=0)x[0-9A-Fa-f]{40}|(?<=[bB])(?:c1|C1)[02-9A-Za-z]{11,71}+"
    r"|(?<=[lL])(?:tc1|TC1)[02-9A-Za-z]{11,71}+|(?<=[13DLMT48])[1-9A-HJ-NP-Za-km-z]{25,94}+)(?!\w)"
)
# A literal first and the look-behind after it: so the search skips from one occurrence to the next.
_YARA = re.compile(r"rule(?<!\wrule)[ \t]{1,8}(?P<name>[A-Za-z_]\w{2,127}+)\s{0,16}(?::[^{}\n]{0,128})?\s{0,16}\{")
# Ukrainian has the word for a rule in front of the name of its language, so nothing need stand after that.
_YARA_TOLD = re.compile(
    r"(?:YARA|Yara|yara)(?<!\w.{4})[ -]"
    r"(?:(?i:rules?|signatures?|правил\w{1,4}|сигнатур\w{1,4}|reeg(?:el|li\w{0,3})|signatuur\w{0,3})[ :]{1,3})?"
    r"[\"'«“„‘`]?(?P<name>[A-Za-z]\w{2,127}+)"
)
_SIGMA_BODY = "logsource:"
_SIGMA_TITLE = re.compile(r"^[ \t]{0,8}title:[ \t]{0,8}(?P<name>[^\n]{3,256})$", re.MULTILINE)
_SIGMA_REACH = 4_000
_SIGMA_TOLD = re.compile(
    r"(?<!\w)(?:Sigma[ -](?:rules?|правил\w{1,4}|reeg(?:el|li\w{0,3}))|правил\w{1,4}[ ]Sigma)[ :]{1,3}"
    r"[\"'«“„‘`](?P<name>[^\"'»”“’`\n]{3,128})[\"'»”“’`]",
    re.IGNORECASE,
)


def hashes(view: View) -> Iterator[Hit]:
    """Hashes of files, JARM, JA3 and import hashes in hex; all digits or all letters are something else."""
    for match in _HASH.finditer(view.text):
        kind = _HASHES.get(len(match[0]))
        if not kind or match[0].isdigit() or match[0].isalpha():
            continue
        if kind == "md5":
            told = _MD5_OF.search(view.text[max(0, match.start() - _LOOK_BACK) : match.start()])
            kind = told.lastgroup or kind if told else kind
        value = match[0].lower()
        yield Hit(kind, match.start(), match.end(), value, "known" if value in names.known() else "")


def ja4(view: View) -> Iterator[Hit]:
    """JA4, JA4S, JA4H and JA4X fingerprints."""
    for match in _JA4.finditer(view.text) if _JA4_PART.search(view.text) else ():
        yield Hit("ja4", match.start(), match.end(), match[0])


def wallet_addresses(view: View) -> Iterator[Hit]:
    """Addresses of wallets whose checksum is right."""
    for match in _WALLET.finditer(view.text):
        kind = wallets.kind(match[0])
        if kind:
            yield Hit(kind, match.start(), match.end(), match[0])


def rules(view: View) -> Iterator[Hit]:
    """Names of YARA and Sigma rules: where a rule stands, and where a sentence names one."""
    text = view.text
    for match in _YARA.finditer(text):
        yield Hit("yara", *match.span("name"), match["name"])
    for match in _YARA_TOLD.finditer(text) if any(word in text for word in ("YARA", "Yara", "yara")) else ():
        if "_" in match["name"]:
            yield Hit("yara", *match.span("name"), match["name"])
    for match in _SIGMA_TOLD.finditer(text) if "Sigma" in text or "sigma" in text else ():
        yield Hit("sigma", *match.span("name"), match["name"])
    yield from _sigma_bodies(text)


def _sigma_bodies(text: str) -> Iterator[Hit]:
    """The title that stands above a rule's `logsource`; each part of the text is looked at once."""
    place, reached = text.find(_SIGMA_BODY), 0
    while place >= 0:
        titles = list(_SIGMA_TITLE.finditer(text, max(reached, place - _SIGMA_REACH), place))
        if titles:
            name = titles[-1]["name"].strip().strip("\"'")
            start = text.index(name, titles[-1].start("name")) if name else 0
            if name:
                yield Hit("sigma", start, start + len(name), name)
        reached = place
        place = text.find(_SIGMA_BODY, place + 1)
