"""A suite's samples as they are written: JSONL, CSV, Parquet, or inline; every flaw with file and line."""

from __future__ import annotations

import codecs
import csv
import hashlib
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Annotated, Any, Self

import orjson
import rfc8785
from pydantic import Field, JsonValue, ValidationError, model_validator

from sild.sandbox.engine.errors import Flaw
from sild.sandbox.engine.forms import Form
from sild.sandbox.engine.packed import Packed, Spill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_DATA = 512 * 1024 * 1024
_FIELD_CHARACTERS = 16 * 1024 * 1024
_BATCH = 256  # rows of a Parquet file
PARQUET_MISSING = (
    "reading Parquet needs pyarrow, which is not installed: install sild[parquet], or convert the file to CSV or JSONL"
)
Short = Annotated[str, Field(min_length=1, max_length=200)]


class Sample(Form):
    """One question with its right answer; slices are groups it belongs to, as in `language: et`."""

    id: Short
    input: JsonValue
    target: JsonValue
    slices: dict[Short, Short] = {}


class Numbered(Packed[tuple[int, Sample]]):
    """Samples with the lines that they stand in."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin without any.

        Args:
            folder: of the suite, on whose disk they are put away.
        """
        super().__init__(orjson.dumps, orjson.loads, _numbered, Spill(folder))

    def append(self, number: int, sample: Sample) -> None:
        """Keep one more."""
        self.add([number, sample.id, sample.input, sample.target, sample.slices])

    def samples(self) -> Packed[Sample]:
        """The samples alone."""
        return self.seen_as(lambda told: _numbered(told)[1])


def _numbered(told: list[Any]) -> tuple[int, Sample]:
    """A line and the sample in it, which was validated when it was read."""
    number, identity, asked, target, slices = told
    return number, Sample.model_construct(id=identity, input=asked, target=target, slices=slices)


class Columns(Form):
    """Which columns of a CSV or Parquet file are what.

    Attributes:
        id, target: one column each.
        input: one column, or several that become the members of an object.
        slices: columns whose value is the slice of the column's name.
        parsed: columns of text that hold JSON, as targets often do.
    """

    id: Short = "id"
    input: Short | Annotated[list[Short], Field(min_length=1)] = "input"
    target: Short = "target"
    slices: list[Short] = []
    parsed: list[Short] = []

    @property
    def all(self) -> list[str]:
        """Every column that has to be there."""
        inputs = self.input if isinstance(self.input, list) else [self.input]
        return list(dict.fromkeys([self.id, *inputs, self.target, *self.slices, *self.parsed]))


class Data(Form):
    """Where the samples are: a JSONL, CSV or Parquet file in the folder, or inline. One of both."""

    file: str = ""
    inline: list[Sample] = []
    columns: Columns = Columns()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        """Ask for exactly one place."""
        if bool(self.file) == bool(self.inline):
            raise ValueError("give either a file or inline samples")
        path = PurePosixPath(self.file)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("the file stands in the suite's folder")
        if self.columns != Columns() and path.suffix not in {".csv", ".parquet"}:
            raise ValueError("only a .csv or .parquet file has columns")
        return self


def read(folder: Path, data: Data, description: str) -> tuple[str, Numbered, list[Flaw]]:
    """The data's SHA-256 in hex, its samples with their lines, and all flaws; the file is never in memory as a whole.

    Args:
        folder: the suite's.
        data: what its description says.
        description: the description's file name, for flaws of samples that stand in it.
    """
    samples = Numbered(folder)
    if data.inline:
        for one in data.inline:
            samples.append(0, one)
        written = rfc8785.dumps([sample.model_dump(mode="json") for sample in data.inline])
        return hashlib.sha256(written).hexdigest(), samples, []
    try:
        sha256 = _sha256(folder / data.file)
    except OSError as error:
        why = f"{data.file} cannot be read: {error.strerror or error}"
        return "", samples, [Flaw(description, 0, 0, "data.file", why)]
    readers = {".csv": _csv, ".parquet": _parquet}
    with (folder / data.file).open("rb") as file:
        flaws = readers.get(PurePosixPath(data.file).suffix, _jsonl)(file, data, samples)
    if not samples and not flaws:
        flaws.append(Flaw(data.file, 1, 1, "", "there are no samples in the file"))
    return sha256, samples, flaws


def _sha256(path: Path) -> str:
    """The digest of a data file."""
    if path.stat().st_size > MAX_DATA:
        raise OSError(f"it is larger than {MAX_DATA} bytes")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines with their ends, which may be those of any system."""
    return chain.from_iterable(part.splitlines(keepends=True) for part in file)


def _jsonl(file: IO[bytes], form: Data, samples: Numbered) -> list[Flaw]:
    """Parse a sample from each line that is not empty."""
    flaws: list[Flaw] = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            _take(orjson.loads(line), number, form.file, samples, flaws)
        except orjson.JSONDecodeError as error:
            flaws.append(Flaw(form.file, number, error.colno, "", f"this line is not JSON: {error.msg}"))
    return flaws


def _csv(file: IO[bytes], form: Data, samples: Numbered) -> list[Flaw]:
    """Samples from comma-separated values with a header (RFC 4180), UTF-8 with or without a byte order mark."""
    csv.field_size_limit(_FIELD_CHARACTERS)
    rows = csv.reader(codecs.iterdecode(_lines(file), "utf-8-sig"), strict=True)
    flaws: list[Flaw] = []
    try:
        header = next(rows, [])
        flaws += _missing(header, form)
        _from_rows(_rows(rows, header, form, flaws), form, samples, flaws)
    except UnicodeDecodeError:
        flaws.append(Flaw(form.file, rows.line_num + 1, 1, "", "this line is not UTF-8"))
    except csv.Error as error:
        flaws.append(Flaw(form.file, rows.line_num, 1, "", f"this is not CSV: {error}"))
    return flaws


def _rows(rows: Any, header: list[str], form: Data, flaws: list[Flaw]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table by column, each with the line where it begins; a flaw for each of another length."""
    start = rows.line_num + 1
    for row in rows:
        if len(row) == len(header):
            yield start, dict(zip(header, row, strict=True))
        elif row:
            why = f"this row has {len(row)} fields, the header has {len(header)}"
            flaws.append(Flaw(form.file, start, 1, "", why))
        start = rows.line_num + 1


def _parquet(file: IO[bytes], form: Data, samples: Numbered) -> list[Flaw]:
    """Samples from the rows of a Parquet file; a flaw's line is the row's number, from 1."""
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 -- an extra
    except ImportError:
        return [Flaw(form.file, 0, 0, "", PARQUET_MISSING)]
    flaws: list[Flaw] = []
    try:
        table = parquet.ParquetFile(file)
        flaws += _missing(table.schema_arrow.names, form)
        batches = table.iter_batches(_BATCH)
        rows = chain.from_iterable(batch.to_pylist() for batch in batches)
        _from_rows(enumerate(rows, 1), form, samples, flaws)
    except (ArrowException, OSError, ValueError) as error:
        flaws.append(Flaw(form.file, 0, 0, "", f"this is not a readable Parquet file: {error}"))
    return flaws


def _missing(header: Iterable[str], form: Data) -> list[Flaw]:
    """A flaw for each column that is named and not there, or there twice."""
    names = list(header)
    flaws = [
        Flaw(form.file, 1, 1, one, "there is no such column; name the file's columns in data.columns")
        for one in form.columns.all
        if one not in names
    ]
    twice = sorted({one for one in names if names.count(one) > 1})
    return flaws + [Flaw(form.file, 1, 1, one, "this column is there twice") for one in twice]


def _from_rows(rows: Iterable[tuple[int, dict[str, Any]]], form: Data, samples: Numbered, flaws: list[Flaw]) -> None:
    """Samples from rows by column; none when columns are missing, since every row would have that flaw."""
    is_whole = not flaws
    for number, row in rows:
        if not is_whole:
            continue
        parsed = dict(row)
        wrong = list(_parse(parsed, form, number))
        flaws += wrong
        if not wrong:
            _take(_sample(parsed, form.columns), number, form.file, samples, flaws)


def _parse(row: dict[str, Any], form: Data, number: int) -> Iterator[Flaw]:
    """Replace the columns of JSON by what they hold; a flaw for each that is none."""
    for column in form.columns.parsed:
        try:
            row[column] = orjson.loads(row[column])
        except (orjson.JSONDecodeError, TypeError) as error:
            yield Flaw(form.file, number, 1, column, f"this column does not hold JSON: {error}")


def _sample(row: dict[str, Any], columns: Columns) -> dict[str, Any]:
    """A row as a sample is written in JSONL; an empty slice is none."""
    asked = columns.input
    identity = row[columns.id]
    return {
        "id": identity if isinstance(identity, str) or identity is None else str(identity),
        "input": row[asked] if isinstance(asked, str) else {name: row[name] for name in asked},
        "target": row[columns.target],
        "slices": {name: str(row[name]) for name in columns.slices if row[name] not in {"", None}},
    }


def _take(told: object, number: int, name: str, samples: Numbered, flaws: list[Flaw]) -> None:
    """Take a value as a sample, or name all that is wrong with it."""
    try:
        samples.append(number, Sample.model_validate(told))
    except ValidationError as error:
        found = error.errors(include_url=False)
        flaws += [Flaw(name, number, 1, ".".join(map(str, one["loc"])), one["msg"]) for one in found]
