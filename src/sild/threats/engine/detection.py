"""Detection rules beside the indicators that they serve: Sigma and YARA, checked as far as their form goes."""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .sentences import DeskError, _

_YARA_HEAD = re.compile(r"\b(?:(?:private|global)\s+)*rule\s+([A-Za-z_]\w{0,127})\s*(?::[^{]*)?\{")
_YARA_CONDITION = re.compile(r"\bcondition\s*:")
# Texts, regular expressions and comments may hold braces that do not count.
_YARA_QUIET = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


class RuleError(DeskError):
    """The rule does not have the form of its language."""

    code = "rule"


def check(kind: str, text: str) -> str:
    """Check a rule and return its own name; other languages than Sigma and YARA are taken as they are.

    Raises:
        RuleError: the sentence says what is missing.
    """
    if not text.strip():
        raise RuleError(_("The rule is empty."))
    if kind == "sigma":
        return _sigma(text)
    return _yara(text) if kind == "yara" else text.strip().splitlines()[0][:100]


def _sigma(text: str) -> str:
    """Sigma specification 2.0, section “Structure”: title, logsource, and detection with a condition."""
    try:
        rule: Any = YAML(typ="safe", pure=True).load(io.StringIO(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise RuleError(_("The Sigma rule is not YAML: line %(line)s."), line=mark.line + 1 if mark else "?") from error
    if not isinstance(rule, dict):
        raise RuleError(_("The Sigma rule is not a YAML mapping."))
    for name in ("title", "logsource", "detection"):
        if not rule.get(name):
            raise RuleError(_("The Sigma rule lacks “%(name)s”."), name=name)
    if not isinstance(rule["detection"], dict) or not rule["detection"].get("condition"):
        raise RuleError(_("The Sigma rule's “detection” lacks a “condition”."))
    return str(rule["title"])


def _yara(text: str) -> str:
    """A rule head and a condition."""
    plain = _YARA_QUIET.sub('""', text)
    head = _YARA_HEAD.search(plain)
    if head is None:
        raise RuleError(_("This is no YARA rule: it has no “rule NAME {”."))
    if not _YARA_CONDITION.search(plain):
        raise RuleError(_("The YARA rule has no condition."))
    return head[1]
