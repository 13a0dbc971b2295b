"""Reads the stored arrays of an ONNX file, which ONNX Runtime uses but does not give out.

As much of protocol buffers as that takes: fields by number, lengths as variable integers (onnx.proto 1.17: a model's
graph is field 7, a graph's initializers are field 5; of a tensor, dimensions 1, type 2, name 8, bytes 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRAPH, _INITIALIZER = 7, 5
_DIMENSIONS, _TYPE, _NAME, _BYTES = 1, 2, 8, 9
_TYPES = {1: "<f4", 3: "i1"}  # of TensorProto.DataType, those that weights have here
_NUMBER, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5  # wire types
_MORE, _SEVEN = 0x80, 7


def initializers(data: bytes) -> dict[str, Any]:
    """The arrays of numbers in a file, by name; those of other types are left out.

    Raises:
        ModelError: the bytes are not of that form.
    """
    try:
        found: dict[str, Any] = {}
        for number, graph in _fields(memoryview(data)):
            if number == _GRAPH:
                found |= dict(filter(None, (_tensor(part) for place, part in _fields(graph) if place == _INITIALIZER)))
    except (IndexError, ValueError, TypeError) as error:
        raise ModelError("The encoder's file has not the form of an ONNX model. Install its package anew.") from error
    return found


def _tensor(data: Any) -> tuple[str, Any] | None:
    """Name and array of a tensor."""
    dimensions, kind, name, content = [], 0, "", b""
    for number, value in _fields(data):
        if number == _DIMENSIONS:
            dimensions += [value] if isinstance(value, int) else _numbers(value)
        elif number == _TYPE:
            kind = value
        elif number == _NAME:
            name = bytes(value).decode()
        elif number == _BYTES:
            content = value
    return (name, np.frombuffer(content, _TYPES[kind]).reshape(dimensions)) if kind in _TYPES else None


def _fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Field numbers with integers or bytes; fields of fixed size are passed over."""
    place = 0
    while place < len(data):
        key, place = _number(data, place)
        kind = key & 7
        if kind in {_EIGHT, _FOUR}:
            place += 8 if kind == _EIGHT else 4
            continue
        if kind not in {_NUMBER, _LENGTH}:
            raise ValueError(kind)
        value, place = _number(data, place)
        if kind == _NUMBER:
            yield key >> 3, value
            continue
        if place + value > len(data):
            raise IndexError(value)
        yield key >> 3, data[place : place + value]
        place += value


def _numbers(data: Any) -> list[int]:
    """Integers that stand one after the other."""
    found, place = [], 0
    while place < len(data):
        value, place = _number(data, place)
        found.append(value)
    return found


def _number(data: Any, place: int) -> tuple[int, int]:
    """A variable integer, and the place after it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & ~_MORE) << shift
        place += 1
        if not byte & _MORE:
            return value, place
        shift += _SEVEN
