"""The file as another program reads it: strict syntax, title and language, a structure whose every mark is there."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from sild.sandbox.engine.pdf.tagged import Document

pytestmark = pytest.mark.unit


@pytest.fixture
def reader():
    document = Document("Aruanne (õ) Звіт", "et", "näidis")
    for words in ("Esimene lehekülg", "Друга сторінка"):
        document.new_page()
        with document.inside("P"), document.content():
            document.text(50, 700, words, 12)
        with document.artifact():
            document.draw("0 0 m 10 10 l S")
    return PdfReader(io.BytesIO(document.write()), strict=True)


def test_text_comes_out_as_it_went_in(reader):
    assert [page.extract_text() for page in reader.pages] == ["Esimene lehekülg", "Друга сторінка"]


def test_title_language_and_the_mark_of_a_tagged_file_are_there(reader):
    assert reader.metadata.title == "Aruanne (õ) Звіт"
    catalogue = reader.root_object
    assert (catalogue["/Lang"], catalogue["/MarkInfo"]["/Marked"].value) == ("et", True)
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalogue["/Metadata"].get_data()


def test_each_mark_on_a_page_leads_to_its_element_and_back(reader):
    tree = reader.root_object["/StructTreeRoot"]
    rows = tree["/ParentTree"]["/Nums"]
    assert list(rows[0::2]) == [0, 1]
    for number, page in enumerate(reader.pages):
        assert page["/StructParents"] == number
        [element] = rows[2 * number + 1]
        assert element.get_object()["/S"] == "/P"
        [mark] = element.get_object()["/K"]
        assert mark["/Pg"].get_object() == page.get_object()


def test_the_same_document_gives_the_same_bytes():
    def written():
        document = Document("a", "en", "b")
        document.new_page()
        return document.write()

    assert written() == written()
