"""The sentence of an error in the reader's language, also where what raised it speaks English alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sild.exchange import trust_errors

if TYPE_CHECKING:
    from collections.abc import Callable


def told(error: Exception, translate: Callable[[str], str]) -> str:
    """What an error of ours says.

    Args:
        error: with a sentence, in English or in the reader's language already.
        translate: gives a text's translation.
    """
    from sild.sandbox import details  # noqa: PLC0415 -- an error costs no command a start

    sentence = trust_errors.ERRORS.told(str(error), translate)
    return details.ERRORS.told(sentence, translate)
