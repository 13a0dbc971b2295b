"""Files of every format give their text with places; hostile ones a sentence, in bounded time and memory."""

import io
import zipfile

import docx
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from sild.analyst.engine.errors import TextError
from sild.analyst.extraction import parent

pytestmark = pytest.mark.integration

WORDS = "It used Mimikatz to dump credentials from LSASS memory on 203.0.113[.]5."
ESTONIAN = "Ründaja kasutas pahavara ja varastas dokumendid, mis olid serveris."


def pdf(words=WORDS, script="", password=""):
    writer = PdfWriter()
    page = writer.add_blank_page(600, 400)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    named = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(named)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 300 Td ({words}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    if script:
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*paragraphs):
    document = docx.Document()
    for words in paragraphs:
        document.add_paragraph(words)
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "C2", "bad-host[.]com"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def archive(name="word/document.xml", data=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return out.getvalue()


HTML = f"<html><head><title>t</title></head><body><p>{WORDS}</p><script>alert('evil')</script>\n<p>a &amp; b</p></body>"
MAIL = (
    "From: a@bad-host.com\r\nTo: b@example.org\r\nSubject: Invoice\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
    f"{WORDS}\r\n--x\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=a.zip\r\n"
    "\r\nPK\r\n--x--\r\n"
)


@pytest.mark.parametrize(
    ("data", "name", "form", "unit"),
    [
        (WORDS.encode(), "a.txt", "text", "line"),
        (WORDS.encode(), "a.md", "markdown", "line"),
        (HTML.encode(), "a", "html", "line"),
        (pdf(), "a.txt", "pdf", "page"),
        (word(WORDS), "a", "docx", "paragraph"),
        (MAIL.encode(), "a", "email", "part"),
    ],
)
def test_each_format_gives_its_words_and_where_they_stood(data, name, form, unit):
    found = parent.extract(data, name)
    assert WORDS in found.text
    assert found.format == form
    assert unit in {segment.unit for segment in found.segments}
    assert found.segments[0].start == 0


def test_a_language_is_told_for_each_segment():
    found = parent.extract(word(WORDS, ESTONIAN), "a.docx")
    assert [segment.language for segment in found.segments][:2] == ["en", "et"]
    assert found.text[found.segments[1].start :].startswith("Ründaja")
    assert "C2\tbad-host[.]com" in found.text


def test_offsets_in_plain_text_are_the_originals_own():
    text = "One line.\r\n\r\n" + WORDS
    found = parent.extract(text.encode(), "a.txt")
    assert found.text == text
    assert [(segment.start, segment.number) for segment in found.segments] == [(0, 1), (13, 3)]


def test_scripts_are_ignored_and_said():
    found = parent.extract(HTML.encode(), "a.html")
    assert "evil" not in found.text
    assert "a & b" in found.text
    assert found.notes == ("scripts",)
    assert parent.extract(pdf(script="app.alert('evil')"), "a.pdf").notes == ("scripts",)
    assert parent.extract(pdf(), "a.pdf").notes == ()


def test_attachments_are_named_and_not_opened():
    found = parent.extract(MAIL.encode(), "a.eml")
    assert "Attachment: a.zip" in found.text
    assert found.notes == ("attachments",)


def test_a_part_in_another_character_set_than_it_states_is_read_as_far_as_it_goes():
    mail = b"From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\nabc \xd5\xd6 hxxp://x[.]com\n"
    found = parent.extract(mail, "a.eml")
    assert "hxxp://x[.]com" in found.text
    assert found.notes == ("undecodable",)


def test_a_page_is_read_in_the_character_set_that_it_states():
    page = '<html><head><meta charset="windows-1251"></head><p>Зловмисники діяли.</p>'.encode("windows-1251")
    assert "Зловмисники діяли." in parent.extract(page, "a.html").text


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.txt", "empty"),
        (b"", "a.pdf", "empty"),
        (b"\x7fELF\0\0", "a", "binary"),
        ("тест".encode("cp1251"), "a.txt", "UTF-8"),
        (b"x" * 2_000_001, "a.txt", "at most"),
        (b"x" * 50_000_000, "a.txt", "20 MB"),
        (pdf(password="x"), "a.pdf", "password"),
        (pdf(""), "a.pdf", "no text"),
        (b"%PDF-1.7 nonsense", "a.pdf", "broken"),
        (archive("word/document.xml"), "a.docx", "broken"),
        (archive("a.txt"), "a.zip", "archive"),
        (b"PK\x03\x04nonsense", "a.docx", "broken"),
        (archive(data=bytes(101_000_000)), "a.docx", "unpacks"),
        (b"<html><script>x</script>", "a.html", "empty"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(data, name, words):
    with pytest.raises(TextError, match=words):
        parent.extract(data, name)


def test_a_file_that_asks_for_too_much_ends_with_its_process():
    with zipfile.ZipFile(io.BytesIO(word(WORDS))) as file:
        members = {name: file.read(name) for name in file.namelist()}
    head, _, tail = members["word/document.xml"].partition(b"<w:body>")
    members["word/document.xml"] = head + b"<w:body>" + b"<w:p/>" * 15_000_000 + tail
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data in members.items():
            file.writestr(name, data)
    with pytest.raises(TextError, match=r"broken|taken apart"):
        parent.extract(out.getvalue(), "a.docx")
