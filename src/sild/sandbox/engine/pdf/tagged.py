"""PDF 1.7 with structure (ISO 32000-1, section 14.7 and 14.8; ISO 14289-1): pages, fonts, a tree of what is what."""

from __future__ import annotations

import hashlib
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from sild.sandbox.engine.pdf.font import Font

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 595.28, 841.89  # A4 in points
_CATALOGUE, _INFO, _PAGES, _TREE, _PARENTS, _METADATA = 1, 2, 3, 4, 5, 6


@dataclass(slots=True)
class Element:
    """A node of the structure tree: its type, attributes in PDF's syntax, and what is in it."""

    kind: str
    attributes: str = ""
    children: list[Element] = field(default_factory=list)
    # Page and number of the marked content that belongs to it.
    marks: list[tuple[int, int]] = field(default_factory=list)
    number: int = 0


class Document:
    """A document that is being written; coordinates are points from the bottom left corner."""

    def __init__(self, title: str, language: str, subject: str) -> None:
        self.title, self.language, self.subject = title, language, subject
        self.fonts = {"R": Font("Regular"), "B": Font("Bold")}
        self.pages: list[list[bytes]] = []
        self.marked: list[list[Element]] = []
        self.root = Element("Document")
        self._open = [self.root]

    def new_page(self) -> None:
        """Go on with a new page."""
        self.pages.append([])
        self.marked.append([])

    @contextmanager
    def inside(self, kind: str, attributes: str = "") -> Iterator[Element]:
        """An element of the structure; what is drawn meanwhile belongs to it or to those in it."""
        element = Element(kind, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)
        try:
            yield element
        finally:
            self._open.pop()

    @contextmanager
    def content(self) -> Iterator[None]:
        """Marked content of the element that is open."""
        element, marks = self._open[-1], self.marked[-1]
        self.draw(f"/{element.kind} <</MCID {len(marks)}>> BDC")
        element.marks.append((len(self.pages) - 1, len(marks)))
        marks.append(element)
        yield
        self.draw("EMC")

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """What is for the eye alone: lines, backgrounds, page numbers."""
        self.draw("/Artifact BMC")
        yield
        self.draw("EMC")

    def draw(self, operators: str) -> None:
        """Add operators to the page."""
        self.pages[-1].append(operators.encode("ascii"))

    def text(self, x: float, y: float, words: str, size: float, *, font: str = "R", grey: float = 0) -> None:
        """A line of text with its baseline at y."""
        shown = self.fonts[font].encode(words).hex()
        self.draw(f"BT {grey:.2f} g /{font} {size:.1f} Tf {x:.2f} {y:.2f} Td <{shown}> Tj ET")

    def width(self, words: str, size: float, font: str = "R") -> float:
        """A line's width in points."""
        return self.fonts[font].width(words) * size

    def write(self) -> bytes:
        """The file."""
        objects: dict[int, bytes] = {}
        numbers = iter(range(7, 10_000_000))
        self._number(self.root, numbers)
        fonts = {key: self._font(font, objects, numbers) for key, font in self.fonts.items()}
        named = " ".join(f"/{key} {number} 0 R" for key, number in fonts.items())
        pages = [next(numbers) for _ in self.pages]
        for index, number in enumerate(pages):
            body = next(numbers)
            objects[body] = _stream(b"\n".join(self.pages[index]))
            objects[number] = (
                f"<</Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {body} 0 R "
                f"/Resources <</Font <<{named}>>>> /StructParents {index} /Tabs /S>>"
            ).encode()
        self._structure(self.root, _TREE, pages, objects)
        self._frame(pages, objects)
        return _file(objects)

    def _frame(self, pages: list[int], objects: dict[int, bytes]) -> None:
        """Catalogue, metadata and the two trees' roots."""
        objects[_CATALOGUE] = (
            f"<</Type /Catalog /Pages {_PAGES} 0 R /Metadata {_METADATA} 0 R /StructTreeRoot {_TREE} 0 R "
            f"/MarkInfo <</Marked true>> /Lang {_string(self.language)} /ViewerPreferences <</DisplayDocTitle true>>>>"
        ).encode()
        objects[_INFO] = (
            f"<</Title {_string(self.title)} /Subject {_string(self.subject)} /Producer {_string('Sild')}>>"
        ).encode()
        kids = " ".join(f"{number} 0 R" for number in pages)
        objects[_PAGES] = f"<</Type /Pages /Count {len(pages)} /Kids [{kids}]>>".encode()
        objects[_TREE] = (
            f"<</Type /StructTreeRoot /K {self.root.number} 0 R /ParentTree {_PARENTS} 0 R "
            f"/ParentTreeNextKey {len(pages)}>>"
        ).encode()
        rows = [
            f"{index} [{' '.join(f'{element.number} 0 R' for element in marks)}]"
            for index, marks in enumerate(self.marked)
        ]
        objects[_PARENTS] = f"<</Nums [{' '.join(rows)}]>>".encode()
        objects[_METADATA] = _stream(self._xmp().encode(), "/Type /Metadata /Subtype /XML", packed=False)

    def _xmp(self) -> str:
        """Title and language as XMP, with the part of PDF/UA that the structure follows."""
        title = escape(self.title)
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">'
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
            f"<dc:language><rdf:Bag><rdf:li>{self.language}</rdf:li></rdf:Bag></dc:language>"
            "<pdfuaid:part>1</pdfuaid:part></rdf:Description></rdf:RDF></x:xmpmeta>"
            '<?xpacket end="r"?>'
        )

    def _number(self, element: Element, numbers: Iterator[int]) -> None:
        """Give each element an object's number."""
        element.number = next(numbers)
        for child in element.children:
            self._number(child, numbers)

    def _structure(self, element: Element, parent: int, pages: list[int], objects: dict[int, bytes]) -> None:
        """The object of an element and of those in it; a content's page is named with it."""
        kids = [f"<</Type /MCR /Pg {pages[page]} 0 R /MCID {mark}>>" for page, mark in element.marks]
        kids += [f"{child.number} 0 R" for child in element.children]
        objects[element.number] = (
            f"<</Type /StructElem /S /{element.kind} /P {parent} 0 R {element.attributes} /K [{' '.join(kids)}]>>"
        ).encode()
        for child in element.children:
            self._structure(child, element.number, pages, objects)

    def _font(self, font: Font, objects: dict[int, bytes], numbers: Iterator[int]) -> int:
        """A composite font (ISO 32000-1, 9.7) with its outlines and the way back to characters."""
        outer, inner, descriptor, file, unicode = (next(numbers) for _ in range(5))
        name = f"SILDAA+{font.name}"
        metrics, data = font.metrics, font.subset()
        widths = " ".join(f"{glyph} [{font.advance(glyph)}]" for glyph in sorted(font.used))
        objects[outer] = (
            f"<</Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H /DescendantFonts [{inner} 0 R] "
            f"/ToUnicode {unicode} 0 R>>"
        ).encode()
        objects[inner] = (
            f"<</Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity /W [{widths}] "
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> "
            f"/FontDescriptor {descriptor} 0 R>>"
        ).encode()
        objects[descriptor] = (
            f"<</Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{' '.join(map(str, metrics.box))}] "
            f"/ItalicAngle 0 /Ascent {metrics.ascent} /Descent {metrics.descent} /CapHeight 714 /StemV 80 "
            f"/FontFile2 {file} 0 R>>"
        ).encode()
        objects[file] = _stream(data, f"/Length1 {len(data)}")
        objects[unicode] = _stream(_to_unicode(font).encode())
        return outer


def quoted(text: str) -> str:
    """A text as a PDF string, for attributes of elements."""
    return _string(text)


def _string(text: str) -> str:
    """A text string in UTF-16BE with its mark."""
    return f"<feff{text.encode('utf-16-be').hex()}>"


def _stream(data: bytes, entries: str = "", *, packed: bool = True) -> bytes:
    """A stream, packed but for metadata, which others search for as it is."""
    body = zlib.compress(data, 9) if packed else data
    how = "/Filter /FlateDecode " if packed else ""
    return f"<<{entries} {how}/Length {len(body)}>>\nstream\n".encode() + body + b"\nendstream"


def _to_unicode(font: Font) -> str:
    """From glyphs back to characters (ISO 32000-1, 9.10.3), so that text can be searched, copied and read out."""
    pairs = sorted(font.used.items())
    blocks = []
    for start in range(0, len(pairs), 100):
        rows = [f"<{glyph:04x}> <{sign.encode('utf-16-be').hex()}>" for glyph, sign in pairs[start : start + 100]]
        blocks.append(f"{len(rows)} beginbfchar\n" + "\n".join(rows) + "\nendbfchar")
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Sild def /CMapType 2 def\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n" + "\n".join(blocks) + "\nendcmap end end"
    )


def _file(objects: dict[int, bytes]) -> bytes:
    """Header, objects, table of their places, trailer; the same content gives the same bytes."""
    data, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number in sorted(objects):
        places[number] = len(data)
        data += f"{number} 0 obj\n".encode() + objects[number] + b"\nendobj\n"
    size, start = max(objects) + 1, len(data)
    data += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
    for number in range(1, size):
        data += f"{places.get(number, 0):010d} {'00000 n' if number in places else '65535 f'} \n".encode()
    mark = hashlib.sha256(data).hexdigest()[:32]
    data += (
        f"trailer\n<</Size {size} /Root {_CATALOGUE} 0 R /Info {_INFO} 0 R /ID [<{mark}> <{mark}>]>>\n"
        f"startxref\n{start}\n%%EOF\n"
    ).encode()
    return bytes(data)
