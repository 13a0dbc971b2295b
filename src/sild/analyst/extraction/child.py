"""The process that takes a file apart: it limits itself, reads the file from standard input and answers with JSON."""

from __future__ import annotations

import json
import resource
import sys

MEMORY = 1_000_000_000  # bytes of address space
SECONDS = 20  # of the processor


def main() -> None:
    """Answer with the text, or with the sentence that says why there is none."""
    for which, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(which, (most, most))
    from sild.analyst.engine.errors import TextError  # noqa: PLC0415 -- after the limits
    from sild.analyst.extraction.formats import extract  # noqa: PLC0415

    try:
        found = extract(sys.stdin.buffer.read(), sys.argv[1])
        answer = {"text": found.text, **found.as_dict()}
    except TextError as error:
        answer = {"error": error.sentence, "values": error.values}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
