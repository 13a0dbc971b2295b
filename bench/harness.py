"""Runs one module's benchmark, prints its table and writes `bench/results/<module>.json`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured, with its size.
        value: the figure, in `unit`.
        target: what the issue asks for; None when there is none.
        better: whether higher or lower is better.
        peer: what it was compared with, measured in the same run.
        peer_value: the peer's figure, in `unit`.
        part: of the module, where parts can be measured one by one.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["higher", "lower"] = "lower"
    peer: str | None = None
    peer_value: float | None = None
    part: str | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "higher" else self.value <= self.target


def best_of(function: Callable[[], object], times: int = 5, *, clock: Callable[[], float] = time.perf_counter) -> float:
    """Shortest time of several calls, in seconds: what the code costs when nothing else disturbs it.

    Args:
        function: what is measured.
        times: how often it is called.
        clock: `time.process_time` counts what this process's own core did, whoever else waits for one.
    """
    durations = []
    for _ in range(times):
        start = clock()
        function()
        durations.append(clock() - start)
    return min(durations)


def starts(commands: Sequence[Sequence[str]], times: int = 15) -> list[float]:
    """Shortest wall time of a new process of each command, in milliseconds: interpreter, imports and work.

    They run in turn, so that what disturbs one disturbs all. Python's bytecode is there, as in an installed node: a
    first round writes it, to a folder that goes away.
    """
    best = [float("inf")] * len(commands)
    with tempfile.TemporaryDirectory(prefix="sild-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": folder, "SILD_HOME": f"{folder}/none", "COLUMNS": "120"}
        for number in range(times + 1):
            for place, command in enumerate(commands):
                start = time.perf_counter()
                subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
                taken = (time.perf_counter() - start) * 1000
                best[place] = min(best[place], taken) if number else best[place]
    return best


def show(module: str, figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", "target", "met", "peer", "peer's value", title=f"{module} on {platform.machine()}")
    for figure in figures:
        met = {True: "[green]yes[/green]", False: "[red]no[/red]", None: ""}[figure.met]
        target = "" if figure.target is None else f"{'≥' if figure.better == 'higher' else '≤'} {figure.target:g}"
        peer_value = "" if figure.peer_value is None else f"{figure.peer_value:,.4g} {figure.unit}"
        table.add_row(figure.name, f"{figure.value:,.4g} {figure.unit}", target, met, figure.peer or "", peer_value)
    Console().print(table)


def write(module: str, figures: list[Figure], load: float, parts: Sequence[str] = ()) -> Path:
    """Keep the figures beside the benchmark, with the load of the machine when it began: 0 is a quiet one.

    Args:
        module: whose figures they are.
        figures: what was measured.
        load: of the machine.
        parts: when only these parts of the module were measured, what the file has of the others stays.
    """
    path = HERE / "results" / f"{module}.json"
    path.parent.mkdir(exist_ok=True)
    before = json.loads(path.read_text()) if parts and path.is_file() else []
    kept = [row for row in before if row.get("part") and row["part"] not in parts]
    measured = {"measured": datetime.now(UTC).strftime("%Y-%m-%d"), "python": platform.python_version(), "load": load}
    rows = [{**asdict(figure), **measured} for figure in figures]
    path.write_text(json.dumps([*kept, *rows], indent=1, ensure_ascii=False) + "\n")
    return path


def main(arguments: list[str]) -> int:
    """Measure one module, or some parts of one that has `PARTS`."""
    known = sorted(
        path.stem for path in HERE.glob("*.py") if "_" not in path.stem and path.stem not in {"harness", "relay"}
    )
    if not arguments or arguments[0] not in known:
        print(f"Say which module to measure: make bench MODULE=… with one of {', '.join(known)}.", file=sys.stderr)
        return 1
    sys.modules["harness"] = sys.modules["__main__"]
    sys.path.insert(0, str(HERE))
    module, parts = arguments[0], arguments[1:]
    load = round(os.getloadavg()[0], 1)
    measuring = import_module(module)
    wrong = sorted(set(parts) - set(getattr(measuring, "PARTS", ())))
    if wrong:
        print(f"{module} has no parts {', '.join(wrong)}.", file=sys.stderr)
        return 1
    figures: list[Figure] = measuring.run(parts) if parts else measuring.run()
    show(module, figures)
    print(f"Written to {write(module, figures, load, parts).relative_to(HERE.parent)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
