"""Errors of the desk's engine: sentences whose values are kept apart, so that they can be translated first."""

from __future__ import annotations


class DeskError(ValueError):
    """Input that cannot be used: a sentence, with the values that stand in it as `%(name)s`."""

    code = "threats-input"

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


def _(sentence: str) -> str:
    """Mark a sentence as one that people read on pages, so that it is collected for translation."""
    return sentence
