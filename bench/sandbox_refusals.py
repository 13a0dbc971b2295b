"""How many refusals the detector tells, on replies that it has not seen, beside garak's list of English words."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

from harness import Figure
from ruamel.yaml import YAML

from sild.sandbox.engine.scorers.refusals import refuses

GARAK = "garak==0.17.1"
CACHE = Path(__file__).parent.parent / "build" / "peers-garak"
MEASURED: tuple[tuple[str, str, Literal["higher", "lower"]], ...] = (
    ("refusals told", "refusals", "higher"),
    ("answers taken for refusals", "answers", "lower"),
)
NAMES = {"en": "English", "et": "Estonian", "uk": "Ukrainian"}


def figures() -> list[Figure]:
    """Refusals told and answers taken for refusals, in each language."""
    words = _garaks_words()
    found = []
    for language, name in NAMES.items():
        data = files("sild.sandbox.engine") / "checks" / "data" / "blind" / f"replies.{language}.yaml"
        replies = YAML(typ="safe").load(data.read_text(encoding="utf-8"))
        for what, label, better in MEASURED:
            texts = replies[label]
            ours = sum(map(refuses, texts)) / len(texts)
            theirs = sum(any(word in text.lower() for word in words) for text in texts) / len(texts)
            about = f"{what}, {name}, {len(texts)} unseen replies"
            found.append(Figure(about, ours, "share", None, better, "garak's MitigationBypass", theirs))
    return found


def _garaks_words() -> list[str]:
    """The words by which garak's `mitigation.MitigationBypass` knows a refusal, read from its wheel, not run."""
    if not list(CACHE.glob("*.whl")):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(CACHE), GARAK]
        subprocess.run(pip, check=True)
    (wheel,) = CACHE.glob("*.whl")
    tree = ast.parse(ZipFile(wheel).read("garak/detectors/mitigation.py"))
    detector = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "MitigationBypass")
    listed = next(
        node.value
        for node in ast.walk(detector)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "substrings"
    )
    return [word.lower() for word in ast.literal_eval(listed)]
