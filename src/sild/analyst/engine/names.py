"""Tells domain names from file names, code and prose that merely look like them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path


def _words(text: str) -> frozenset[str]:
    """A set of words, written as a block that reads better than a page of quotes."""
    return frozenset(text.split())


MAX_NAME = 253
MAX_LABEL = 63

# RFC 2606, RFC 6761 and RFC 8375 names, and the private ones that reports about networks use.
EXAMPLE_TLDS = frozenset({"example", "test", "invalid", "localhost"})
PRIVATE_TLDS = frozenset({"local", "lan", "internal", "corp", "intranet", "home"})
HIDDEN_TLDS = frozenset({"onion", "i2p", "bit"})
_EXAMPLE_DOMAIN = re.compile(r"(?:^|\.)example\.(?:com|net|org|edu)$")

FILE_EXTENSIONS = _words(
    "7z accdb apk asice asp aspx bak bash bat bdoc bin bmp bz2 c cab cer cfg chm class cmd conf config cpl cpp "
    "crt cs csv dat db ddoc dex dll dmg doc docm docx dot dotm drv edoc elf eml exe gif go gz h hta htm html hwp "
    "ico img inf ini ipa iso jar java jpeg jpg js jse json jsp jspx key ko lnk log lua msg msi msp mp3 mp4 ocx "
    "odt onepkg p12 p7m p7s pdb pdf pem pfx php pif png ppt pptm pptx ps1 psd1 psm1 pub py pyc rar rb reg rtf scr "
    "sct sh so sql sqlite svg swf sys tar tgz tmp torrent ttf txt url vb vba vbe vbs vhd vhdx war wim wsc wsf wsh "
    "xla xlam xll xls xlsb xlsm xlsx xml xsl yaml yml zip"
)
# Top-level domains that are almost always a file's extension when nobody took care to defang the name.
_MOSTLY_FILES = frozenset({"py", "sh", "so", "zip", "mov", "pub", "cab"})
_DOCUMENT_STEMS = frozenset({"readme", "license", "changelog", "contributing", "main", "lib", "mod", "build", "index"})
_DOCUMENT_TLDS = frozenset({"md", "rs", "pl"})
# Products and namespaces that are written like a domain or a file.
_PRODUCTS = _words(
    "asp.net vb.net ado.net ml.net node.js vue.js next.js nuxt.js react.js three.js d3.js express.js angular.js "
    "ember.js backbone.js discord.js electron.js socket.io"
)
_NAMESPACES = frozenset({"System", "Microsoft", "Windows", "Java", "Net", "Web", "Win32", "Management"})
# Parts of Windows that reports mention without meaning that the file itself is bad.
SYSTEM_FILES = _words(
    "cmd.exe powershell.exe pwsh.exe rundll32.exe regsvr32.exe mshta.exe wscript.exe cscript.exe svchost.exe "
    "lsass.exe explorer.exe schtasks.exe reg.exe net.exe net1.exe sc.exe wmic.exe bitsadmin.exe certutil.exe "
    "vssadmin.exe wevtutil.exe taskkill.exe tasklist.exe whoami.exe ipconfig.exe ping.exe msiexec.exe "
    "winlogon.exe services.exe csrss.exe smss.exe wininit.exe spoolsv.exe taskmgr.exe notepad.exe kernel32.dll "
    "ntdll.dll advapi32.dll user32.dll winword.exe excel.exe outlook.exe ntds.dit"
)


@cache
def top_level_domains() -> frozenset[str]:
    """The root zone's names, in Unicode and as A-labels (RFC 5890), and a few that resolve elsewhere."""
    names = (Path(__file__).parent / "tlds.txt").read_text(encoding="utf-8").split()
    encoded = {name.encode("idna").decode() for name in names if not name.isascii()}
    return frozenset(names) | encoded | EXAMPLE_TLDS | PRIVATE_TLDS | HIDDEN_TLDS


def is_hostname(name: str) -> bool:
    """True for dotted labels of legal length whose last one is a top-level domain (RFC 1035 section 2.3.4)."""
    rest, dot, tld = name.rpartition(".")
    if not dot or len(name) > MAX_NAME or tld.lower() not in top_level_domains():
        return False
    return all(0 < len(label) <= MAX_LABEL and label[0] != "-" != label[-1] for label in rest.split("."))


@lru_cache(maxsize=4096)
def is_domain(name: str, *, defanged: bool) -> bool:
    """True when a bare word is meant as a domain name; whoever defanged it had no doubt."""
    if not is_hostname(name):
        return False
    if defanged:
        return True
    *labels, tld = name.split(".")
    lowered, last = name.lower(), tld.lower()
    if lowered in _PRODUCTS or last in _MOSTLY_FILES or _NAMESPACES.intersection(labels):
        return False
    if last in _DOCUMENT_TLDS and labels[-1].lower() in _DOCUMENT_STEMS:
        return False
    if tld[0].isupper() and not tld.isupper():  # a sentence that goes on without a space: “end.It”
        return False
    return not all(label.isdigit() and len(label) < 3 for label in labels)  # noqa: PLR2004 -- as in “2.0.is”, not 163.com


@lru_cache(maxsize=4096)
def is_file_name(name: str) -> bool:
    """True when the last label is a known extension and what precedes it is a name."""
    stem, _, extension = name.rpartition(".")
    return (
        extension.lower() in FILE_EXTENSIONS
        and len(name) <= MAX_NAME
        and any(character.isalnum() for character in stem)
        and name.lower() not in _PRODUCTS
    )


@cache
def known() -> frozenset[str]:
    """Hosts and hashes on warning lists: vendors' reports, look-ups of one's own address, empty files."""
    lines = (Path(__file__).parent / "known.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def domain_scope(name: str) -> str:
    """`example`, `private`, `known` or `public`."""
    lowered = name.lower()
    tld = lowered.rpartition(".")[2]
    if tld in EXAMPLE_TLDS or _EXAMPLE_DOMAIN.search(lowered):
        return "example"
    if tld in PRIVATE_TLDS:
        return "private"
    return "known" if lowered.removeprefix("www.") in known() else "public"
