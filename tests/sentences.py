"""The sentences that sources hold, in one form for what varies in them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import sild

PLACE = re.compile(r"%\(\w+\)s")


def held(*folders):
    """Every text in the Python files of some folders of `sild`; what an f-string puts in is `{}`."""
    texts = set()
    for folder in folders:
        for path in (Path(sild.__file__).parent / folder).rglob("*.py"):
            texts.update(filter(None, map(_text, ast.walk(ast.parse(path.read_text(encoding="utf-8"))))))
    return texts


def _text(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def lost(sentences, *folders):
    """The texts that no source there has any more."""
    texts = held(*folders)
    return [text for text in sentences.texts if PLACE.sub("{}", text) not in texts]
