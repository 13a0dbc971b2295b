"""Runs a GGUF model file inside the isolation: questions as JSON lines, answers as JSON lines.

A text is the user's message; an object with `messages` is the request. The answer is the reply's text, made without
chance: temperature 0 and a fixed seed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import llama_cpp

TOKENS = 512
CONTEXT = 4096


def request(question: Any) -> dict[str, Any]:
    """The request for a sample's input."""
    if isinstance(question, dict) and "messages" in question:
        return {"messages": question["messages"], "max_tokens": int(question.get("max_tokens", TOKENS))}
    content = question if isinstance(question, str) else json.dumps(question, ensure_ascii=False)
    return {"messages": [{"role": "user", "content": content}], "max_tokens": TOKENS}


def main() -> None:
    """Answer until there are no more questions."""
    model = llama_cpp.Llama(model_path=sys.argv[1], n_ctx=CONTEXT, n_threads=1, seed=1, verbose=False)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            reply = model.create_chat_completion(**request(asked["input"]), temperature=0.0)
            told = {"id": asked["id"], "output": reply["choices"][0]["message"]["content"]}
        except Exception as error:  # noqa: BLE001 -- whatever a model makes of a question is an answer not to be had
            told = {"id": asked["id"], "error": f"{type(error).__name__}: {str(error)[:200]}"}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
