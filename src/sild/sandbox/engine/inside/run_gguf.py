"""Runs a GGUF model file inside the isolation with llama.cpp: questions as JSON lines, answers as JSON lines.

A text is the user's message; an object with `messages` is the request. The answer is the reply's text, made without
chance: temperature 0, a fixed seed, one thread, and nothing kept from one question to the next.
"""

from __future__ import annotations

import json
import sys
from tempfile import gettempdir
from typing import Any

import xllamacpp

TOKENS = 512
CONTEXT = 4096
# The level of llama.cpp's log that goes to standard error.
ERRORS = 1


def request(question: Any) -> dict[str, Any]:
    """The request for a sample's input."""
    if isinstance(question, dict) and "messages" in question:
        asked = {"messages": question["messages"], "max_tokens": int(question.get("max_tokens", TOKENS))}
    else:
        content = question if isinstance(question, str) else json.dumps(question, ensure_ascii=False)
        asked = {"messages": [{"role": "user", "content": content}], "max_tokens": TOKENS}
    return {**asked, "temperature": 0.0, "seed": 1, "cache_prompt": False}


def load(file: str) -> Any:
    """The model, on the processor alone.

    Raises:
        RuntimeError: the file is no model that llama.cpp can load.
    """
    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers = CONTEXT, 1, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    # It wants to listen somewhere, which nobody uses; there are no Internet sockets in the isolation.
    parameters.hostnames, parameters.n_threads_http, parameters.ui = [f"{gettempdir()}/llama.sock"], 1, False
    parameters.warmup, parameters.offline, parameters.verbosity = False, True, ERRORS
    return xllamacpp.Server(parameters)


def main() -> None:
    """Answer until there are no more questions."""
    model = load(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            reply = model.handle_chat_completions(request(asked["input"]))
            told = {"id": asked["id"], "output": reply["choices"][0]["message"]["content"]}
        except Exception as error:  # noqa: BLE001 -- whatever a model makes of a question is an answer not to be had
            told = {"id": asked["id"], "error": f"{type(error).__name__}: {str(error)[:200]}"}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
