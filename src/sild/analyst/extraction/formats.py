"""One function for each format; each takes bytes and gives text with its places. Nothing in a file is ever run."""

from __future__ import annotations

import io
import re
import zipfile
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from sild.analyst.engine.errors import TextError, _
from sild.analyst.engine.text import decode
from sild.analyst.extraction.extracted import Builder, Extracted

if TYPE_CHECKING:
    from email.message import MIMEPart

MOST_UNPACKED = 100_000_000
_BLANK = re.compile(r"\n\s*\n")
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.IGNORECASE)
_MAIL = re.compile(rb"(?:[A-Za-z-]{2,40}:[^\n]{0,2000}\r?\n(?:[ \t][^\n]{0,2000}\r?\n)*){2}")
_MAIL_HEAD = re.compile(rb"^(?:from|received|return-path|message-id|mime-version):", re.IGNORECASE | re.MULTILINE)
_SCRIPT = re.compile(rb"/(?:JavaScript|JS|Launch)\b")
_BOMB = _("%(name)s unpacks to more than %(most)s MB. It is not read.")
_BROKEN = _("%(name)s is broken, or not the %(form)s file that it looks like: %(why)s")
_LOCKED = _("%(name)s is protected by a password. Remove it first.")
_OTHER = _("%(name)s is an archive, not a document. Unpack it and give the documents in it.")
_NO_TEXT = _("%(name)s holds no text, perhaps only pictures of it. Recognise the text first.")
_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def extract(data: bytes, name: str) -> Extracted:
    """The text of a file; what it is, its content decides before its name.

    Raises:
        TextError: it is empty, binary, broken, protected, too large, or holds no text.
    """
    suffix = name.lower().rpartition(".")[2]
    if b"%PDF-" in data[:1024]:
        return pdf(data, name)
    if data[:4] == b"PK\x03\x04":
        return docx(data, name)
    if suffix in {"html", "htm", "xhtml"} or data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return html(data, name)
    if suffix == "eml" or (_MAIL.match(data[:20_000]) and _MAIL_HEAD.search(data[:20_000])):
        return email(data, name)
    return plain(data, name, "markdown" if suffix in {"md", "markdown"} else "text")


def plain(data: bytes, name: str, form: str = "text") -> Extracted:
    """Text that is its own original: offsets in it are offsets in the file's characters."""
    from sild.analyst.engine.language import tell  # noqa: PLC0415 -- only here
    from sild.analyst.extraction.extracted import Segment  # noqa: PLC0415 -- only here

    text = decode(data, name)
    starts = [0, *(match.end() for match in _BLANK.finditer(text))]
    segments, line, reached = [], 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line += text.count("\n", reached, start)
        reached = start
        segments.append(Segment(start, "line", line, tell(text[start:end])))
    return Extracted(form, text, tuple(segments))


def html(data: bytes, name: str) -> Extracted:
    """The words of a page, without scripts and styles; each run with the line of the source where it begins."""
    parser = _Words()
    parser.feed(_page(data, name))
    parser.close()
    parser.flush()
    return parser.built.made("html", name, ("scripts",) if parser.has_scripts else ())


def pdf(data: bytes, name: str) -> Extracted:
    """The text layer of each page; scripts and actions are neither run nor read."""
    from pypdf import PdfReader  # noqa: PLC0415 -- slow to load, and few files are of this format
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    built = Builder()
    try:
        reader = PdfReader(io.BytesIO(data))
        is_locked = reader.is_encrypted
        has_scripts = bool(_SCRIPT.search(data))
        if not is_locked:
            has_scripts |= any(key in reader.root_object for key in ("/OpenAction", "/AA"))
            for number, page in enumerate(reader.pages, 1):
                built.add(page.extract_text(), "page", number)
                has_scripts |= "/AA" in page
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        raise TextError(_BROKEN, name=name, form="PDF", why=type(error).__name__) from error
    if is_locked:
        raise TextError(_LOCKED, name=name)
    return _with_text(built, "pdf", name, ("scripts",) if has_scripts else ())


def docx(data: bytes, name: str) -> Extracted:
    """Paragraphs and rows of tables in order; macros are not read."""
    import docx as library  # noqa: PLC0415 -- slow to load, and few files are of this format
    from docx.table import Table  # noqa: PLC0415

    names = _members(data, name)
    built = Builder()
    try:
        for number, block in enumerate(library.Document(io.BytesIO(data)).iter_inner_content(), 1):
            if isinstance(block, Table):
                for row in block.rows:
                    built.add("\t".join(cell.text for cell in row.cells), "row", number)
            else:
                built.add(block.text, "paragraph", number)
    except Exception as error:  # the library lets errors of zip, XML and its own through
        raise TextError(_BROKEN, name=name, form="DOCX", why=type(error).__name__) from error
    return _with_text(built, "docx", name, ("scripts",) if any("vbaProject" in one for one in names) else ())


def _members(data: bytes, name: str) -> set[str]:
    """The names in an archive that is a document, and no bomb: more than it declares is never unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise TextError(_BROKEN, name=name, form="DOCX", why=type(error).__name__) from error
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise TextError(_BOMB, name=name, most=MOST_UNPACKED // 1_000_000)
    names = {member.filename for member in members}
    if "word/document.xml" not in names:
        raise TextError(_OTHER, name=name)
    return names


def email(data: bytes, name: str) -> Extracted:
    """Headers and the body, plain before HTML; attachments are named and not opened."""
    message = message_from_bytes(data, policy=policy.default)
    built = Builder()
    notes: set[str] = set()
    for number, header in enumerate(_HEADERS, 1):
        if value := message.get(header):
            built.add(f"{header}: {value}", "header", number)
    body = message.get_body(("plain", "html"))
    if body is not None:
        words, notes = _part(body, name)
        built.add(words, "part", 1)
    for number, part in enumerate(message.iter_attachments(), 2):
        notes.add("attachments")
        built.add(f"Attachment: {part.get_filename() or number}", "part", number)
    return built.made("email", name, tuple(sorted(notes)))


def _part(part: MIMEPart, name: str) -> tuple[str, set[str]]:
    """A part's words, and what was seen in it."""
    raw = part.get_payload(decode=True)
    data = raw if isinstance(raw, bytes) else b""
    notes: set[str] = set()
    try:
        text = data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        text, notes = data.decode("utf-8", "replace"), {"undecodable"}
    if part.get_content_type() == "text/html" and text.strip():
        page = html(text.encode(), name)
        return page.text, notes | set(page.notes)
    return text.replace("\r\n", "\n"), notes


def _page(data: bytes, name: str) -> str:
    """A page as text: in the character set that it states, else UTF-8."""
    stated = _CHARSET.search(data[:4096])
    if stated and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(stated[1].decode())
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data, name)


def _with_text(built: Builder, form: str, name: str, notes: tuple[str, ...]) -> Extracted:
    if built.is_empty:
        raise TextError(_NO_TEXT, name=name)
    return built.made(form, name, notes)


class _Words(HTMLParser):
    """Collects what a reader of the page sees."""

    _SILENT = frozenset({"script", "style", "template", "head", "svg"})
    _INLINE = frozenset({"a", "abbr", "b", "code", "em", "i", "mark", "s", "small", "span", "strong", "sub", "sup"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.built = Builder()
        self.has_scripts = False
        self._silent = 0
        self._words: list[str] = []
        self._line = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph, or silence."""
        self.has_scripts |= tag == "script" or any(name.startswith("on") for name, _ in attrs)
        self._silent += tag in self._SILENT
        if tag not in self._INLINE:
            self.flush()

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph, or silence."""
        if tag in self._SILENT and self._silent:
            self._silent -= 1
        if tag not in self._INLINE:
            self.flush()

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._silent:
            if not self._words:
                self._line = self.getpos()[0]
            self._words.append(data)

    def flush(self) -> None:
        """End the run."""
        self.built.add(" ".join("".join(self._words).split()), "line", self._line)
        self._words = []
