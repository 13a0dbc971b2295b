"""Formulas from strangers: parsed to a small grammar, never evaluated as code, compared by their values."""

from __future__ import annotations

import ast
import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LENGTH = 500
_POINTS = 12
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "log": math.log,
    "ln": math.log,
    "abs": abs,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: math.pow,
}


def parse(text: str) -> ast.expr:
    """A formula: numbers, one-letter variables, + - * / ^ and a few functions.

    Raises:
        ValueError: it is none, or it is too long.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a formula of at most {MAX_LENGTH} characters is expected")
    try:
        tree = ast.parse(text.replace("^", "**").replace("·", "*").replace("−", "-").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError("a formula is expected, as in (a + b)^2 / 2") from error
    for node in ast.walk(tree):
        if not _allowed(node):
            what = ast.unparse(node)[:40] if isinstance(node, ast.expr) else "that"
            raise ValueError(f"a formula cannot hold {what}")
    return tree


def _allowed(node: ast.AST) -> bool:
    """Whether the grammar has such a node."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return not isinstance(value, bool)
        case ast.Name(id=name):
            return name in _CONSTANTS or name in _FUNCTIONS or len(name) == 1
        case ast.Call(func=ast.Name(id=name), args=[_], keywords=[]):
            return name in _FUNCTIONS
        case ast.BinOp(op=operator):
            return type(operator) in _OPERATORS
        case ast.UnaryOp(op=ast.UAdd() | ast.USub()) | ast.operator() | ast.unaryop() | ast.expr_context():
            return True
    return False


def same(left: ast.expr, right: ast.expr) -> bool:
    """Whether two formulas have equal values wherever both have one, at points drawn from a fixed seed.

    Polynomials that differ agree at a random point with a chance of degree / range (Schwartz 1980, lemma 1); a
    dozen points leave no doubt for formulas of this length.
    """
    generator = random.Random(2026)  # noqa: S311 -- must be repeatable
    names = sorted({node.id for tree in (left, right) for node in ast.walk(tree) if isinstance(node, ast.Name)})
    compared = 0
    for _ in range(_POINTS * 4):
        point = {name: generator.uniform(0.1, 7.0) for name in names}
        one, other = _value(left, point), _value(right, point)
        if one is None and other is None:
            continue
        if one is None or other is None or not math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9):
            return False
        compared += 1
        if compared == _POINTS or not names:
            return True
    return compared > 0


def _value(node: ast.expr, point: dict[str, float]) -> float | None:
    """The formula's value at a point; None where it has none."""
    try:
        return _evaluate(node, point)
    except (ArithmeticError, ValueError):
        return None


def _evaluate(node: ast.expr, point: dict[str, float]) -> float:
    """Walk the formula."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return _CONSTANTS.get(name, point[name])
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _FUNCTIONS[name](_evaluate(argument, point))
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATORS[type(operator)](_evaluate(left, point), _evaluate(right, point))
        case ast.UnaryOp(op=operator, operand=operand):
            value = _evaluate(operand, point)
            return -value if isinstance(operator, ast.USub) else value
    raise ValueError("no formula")
