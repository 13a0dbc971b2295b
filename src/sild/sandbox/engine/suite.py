"""A suite: a folder with `suite.yaml`: samples, how an output is scored, thresholds fixed beforehand."""

from __future__ import annotations

import hashlib
import random
from array import array
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
import rfc8785
from pydantic import Field, ValidationError, model_validator

from sild.sandbox.engine import data, forms, prompts, repeats
from sild.sandbox.engine.asked import Asked
from sild.sandbox.engine.data import Data, Numbered, Sample, Short
from sild.sandbox.engine.errors import Flaw, FormError
from sild.sandbox.engine.forms import Form, Name, Text, Version
from sild.sandbox.engine.grading import GraderForm, Judged
from sild.sandbox.engine.prompts import Solver
from sild.sandbox.engine.scorers import SCORERS, Scorer, member
from sild.trust import folder as folders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = "suite.yaml"
MAX_FLAWS = 100
# Figures that every run has, whatever the scorer: what answers cost, and how far the slices of one kind lie apart.
COSTS = ("latency_p50_ms", "latency_p95_ms", "cpu_ms_per_answer")
GAP = "gap:"


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
    prompt: Annotated[str, Field(max_length=100_000)] = ""
    solver: Solver = Solver()
    scorer: ScorerForm
    grader: GraderForm | None = None
    thresholds: Annotated[list[Threshold], Field(min_length=1, max_length=100)]
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    limit: Annotated[int | None, Field(ge=1)] = None
    repeats: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _grader_fits(self) -> Self:
        """Ask for a grader where a model grades, and nowhere else."""
        if (self.scorer.name == "graded") != (self.grader is not None):
            raise ValueError("the scorer “graded” needs a grader, and no other scorer has one")
        return self

    @model_validator(mode="after")
    def _metrics_exist(self) -> Self:
        """Ask for thresholds on figures that the scorer makes."""
        known = SCORERS[self.scorer.name].metrics + COSTS + (repeats.NAMES if self.repeats > 1 else ())
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
    samples: Sequence[Sample] = field(repr=False)
    data_sha256: str
    people: tuple[Judged, ...] = field(default=(), repr=False)
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
    def chosen(self) -> Sequence[int]:
        """Positions of the samples that a run asks, in the data's order: all, or as many as the limit, by the seed.

        Those that are shown as examples are not asked.
        """
        if self.only:
            return self.only
        shown = set(self.form.solver.examples)
        positions: Sequence[int] = range(len(self.samples))
        if shown:
            positions = array("L", (place for place, sample in enumerate(self.samples) if sample.id not in shown))
        limit = self.form.limit
        if limit is None or limit >= len(positions):
            return positions
        drawn = random.Random(self.form.seed).sample(positions, limit)  # noqa: S311 -- must be repeatable
        return array("L", sorted(drawn))

    @property
    def asked(self) -> Asked:
        """What a run asks: position and repeat, from 0, one round after the other."""
        return Asked(self.chosen, self.form.repeats)

    @cached_property
    def template(self) -> prompts.Template | None:
        """The prompt's template, if there is one."""
        return prompts.parse(self.form.prompt) if self.form.prompt else None

    @cached_property
    def examples(self) -> list[tuple[Any, Any]]:
        """Inputs and targets of the samples that are shown, in the order in which the solver names them."""
        wanted = set(self.form.solver.examples)
        by_id = {sample.id: sample for sample in self.samples if sample.id in wanted} if wanted else {}
        return [(by_id[name].input, by_id[name].target) for name in self.form.solver.examples]

    def question(self, position: int) -> Any:
        """What a solution is asked for the sample at a position."""
        return prompts.question(self.template, self.form.solver, self.samples[position].input, self.examples)

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
    try:
        form = forms.read(folder / FILE, SuiteForm)
    except FormError as error:
        raise FormError((error.flaws + _flaws_of_data(folder))[:MAX_FLAWS]) from error
    sha256, samples, flaws = data.read(folder, form.data, FILE)
    name = form.data.file or FILE
    flaws += _repeated(samples, name) + _unreadable(samples, form, name)
    flaws += _unaskable((folder / FILE).read_bytes(), samples, form, name)
    people, wrong = _people(folder, form)
    flaws += wrong
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
    return Suite(form, folder, digest, samples.samples(), sha256, people)


def _flaws_of_data(folder: Path) -> list[Flaw]:
    """What is wrong with the data of a suite whose description is wrong elsewhere."""
    try:
        stated = forms.member((folder / FILE).read_bytes(), "data", Data)
    except OSError:
        return []
    if stated is None:
        return []
    _sha256, samples, flaws = data.read(folder, stated, FILE)
    return flaws + _repeated(samples, stated.file or FILE)


def _people(folder: Path, form: SuiteForm) -> tuple[tuple[Judged, ...], list[Flaw]]:
    """Replies that people graded, and what is wrong with them."""
    if form.grader is None or not form.grader.people:
        return (), []
    name = form.grader.people
    try:
        lines = (folder / name).read_bytes().splitlines()
    except OSError as error:
        return (), [Flaw(FILE, 0, 0, "grader.people", f"{name} cannot be read: {error.strerror}")]
    found, flaws = [], []
    for number, line in enumerate(lines, 1):
        try:
            one = Judged.model_validate_json(line)
        except ValidationError as error:
            what = error.errors(include_url=False)
            flaws += [Flaw(name, number, 1, ".".join(map(str, flaw["loc"])), flaw["msg"]) for flaw in what]
            continue
        found.append(one)
        if one.grade not in form.grader.grades:
            flaws.append(Flaw(name, number, 1, "grade", f"{one.grade} is none of {', '.join(form.grader.grades)}"))
    return tuple(found), flaws


def _unaskable(description: bytes, samples: Numbered, form: SuiteForm, name: str) -> list[Flaw]:
    """What is wrong with template and solver, and the samples that lack a field of the template."""
    wanted = set(form.solver.examples)
    known = {sample.id for _line, sample in samples if sample.id in wanted} if wanted else set()
    line = forms.line_in(description, ("solver", "examples"), 0) if form.solver.examples else 0
    flaws = [
        Flaw(FILE, line, 1, "solver.examples", f"there is no sample {one}")
        for one in form.solver.examples
        if one not in known
    ]
    if samples and wanted and all(sample.id in wanted for _line, sample in samples):
        flaws.append(Flaw(FILE, line, 1, "solver.examples", "every sample is an example, so none is left to be asked"))
    if not form.prompt:
        return flaws
    try:
        template = prompts.parse(form.prompt)
    except prompts.TemplateError as error:
        line = forms.line_in(description, ("prompt",), error.line)
        return [*flaws, Flaw(FILE, line, 1, "prompt", str(error))]
    for line, sample in samples:
        missing = sorted(template.fields - set(prompts.values(sample.input)))
        flaws += [Flaw(name, line, 1, "input", f"the prompt asks for {one}, which is not there") for one in missing]
    return flaws


def _repeated(samples: Numbered, name: str) -> list[Flaw]:
    """Ids that occur twice."""
    if len(np.unique(np.fromiter((hash(one.id) for _line, one in samples), np.int64, len(samples)))) == len(samples):
        return []
    first: dict[str, int] = {}
    flaws = []
    for line, sample in samples:
        if sample.id in first:
            flaws.append(Flaw(name, line, 1, "id", f"{sample.id} is the id of line {first[sample.id]} already"))
        first.setdefault(sample.id, line)
    return flaws


def _unreadable(samples: Numbered, form: SuiteForm, name: str) -> list[Flaw]:
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
