"""A suite: a folder with `suite.yaml`: samples, how an output is scored, thresholds fixed beforehand."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

import orjson
import rfc8785
from pydantic import Field, JsonValue, ValidationError, model_validator

from sild.sandbox.engine import forms
from sild.sandbox.engine.errors import Flaw, FormError
from sild.sandbox.engine.forms import Form, Name, Text, Version
from sild.sandbox.engine.scorers import SCORERS, Scorer, member
from sild.trust import folder as folders

FILE = "suite.yaml"
MAX_DATA = 512 * 1024 * 1024
MAX_FLAWS = 100
# Figures that every run has, whatever the scorer: what answers cost, and how far the slices of one kind lie apart.
COSTS = ("latency_p50_ms", "latency_p95_ms", "cpu_ms_per_answer")
GAP = "gap:"
Short = Annotated[str, Field(min_length=1, max_length=200)]


class Sample(Form):
    """One question with its right answer; slices are groups it belongs to, as in `language: et`."""

    id: Short
    input: JsonValue
    target: JsonValue
    slices: dict[Short, Short] = {}


class Data(Form):
    """Where the samples are: a JSONL file in the folder, or inline. One of both."""

    file: str = ""
    inline: list[Sample] = []

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        """Ask for exactly one place."""
        if bool(self.file) == bool(self.inline):
            raise ValueError("give either a file or inline samples")
        path = PurePosixPath(self.file)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("the file stands in the suite's folder")
        return self


class DataSheet(Form):
    """Where the samples come from, in the owner's words; the SHA-256 of the file is checked when it is given."""

    source: Annotated[str, Field(min_length=1, max_length=2000)]
    licence: Short
    language: str | list[str]
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    origin: Literal["native", "translated", "mixed", ""] = ""
    notes: str | Text = ""


class ScorerForm(Form):
    """Which scorer, and which member of an output it looks at."""

    name: str
    field: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Ask for a registered scorer."""
        if self.name not in SCORERS:
            raise ValueError(f"there is no scorer {self.name}; there are {', '.join(sorted(SCORERS))}")
        return self


class Threshold(Form):
    """What a figure must reach; `use: low` asks it of the interval's lower bound, or of the upper for `at_most`."""

    metric: str
    at_least: float | int | None = None
    at_most: float | int | None = None
    use: Literal["value", "bound"] = "value"
    slice: str = ""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        """Ask for exactly one bound."""
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self


class SuiteForm(Form):
    """The form of `suite.yaml`."""

    name: Name
    version: Version
    title: Text
    data: Data
    datasheet: DataSheet
    scorer: ScorerForm
    thresholds: Annotated[list[Threshold], Field(min_length=1, max_length=100)]
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    limit: Annotated[int | None, Field(ge=1)] = None

    @model_validator(mode="after")
    def _metrics_exist(self) -> Self:
        """Ask for thresholds on figures that the scorer makes."""
        known = SCORERS[self.scorer.name].metrics + COSTS
        for threshold in self.thresholds:
            if threshold.metric not in known and not threshold.metric.startswith(GAP):
                raise ValueError(
                    f"the scorer {self.scorer.name} makes no {threshold.metric}; it makes {', '.join(known)}"
                )
        return self


@dataclass(frozen=True)
class Suite:
    """A suite that was read: its form, its samples, and the digests of folder and data."""

    form: SuiteForm
    folder: Path
    digest: str
    samples: tuple[Sample, ...] = field(repr=False)
    data_sha256: str
    # Positions that a re-run was told to ask, whatever the form says.
    only: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.form.name} {self.form.version}"

    @property
    def scorer(self) -> Scorer[Any, Any]:
        """The scorer that the form names."""
        return SCORERS[self.form.scorer.name]

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """Positions of the samples that a run asks, in the data's order: all, or as many as the limit, by the seed."""
        if self.only:
            return self.only
        positions = range(len(self.samples))
        limit = self.form.limit
        if limit is None or limit >= len(positions):
            return tuple(positions)
        return tuple(sorted(random.Random(self.form.seed).sample(positions, limit)))  # noqa: S311 -- must be repeatable

    @property
    def thresholds_digest(self) -> str:
        """`sha256:` over the thresholds in canonical JSON (RFC 8785): fixed before the run, checkable after it."""
        stated = [threshold.model_dump() for threshold in self.form.thresholds]
        return "sha256:" + hashlib.sha256(rfc8785.dumps(stated)).hexdigest()

    def target(self, sample: Sample) -> Any:
        """A sample's target as the scorer reads it: the named member of an object, or the target itself."""
        name = self.form.scorer.field
        inside = name and isinstance(sample.target, dict) and name in sample.target
        return self.scorer.read_target(member(sample.target, name) if inside else sample.target)


def load(folder: Path) -> Suite:
    """Read a suite's folder.

    Raises:
        FormError: all that is wrong with it, in description and data, each with file and line.
    """
    form = forms.read(folder / FILE, SuiteForm)
    data, samples, flaws = _samples(folder, form)
    sha256 = hashlib.sha256(data).hexdigest()
    if form.datasheet.sha256 and form.datasheet.sha256 != sha256:
        flaws.append(
            Flaw(FILE, 0, 0, "datasheet.sha256", f"the data's SHA-256 is {sha256}; the sheet is for other data")
        )
    if flaws:
        raise FormError(flaws[:MAX_FLAWS])
    try:
        digest = folders.digest(folder)
    except (OSError, ValueError) as error:
        raise FormError([Flaw(FILE, 0, 0, "", str(error))]) from error
    return Suite(form, folder, digest, tuple(sample for _line, sample in samples), sha256)


def _samples(folder: Path, form: SuiteForm) -> tuple[bytes, list[tuple[int, Sample]], list[Flaw]]:
    """The data's bytes, its samples with their lines, and all flaws."""
    if form.data.inline:
        data = rfc8785.dumps([sample.model_dump(mode="json") for sample in form.data.inline])
        name, samples, flaws = FILE, [(0, sample) for sample in form.data.inline], list[Flaw]()
    else:
        name = form.data.file
        try:
            data = _bytes(folder / name)
        except OSError as error:
            return b"", [], [Flaw(FILE, 0, 0, "data.file", f"{name} cannot be read: {error.strerror or error}")]
        samples, flaws = _lines(data, name)
    flaws += _repeated(samples, name)
    flaws += _unreadable(samples, form, name)
    if not samples and not flaws:
        flaws.append(Flaw(name, 1, 1, "", "there are no samples in the file"))
    return data, samples, flaws


def _bytes(path: Path) -> bytes:
    """The content of a data file."""
    if path.stat().st_size > MAX_DATA:
        raise OSError(f"it is larger than {MAX_DATA} bytes")
    return path.read_bytes()


def _lines(data: bytes, name: str) -> tuple[list[tuple[int, Sample]], list[Flaw]]:
    """Parse a sample from each line that is not empty."""
    samples, flaws = [], []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            samples.append((number, Sample.model_validate(orjson.loads(line))))
        except orjson.JSONDecodeError as error:
            flaws.append(Flaw(name, number, error.colno, "", f"this line is not JSON: {error.msg}"))
        except ValidationError as error:
            found = error.errors(include_url=False)
            flaws += [Flaw(name, number, 1, ".".join(map(str, one["loc"])), one["msg"]) for one in found]
    return samples, flaws


def _repeated(samples: list[tuple[int, Sample]], name: str) -> list[Flaw]:
    """Ids that occur twice."""
    first: dict[str, int] = {}
    flaws = []
    for line, sample in samples:
        if sample.id in first:
            flaws.append(Flaw(name, line, 1, "id", f"{sample.id} is the id of line {first[sample.id]} already"))
        first.setdefault(sample.id, line)
    return flaws


def _unreadable(samples: list[tuple[int, Sample]], form: SuiteForm, name: str) -> list[Flaw]:
    """Targets that the scorer cannot read."""
    scorer, wanted = SCORERS[form.scorer.name], form.scorer.field
    flaws = []
    for line, sample in samples:
        inside = isinstance(sample.target, dict) and wanted in sample.target
        try:
            scorer.read_target(member(sample.target, wanted) if inside else sample.target)
        except ValueError as error:
            flaws.append(Flaw(name, line, 1, "target", f"the scorer {scorer.name} cannot use it: {error}"))
    return flaws
