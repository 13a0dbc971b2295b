"""Numbers and formulas: a number within a tolerance, an equal formula, and the errors of a regression."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from sild.sandbox.engine.intervals import bootstrap
from sild.sandbox.engine.scorers import expressions
from sild.sandbox.engine.scorers.base import Metric, as_text, members, resampled, share

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A sign, thousands in groups of three parted by a space, decimals after a point or a comma, an exponent.
_NUMBER = re.compile(r"[-+−]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?|[-+−]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


def as_number(value: object) -> float:
    """A number, or the only one in a text; ValueError when there is none or more than one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    else:
        found = _NUMBER.findall(as_text(value))
        if len(found) != 1:
            raise ValueError("a number, or a text with exactly one, is expected")
        number = float(re.sub(r"[ \u00a0\u202f]", "", found[0]).replace(",", ".").replace("−", "-"))
    if not math.isfinite(number):
        raise ValueError("a finite number is expected")
    return number


class Numeric:
    """A number that is right within a tolerance."""

    name = "numeric"
    metrics: tuple[str, ...] = ("accuracy",)
    per_sample = "1 within the tolerance, else 0"

    def read(self, value: object) -> float:
        """A number."""
        return as_number(value)

    def read_target(self, value: object) -> tuple[float, float]:
        """A number, or `{"value": 12.5, "tolerance": 0.1}`; the tolerance is absolute, 0 without one."""
        if isinstance(value, dict):
            number, tolerance = map(as_number, members(value, "value", "tolerance"))
            return number, tolerance
        return as_number(value), 0.0

    def score(self, output: float | None, target: tuple[float, float]) -> float:
        """1 within the tolerance."""
        number, tolerance = target
        return float(output is not None and abs(output - number) <= tolerance + 1e-9 * abs(number))

    def measure(
        self, pairs: Sequence[tuple[float | None, tuple[float, float]]], seed: int, repeats: int = 1
    ) -> list[Metric]:
        """Accuracy."""
        return [share("accuracy", (self.score(*pair) for pair in pairs), repeats)]


class Symbolic:
    """A formula that is equal to the right one, however it is written."""

    name = "symbolic"
    metrics: tuple[str, ...] = ("accuracy",)
    per_sample = "1 for an equal formula, else 0"

    def read(self, value: object) -> ast.expr:
        """A formula."""
        return expressions.parse(as_text(value))

    read_target = read

    def score(self, output: ast.expr | None, target: ast.expr) -> float:
        """1 for an equal formula."""
        return float(output is not None and expressions.same(output, target))

    def measure(self, pairs: Sequence[tuple[ast.expr | None, ast.expr]], seed: int, repeats: int = 1) -> list[Metric]:
        """Accuracy."""
        return [share("accuracy", (self.score(*pair) for pair in pairs), repeats)]


class Regression:
    """Numbers that are to be as near as can be; a sample without an answer counts as the targets' mean would."""

    name = "regression"
    metrics: tuple[str, ...] = ("r_squared", "mean_absolute_error", "root_mean_square_error")
    per_sample = "1 / (1 + absolute error)"

    def read(self, value: object) -> float:
        """A number."""
        return as_number(value)

    read_target = read

    def score(self, output: float | None, target: float) -> float:
        """1 when exact, falling with the error."""
        return 0.0 if output is None else 1 / (1 + abs(output - target))

    def measure(self, pairs: Sequence[tuple[float | None, float]], seed: int, repeats: int = 1) -> list[Metric]:
        """Coefficient of determination, mean absolute and root mean square error."""
        targets = np.fromiter((target for _output, target in pairs), float, len(pairs))
        middle = targets.mean() if len(targets) else 0.0
        away = ((middle if output is None else output) - target for output, target in pairs)
        errors = np.fromiter(away, float, len(pairs))

        def figures(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
            n = max(int(drawn.sum()), 1)
            squares = float(drawn @ errors**2)
            spread = float(drawn @ (targets - float(drawn @ targets) / n) ** 2)
            fit = 1 - squares / spread if spread else float(squares == 0)
            return np.array([fit, float(drawn @ abs(errors)) / n, math.sqrt(squares / n)])

        every = figures(np.ones(len(pairs), np.int64))
        bounds = bootstrap(len(pairs), figures, seed, repeats)
        return [
            Metric(name, float(value), *interval, len(pairs), resampled(repeats))
            for name, value, interval in zip(self.metrics, every, bounds, strict=True)
        ]
