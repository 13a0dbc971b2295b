"""Samples in CSV and Parquet: what is read, and every flaw with its line."""

from __future__ import annotations

import hashlib
import sys

import pyarrow as pa
import pytest
import rfc8785
from pyarrow import parquet

from sandbox.factories import write_suite
from sild.sandbox.engine import suite
from sild.sandbox.engine.errors import FormError

pytestmark = pytest.mark.integration


def write(folder, text, **data):
    write_suite(folder, [], data={"file": "data.csv", **data})
    (folder / "data.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def flaws(folder):
    with pytest.raises(FormError) as caught:
        suite.load(folder)
    return [(flaw.file, flaw.line, flaw.path) for flaw in caught.value.flaws], str(caught.value)


def test_a_table_is_read_with_quoted_lines_slices_and_a_byte_order_mark(tmp_path):
    columns = {"input": ["question", "place"], "slices": ["language"], "parsed": ["target"]}
    text = '\ufeffid,question,place,target,language\n1,"Kaks\nrida",Tartu,"[1, 2]",et\nb,Так?,Львів,3,\n'
    first, second = suite.load(write(tmp_path / "t", text, columns=columns)).samples
    assert (first.id, first.input) == ("1", {"question": "Kaks\nrida", "place": "Tartu"})
    assert (first.target, first.slices, second.target, second.slices) == ([1, 2], {"language": "et"}, 3, {})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(tmp_path, end):
    lines = end.join(["id,input,target", "a,1,2", "b,3,4", ""])
    assert [one.id for one in suite.load(write(tmp_path / "csv", lines)).samples] == ["a", "b"]
    folder = write_suite(tmp_path / "jsonl", [])
    rows = ['{"id": "a", "input": 1, "target": 1}', "", '{"id": "b", "input": 1, "target": 1}']
    (folder / "data.jsonl").write_bytes(end.join(rows).encode())
    assert [one.id for one in suite.load(folder).samples] == ["a", "b"]
    (folder / "data.jsonl").write_bytes(end.join([*rows, "{"]).encode())
    assert flaws(folder)[0] == [("data.jsonl", 4, "")]


def test_samples_inline_have_the_digest_of_their_canonical_json(tmp_path):
    samples = [{"id": "a", "input": "õ", "target": 1, "slices": {}}]
    read = suite.load(write_suite(tmp_path / "t", [], data={"inline": samples}))
    assert [one.input for one in read.samples] == ["õ"]
    assert read.data_sha256 == hashlib.sha256(rfc8785.dumps(samples)).hexdigest()


def test_every_flaw_of_a_table_is_named_with_the_line_where_its_row_begins(tmp_path):
    text = 'id,input,target\na,"x\ny",1\na,1,2\nb,1\n,1,2\n\nc,1,{\n'
    places, words = flaws(write(tmp_path / "t", text, columns={"parsed": ["target"]}))
    assert sorted(places) == [
        ("data.csv", 4, "id"),
        ("data.csv", 5, ""),
        ("data.csv", 6, "id"),
        ("data.csv", 8, "target"),
    ]
    assert "this row has 2 fields, the header has 3" in words


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("id,input\na,1\n", 1, "target: there is no such column"),
        ("id,id,input,target\na,a,1,1\n", 1, "id: this column is there twice"),
        ('id,input,target\na,"x"y,1\n', 2, "this is not CSV"),
        (b"id,input,target\na,\xff,1\n", 2, "not UTF-8"),
        ("id,input,target\n", 1, "there are no samples"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(tmp_path, text, line, words):
    places, said = flaws(write(tmp_path / "t", text))
    assert places[0][:2] == ("data.csv", line)
    assert words in said


def test_columns_belong_to_tables_alone(tmp_path):
    folder = write_suite(tmp_path / "t", [], data={"file": "data.jsonl", "columns": {"id": "nr"}})
    assert "only a .csv or .parquet file has columns" in flaws(folder)[1]


def test_parquet_is_read_with_its_types_and_its_flaws_named_by_row(tmp_path):
    columns = {"input": ["question"], "slices": ["language"]}
    folder = write_suite(tmp_path / "t", [], data={"file": "data.parquet", "columns": columns})
    rows = {"id": ["a", "b"], "question": ["2 + 2", "Так?"], "target": [4, 5], "language": ["en", "uk"]}
    parquet.write_table(pa.table(rows), folder / "data.parquet")
    first, second = suite.load(folder).samples
    assert (first.id, first.input, first.target, first.slices) == ("a", {"question": "2 + 2"}, 4, {"language": "en"})
    assert (second.input, second.target) == ({"question": "Так?"}, 5)
    parquet.write_table(pa.table(rows | {"id": ["a", "a"]}), folder / "data.parquet")
    assert ("data.parquet", 2) in [place[:2] for place in flaws(folder)[0]]
    (folder / "data.parquet").write_bytes(b"PAR1")
    assert "not a readable Parquet file" in flaws(folder)[1]


def test_parquet_without_its_library_is_refused_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    folder = write_suite(tmp_path / "t", [], data={"file": "data.parquet"})
    (folder / "data.parquet").write_bytes(b"PAR1")
    assert "install sild[parquet]" in flaws(folder)[1]


def test_flaws_of_the_data_come_together_with_those_of_the_description(tmp_path):
    folder = write(tmp_path / "t", "id,input,target\na,1,1\na,1,1\n")
    text = (folder / "suite.yaml").read_text()
    (folder / "suite.yaml").write_text(text.replace('"licence": "EUPL-1.2"', '"licence": ""'))
    assert [place[2] for place in flaws(folder)[0]] == ["datasheet.licence", "id"]
