"""The report of a run: a plain value with a fixed form, so that a partner's node can check it before it believes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from sild.sandbox.engine import graded_run
from sild.sandbox.engine.forms import Form, Name, Text, Version
from sild.sandbox.engine.limits import Limits  # noqa: TC001 -- pydantic reads annotations when it runs
from sild.sandbox.engine.registration import Part as RegistrationPart
from sild.sandbox.engine.registration import agree
from sild.sandbox.engine.solution import TrainedOn  # noqa: TC001
from sild.sandbox.engine.suite import DataSheet  # noqa: TC001

STATEMENT = (
    "This report states what was measured under the conditions described in it. "
    "It is no EU declaration of conformity under Article 47 of Regulation (EU) 2024/1689 (AI Act) and replaces none."
)
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float | int, Field(ge=0)]
Line = Annotated[str, Field(max_length=1000)]


class Part(Form):
    """Base of the report's parts: numbers that came through JSON are taken as they are."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, strict=True, allow_inf_nan=False)


class SolutionPart(Part):
    """What was tested, as its owner describes it, with its digest."""

    name: Name
    version: Version
    digest: Digest
    title: Text
    owner: Line
    purpose: Text
    intended_use: Text
    languages: list[Line]
    risk_class: Literal["minimal", "limited", "high"]
    protocol: Literal["jsonl", "chat", "endpoint", "elsewhere"]
    packages: dict[Line, Line]
    limits: Limits
    trained_on: TrainedOn | None


class ScorerPart(Part):
    """The scorer; one of ours, or `inspect` with the name of one of Inspect's."""

    name: Line
    field: Line


class MadeBy(Part):
    """Which other tool made the figures, and where.

    Attributes:
        here: whether it ran on the node that publishes the report, in that node's isolation.
        log_sha256: of the log that the figures were taken from.
        sandbox: what the log says that the task's commands ran in.
    """

    tool: Line
    version: Line
    here: bool
    status: Line
    log_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    task: Line
    model: Line
    sandbox: Line


class SuitePart(Part):
    """What it was tested with."""

    name: Name
    version: Version
    digest: Digest
    title: Text
    datasheet: DataSheet
    data_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scorer: ScorerPart
    samples_in_data: Count
    seed: Count
    limit: int | None
    repeats: Annotated[int, Field(ge=1)] = 1
    thresholds_digest: Digest


class MetricPart(Part):
    """A figure with its 95 % interval."""

    name: Line
    slice: Line
    value: float | int
    low: float | int
    high: float | int
    n: Count
    method: Line


class Verdict(Part):
    """A threshold, fixed before the run, and whether it was met."""

    metric: Line
    slice: Line
    at_least: float | int | None
    at_most: float | int | None
    use: Literal["value", "bound"]
    measured: float | int | None
    met: bool


class Latency(Part):
    """Milliseconds from asking to answering."""

    p50_ms: Amount
    p95_ms: Amount
    p99_ms: Amount
    n: Count
    method: Line


class Throughput(Part):
    """Answers a second."""

    per_second: Amount
    answers: Count
    seconds: Amount
    window: Count
    method: Line


class Results(Part):
    """Where the result of each sample can be checked."""

    file: Line
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Count
    root: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    leaves: Count
    method: Line


class Measure(Part):
    """One measure of the isolation in force."""

    name: Line
    ok: bool
    detail: Line


class IsolationPart(Part):
    """The isolation in force."""

    level: Literal["L0", "L1", "L2", "L3"]
    backend: Line
    measures: list[Measure]


class Fault(Part):
    """What went wrong, how often, with examples that the solution's text can have coloured."""

    code: Line
    count: Count
    examples: list[Line]


class Resources(Part):
    """What the run used, and how its process ended."""

    exit: int
    stopped_by: Line
    wall_seconds: Amount
    cpu_seconds: Amount
    peak_memory_bytes: Count
    peak_processes: Count
    scratch_bytes: Count
    scratch_files: Count
    output_bytes: Count
    error_output_bytes: Count
    error_output: Annotated[str, Field(max_length=4000)]
    method: Line


class Attempt(Part):
    """One thing that was tried, and how often; what a program chose to say has been made harmless."""

    what: Line
    attempts: Count


class TallyPart(Part):
    """How many different things of a kind were tried, how often together, and the most frequent ones."""

    different: Count
    attempts: Count
    examples: Annotated[list[Attempt], Field(max_length=10)]


class TriedPart(Part):
    """What the solution tried, whether or not it could be done."""

    addresses: TallyPart
    names: TallyPart
    files: TallyPart
    programs: TallyPart
    processes: Count
    written_bytes: Count
    method: Line


class Contact(Part):
    """What became of connections through the proxy to one place."""

    to: Line
    outcome: Line
    connections: Count
    sent_bytes: Count
    received_bytes: Count


class EgressPart(Part):
    """Where the solution asked to be let out to, whether it was, and the proxy's log."""

    asked: list[Line]
    allowed: bool
    contacts: Annotated[list[Contact], Field(max_length=1000)]


class Host(Part):
    """What of the host matters to the figures."""

    kernel: Line
    machine: Line
    cpus: Count
    python: Line
    sild: Line


class Report(Part):
    """The form of a report."""

    schema_version: Literal[1] = Field(alias="schema")
    statement: Literal[STATEMENT]  # type: ignore[valid-type]  # a constant, so that nobody leaves it out or softens it
    run: Line
    attempt: Annotated[int, Field(ge=1)]
    started: Line
    ended: Line
    seconds: Amount
    passed: bool
    samples: Count
    answered: Count
    resumed: Count
    solution: SolutionPart
    suite: SuitePart
    registration: RegistrationPart | None = None
    grading: graded_run.Part | None = None
    verdicts: list[Verdict]
    quality: MetricPart
    metrics: list[MetricPart]
    latency: Latency
    throughput: Throughput
    results: Results
    isolation: IsolationPart
    confinement: list[Measure]
    faults: list[Fault]
    resources: Resources
    tried: TriedPart | None = None  # reports of earlier versions have none, nor the next
    egress: EgressPart | None = None
    host: Host
    made_by: MadeBy | None = None


def check(body: dict[str, Any]) -> None:
    """Check a report's form and that it does not contradict itself.

    Raises:
        ValueError: with all that is wrong.
    """
    report = Report.model_validate(body)
    if report.passed != (bool(report.verdicts) and all(verdict.met for verdict in report.verdicts)):
        raise ValueError("the report says “passed” otherwise than its verdicts")
    if report.results.leaves != report.samples or report.answered > report.samples:
        raise ValueError("the report's numbers of samples contradict each other")
    if report.grading:
        graded_run.agree(report.grading)
    if (report.suite.scorer.name == "graded") != (report.grading is not None):
        raise ValueError("a report on a graded suite, and no other, says what its grader was")
    if report.registration:
        agree(report.registration, report.suite.thresholds_digest, report.suite.digest, report.started)
    if not all(check.ok for check in report.confinement):
        raise ValueError("the report is of a run whose isolation did not hold")
