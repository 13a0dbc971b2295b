"""The threat analyst as a solution: a question on each line of standard input, an answer on each of standard output.

`{"id": 1, "input": {"text": "…"}}` is answered by `{"id": 1, "output": {"techniques": […], "indicators": […], …}}`,
or by `{"id": 1, "error": "…"}` with a sentence.
"""

from __future__ import annotations

import json
import sys
from typing import Any

# The engine stands beside this file in the folder that is run.
from engine.errors import EngineError, TextError  # type: ignore[import-not-found]
from engine.files import ENCODER_CARD_FILE  # type: ignore[import-not-found]
from engine.model import HERE, load, load_with_encoder  # type: ignore[import-not-found]
from engine.reader import read  # type: ignore[import-not-found]


def answer(question: dict[str, Any], model: Any) -> dict[str, Any]:
    """Answer one question."""
    given = question.get("input")
    text = given.get("text") if isinstance(given, dict) else given
    try:
        if not isinstance(text, str):
            raise TextError("The input is a text, or an object with the member “text”.")
        return {"id": question.get("id"), "output": read(text, model).as_dict()}
    except EngineError as error:
        return {"id": question.get("id"), "error": str(error)}


def model() -> Any:
    """The model in this folder, with the encoder where there is one."""
    return load_with_encoder() if (HERE / ENCODER_CARD_FILE).is_file() else load()


def main() -> None:
    """Answer until the input ends."""
    loaded = model()
    for line in sys.stdin.buffer:
        try:
            question = json.loads(line)
        except ValueError:
            question = None
        if isinstance(question, dict):
            reply = answer(question, loaded)
        else:
            reply = {"id": None, "error": "The line is no JSON object."}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
