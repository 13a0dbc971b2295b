"""What can go wrong in the engine; each error is a sentence with a stable code."""

from __future__ import annotations


class EngineError(ValueError):
    """Base of the engine's errors: a sentence, with the values that stand in it as `%(name)s` kept apart.

    So whoever shows it can translate the sentence first.
    """

    code = "analyst-engine"

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


def _(sentence: str) -> str:
    """Mark a sentence as one that people read on pages, so that it is collected for translation."""
    return sentence


class TextError(EngineError):
    """The input is not a text that can be read: empty, too long or not text at all."""

    code = "text"


class ModelError(EngineError):
    """The model's file is missing, is not the one that its card describes, or has not the form of one."""

    code = "model"


class KnowledgeError(EngineError):
    """The ATT&CK data is not what it should be."""

    code = "attack-data"
