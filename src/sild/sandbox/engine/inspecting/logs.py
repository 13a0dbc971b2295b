"""Reads Inspect's `.eval` logs as they come from strangers: a ZIP of JSON, its members bounded, nothing of it unpacked.

The format is versioned but no frozen specification; what is read is what version 2 has had since 2024. Members are
compressed with Zstandard or Deflate; events and messages are left alone.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO, TYPE_CHECKING, Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sild.sandbox.engine.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_FILE = 1024**3
MAX_MEMBERS = 200_000
MAX_MEMBER = 64 * 1024**2
MAX_TOTAL = 8 * 1024**3
MAX_SAMPLES = 100_000
VERSION = 2
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93  # APPNOTE.TXT, 4.4.5
_LOCAL = struct.Struct("<4s5H3I2H")  # APPNOTE.TXT, 4.3.7
_ENCRYPTED = 1
_WINDOW = 2**27
Line = Annotated[str, Field(max_length=1000)]


class LogError(SandboxError):
    """The file is no log of Inspect's that can be read."""

    code = "inspect-log"


class Part(BaseModel):
    """Base of what is read of a log; what is not asked for is passed over."""

    model_config = ConfigDict(extra="ignore", defer_build=True, frozen=True)


class Dataset(Part):
    """What the samples were taken from."""

    name: Line | None = None
    location: Line | None = None
    samples: int | None = None


class Sandbox(Part):
    """What the task's commands ran in."""

    type: Line


class Scorer(Part):
    """A scorer by its name."""

    name: Line


class Eval(Part):
    """What was evaluated."""

    run_id: Line = ""
    created: Line
    task: Line
    task_version: int | Line = 0
    task_args: dict[str, Any] = {}
    dataset: Dataset = Dataset()
    sandbox: Sandbox | None = None
    model: Line
    model_generate_config: dict[str, Any] = {}
    packages: dict[Line, Line] = {}
    scorers: list[Scorer] | None = None


class Metric(Part):
    """A figure, as the log states it."""

    name: Line
    value: float


class EvalScore(Part):
    """One scorer's figures."""

    name: Line
    metrics: dict[str, Metric] = {}


class Results(Part):
    """All figures."""

    scores: list[EvalScore] = []


class Stats(Part):
    """When it ran."""

    started_at: Line = ""
    completed_at: Line = ""


class Header(Part):
    """A log without its samples."""

    version: int
    status: Line
    eval: Eval
    results: Results | None = None
    stats: Stats = Stats()


class Score(Part):
    """What a scorer said of one sample."""

    value: Any = None
    explanation: str | None = None


class Failure(Part):
    """Why a sample has no score."""

    message: str = ""


class Output(Part):
    """What the model said."""

    completion: str = ""


class Sample(Part):
    """One sample, without its events and messages."""

    id: int | Line
    epoch: int = 1
    input: Any
    target: Any = ""
    output: Output = Output()
    scores: dict[str, Score] | None = None
    metadata: dict[str, Any] = {}
    error: Failure | None = None
    total_time: float | None = None

    @property
    def name(self) -> str:
        """Its id; later epochs are told apart."""
        return str(self.id) if self.epoch == 1 else f"{self.id}#{self.epoch}"


@dataclass(frozen=True, slots=True)
class Log:
    """A log that was read: the file's SHA-256, its header, its samples in the order of their names."""

    sha256: str
    header: Header
    samples: tuple[Sample, ...] = field(repr=False)

    @property
    def scorer(self) -> str:
        """The scorer whose scores count: the first."""
        scorers = self.header.eval.scorers or []
        return scorers[0].name if scorers else next((name for one in self.samples for name in one.scores or {}), "")


def read(path: Path) -> Log:
    """Read a log.

    Raises:
        LogError: it is none, is too large, is hostile, or is of a version that is not known here.
    """
    if path.stat().st_size > MAX_FILE:
        raise LogError(f"{path.name} is larger than {MAX_FILE} bytes.")
    return parse(path.read_bytes(), path.name)


def parse(data: bytes, name: str) -> Log:
    """Parse a log's bytes; see `read`."""
    try:
        members = dict(_members(data))
        header = Header.model_validate(orjson.loads(_content(data, members["header.json"])))
        if header.version != VERSION:
            raise LogError(f"{name} is of version {header.version}; version {VERSION} can be read.")
        samples = [
            Sample.model_validate(orjson.loads(_content(data, entry)))
            for member, entry in members.items()
            if member.startswith("samples/")
        ]
    except KeyError as error:
        raise LogError(
            f"{name} has no {error}: it is no log of Inspect's, or of an evaluation that never ended."
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise LogError(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    except (zipfile.BadZipFile, orjson.JSONDecodeError, zlib.error, struct.error, ValueError, EOFError) as error:
        raise LogError(f"{name} cannot be read as a log of Inspect's: {error}.") from error
    if len({sample.name for sample in samples}) != len(samples):
        raise LogError(f"{name} has a sample twice.")
    samples.sort(key=lambda sample: (sample.epoch, str(sample.id)))
    return Log(hashlib.sha256(data).hexdigest(), header, tuple(samples))


def _members(data: bytes) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The members that are read, by name, after the whole directory was looked at."""
    entries = zipfile.ZipFile(BytesIO(data)).infolist()
    if len(entries) > MAX_MEMBERS or sum(entry.file_size for entry in entries) > MAX_TOTAL:
        raise LogError(f"The log has over {MAX_MEMBERS} members or would unpack to over {MAX_TOTAL} bytes.")
    wanted = [one for one in entries if one.filename == "header.json" or one.filename.startswith("samples/")]
    if len({one.filename for one in wanted}) != len(wanted):
        raise LogError("The log has a member twice.")
    if len(wanted) > MAX_SAMPLES:
        raise LogError(f"The log has over {MAX_SAMPLES} samples.")
    for entry in wanted:
        if entry.file_size > MAX_MEMBER or entry.flag_bits & _ENCRYPTED:
            raise LogError(f"The log's {entry.filename!r} is encrypted or larger than {MAX_MEMBER} bytes.")
        yield entry.filename, entry


def _content(data: bytes, entry: zipfile.ZipInfo) -> bytes:
    """A member's content, which must be as long as the directory says, and of the sum that it says."""
    local = _LOCAL.unpack_from(data, entry.header_offset)
    begin = entry.header_offset + _LOCAL.size + local[-2] + local[-1]
    packed = data[begin : begin + entry.compress_size]
    content = _unpacked(packed, entry)
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise LogError(f"The log's {entry.filename!r} is not what its directory says.")
    return content


def _unpacked(packed: bytes, entry: zipfile.ZipInfo) -> bytes:
    """The bytes, never more than one over what was said."""
    if entry.compress_type == _STORED:
        return packed
    if entry.compress_type == _DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, entry.file_size + 1)
    if entry.compress_type != _ZSTANDARD:
        raise LogError(f"The log's {entry.filename!r} is compressed in a way that is not known here.")
    try:
        import zstandard  # noqa: PLC0415 -- comes with the extra
    except ImportError as error:
        raise LogError(
            "Logs are compressed with Zstandard. Install what reads it: pip install sild[inspect]"
        ) from error
    stream: IO[bytes] = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(BytesIO(packed))
    try:
        return stream.read(entry.file_size + 1)
    except zstandard.ZstdError as error:
        raise LogError(f"The log's {entry.filename!r} is not Zstandard: {error}.") from error
