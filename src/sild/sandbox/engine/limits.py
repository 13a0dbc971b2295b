"""What one confined process may use: defaults, ceilings, and their form in `solution.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Limits(BaseModel):
    """Limits of a run; a member left out has its default, one over its ceiling is refused.

    Attributes:
        memory_bytes: address space of each process and memory of all together.
        cpu_seconds: processor time of all processes together.
        wall_seconds: from start to end.
        start_seconds: until the first answer, for loading models.
        sample_seconds: from one answer to the next.
        processes: processes and threads at one time.
        open_files: descriptors of each process.
        file_bytes: size of one file.
        scratch_bytes: size of the scratch folder.
        scratch_files: files in it.
        output_bytes: what may be printed on standard output in all.
        error_bytes: the same for standard error.
        line_bytes: one line of output.
        window: requests in flight.
        gpus: whole ones, which levels L2 and L3 give.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, strict=True)

    memory_bytes: Annotated[int, Field(ge=16 * MIB, le=16 * GIB)] = 512 * MIB
    cpu_seconds: Annotated[int, Field(ge=1, le=24 * 3600)] = 300
    wall_seconds: Annotated[int, Field(ge=1, le=24 * 3600)] = 600
    start_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    sample_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    processes: Annotated[int, Field(ge=1, le=512)] = 32
    open_files: Annotated[int, Field(ge=16, le=4096)] = 128
    file_bytes: Annotated[int, Field(ge=0, le=4 * GIB)] = 64 * MIB
    scratch_bytes: Annotated[int, Field(ge=4 * KIB, le=4 * GIB)] = 64 * MIB
    scratch_files: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    output_bytes: Annotated[int, Field(ge=KIB, le=4 * GIB)] = 256 * MIB
    error_bytes: Annotated[int, Field(ge=KIB, le=GIB)] = 4 * MIB
    line_bytes: Annotated[int, Field(ge=64, le=16 * MIB)] = MIB
    window: Annotated[int, Field(ge=1, le=1024)] = 64
    gpus: Annotated[int, Field(ge=0, le=16)] = 0
