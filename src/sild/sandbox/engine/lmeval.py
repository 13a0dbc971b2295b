"""Suites from the files of EleutherAI's lm-evaluation-harness: sample logs, and plain questions with choices.

A log line (`samples_TASK_TIME.jsonl`) has `doc`, `target` and `arguments`: a list of [context, continuation or
settings], or since 0.4.5 an object of `gen_args_N` with `arg_0` and `arg_1`. A plain line has `question`, `choices` and
`answer`. What the logged model said (`resps`) is left out: it is no part of a suite.
"""

from __future__ import annotations

import io
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from ruamel.yaml import YAML

from sild.sandbox.engine.errors import Flaw, FormError
from sild.sandbox.engine.prompts import as_text

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = "{question}\n{options}\n{instruction}"
INSTRUCTIONS = {
    "en": "Answer with the letter of the right option.",
    "et": "Vasta õige variandi tähega.",
    "uk": "Дайте літеру правильного варіанта.",
}
MAX_FLAWS = 100


@dataclass(frozen=True, slots=True)
class About:
    """What the file does not say of itself.

    Attributes:
        name, title, source, licence, language: as `suite.yaml` has them.
        at_least: what accuracy has to reach.
    """

    name: str
    title: str
    source: str
    licence: str
    language: str
    at_least: float


def write(data: bytes, file: str, about: About, folder: Path) -> Path:
    """Write a suite's folder from a file of lm-eval.

    Args:
        data: the file's content.
        file: its name, for messages.
        about: what the file does not say.
        folder: it is made; it must not be there yet.

    Raises:
        FormError: every line that cannot be used, with its number; nothing is written.
        FileExistsError: the folder is there.
    """
    samples, flaws = _samples(data, file, about.language)
    kinds = {isinstance(sample["target"], dict) for sample in samples}
    if len(kinds) > 1:
        flaws.append(Flaw(file, 0, 0, "", "some lines have choices and some have none; make a file of each"))
    if not samples and not flaws:
        flaws.append(Flaw(file, 1, 1, "", "there are no samples in the file"))
    if flaws:
        raise FormError(flaws[:MAX_FLAWS])
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_bytes(b"".join(orjson.dumps(sample) + b"\n" for sample in samples))
    text = io.StringIO()
    YAML().dump(_form(about, choices=True in kinds), text)
    (folder / "suite.yaml").write_text(text.getvalue(), "utf-8")
    return folder


def _form(about: About, *, choices: bool) -> dict[str, Any]:
    """What `suite.yaml` says."""
    shown = {"prompt": PROMPT} if choices else {}
    return {
        "name": about.name,
        "version": "1.0.0",
        "title": {"en": about.title},
        "data": {"file": "samples.jsonl"},
        "datasheet": {"source": about.source, "licence": about.licence, "language": about.language},
        **shown,
        "scorer": {"name": "choice" if choices else "answer"},
        "thresholds": [{"metric": "accuracy", "at_least": about.at_least}],
    }


def _samples(data: bytes, file: str, language: str) -> tuple[list[dict[str, Any]], list[Flaw]]:
    """The samples, and every line that is none."""
    samples: list[dict[str, Any]] = []
    flaws: list[Flaw] = []
    taken: set[str] = set()
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            told = orjson.loads(line)
            if not isinstance(told, dict):
                raise ValueError("an object is expected")  # noqa: TRY004, TRY301 -- one way to name a flaw
            name = str(told.get("doc_id", told.get("id", f"line-{number}")))
            if name in taken:  # a log has a line for each filter of the same document
                continue
            samples.append({"id": name, **_sample(told, language)})
            taken.add(name)
        except orjson.JSONDecodeError as error:
            flaws.append(Flaw(file, number, error.colno, "", f"this line is not JSON: {error.msg}"))
        except ValueError as error:
            flaws.append(Flaw(file, number, 1, "", str(error)))
    return samples, flaws


def _sample(told: dict[str, Any], language: str) -> dict[str, Any]:
    """Input and target of one line."""
    if "arguments" in told:
        return _logged(told, language)
    if "question" in told and "choices" in told and "answer" in told:
        labels, texts = _choices(told["choices"])
        return _chosen(str(told["question"]), labels, texts, told["answer"], language)
    raise ValueError("neither a log line with doc, target and arguments nor question, choices and answer")


def _logged(told: dict[str, Any], language: str) -> dict[str, Any]:
    """A line of a sample log."""
    if "target" not in told:
        raise ValueError("target: this member is missing")
    calls = _calls(told["arguments"])
    contexts = list(dict.fromkeys(context for context, _ in calls))
    texts = [second.strip() for _, second in calls if isinstance(second, str)]
    if len(texts) == len(calls) > 1:
        if len(contexts) != 1:
            raise ValueError("arguments: the choices differ in their contexts, so there is no one question")
        return _chosen(contexts[0], _letters(len(texts)), texts, told["target"], language)
    if len(calls) != 1 or texts:
        raise ValueError("arguments: neither one prompt with its settings nor several continuations of one prompt")
    target = told["target"]
    answers = target if isinstance(target, list) else [target]
    return {"input": contexts[0], "target": [as_text(one) for one in answers]}


def _calls(arguments: Any) -> list[tuple[str, Any]]:
    """Pairs of context and continuation or settings, from both forms."""
    if isinstance(arguments, dict):
        names = sorted(arguments, key=lambda name: int(name.rpartition("_")[2]))
        arguments = [[arguments[name].get("arg_0"), arguments[name].get("arg_1")] for name in names]
    whole = isinstance(arguments, list) and all(
        isinstance(one, list) and len(one) > 1 and isinstance(one[0], str) for one in arguments
    )
    if not whole or not arguments:
        raise ValueError(
            "arguments: a list of context and continuation, or gen_args_N with arg_0 and arg_1, is expected"
        )
    return [(one[0], one[1]) for one in arguments]


def _choices(choices: Any) -> tuple[list[str], list[str]]:
    """Labels and texts of choices: a list, or lists of `label` and `text` as ARC has them."""
    if isinstance(choices, dict) and isinstance(choices.get("text"), list):
        texts = [str(one) for one in choices["text"]]
        labels = [str(one) for one in choices.get("label", _letters(len(texts)))]
    elif isinstance(choices, list):
        texts, labels = [str(one) for one in choices], _letters(len(choices))
    else:
        raise ValueError("choices: a list of texts, or text and label, is expected")  # noqa: TRY004 -- as above
    if len(labels) != len(texts) or len(set(labels)) != len(labels):
        raise ValueError("choices: labels and texts do not fit together")
    return labels, texts


def _letters(count: int) -> list[str]:
    """A, B, C and so on."""
    if not 1 < count <= len(string.ascii_uppercase):
        raise ValueError("choices: two to 26 are expected")
    return list(string.ascii_uppercase[:count])


def _chosen(question: str, labels: list[str], texts: list[str], answer: Any, language: str) -> dict[str, Any]:
    """A question with choices; the right one is told by its position from 0, its label or its text."""
    if isinstance(answer, str) and answer in labels:
        right = answer
    elif isinstance(answer, str) and texts.count(answer.strip()) == 1:
        right = labels[texts.index(answer.strip())]
    else:
        right = _by_position(labels, answer)
    options = dict(zip(labels, texts, strict=True))
    shown = "\n".join(f"{label}. {text}" for label, text in options.items())
    instruction = INSTRUCTIONS.get(language, INSTRUCTIONS["en"])
    return {
        "input": {"question": question, "options": shown, "instruction": instruction},
        "target": {"options": options, "right": right},
    }


def _by_position(labels: list[str], answer: Any) -> str:
    """The label at a position from 0, which logs also write as text."""
    place = int(answer) if isinstance(answer, str) and answer.isascii() and answer.isdecimal() else answer
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(labels):
        raise ValueError("answer: it names none of the choices, by position from 0, label or text")
    return labels[place]
