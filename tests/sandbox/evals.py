"""An interpreter that sees Inspect's own collection of tasks, which is installed once, apart from ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED, HOME = ROOT / "requirements" / "peers-evals.txt", ROOT / "build" / "peers-evals"


def python():
    """Its path."""
    stamp, interpreter = HOME / "stamp", str(HOME / "bin" / "python")
    if not stamp.exists() or stamp.read_text() != PINNED.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
        (packages,) = HOME.glob("lib/python*/site-packages")
        (packages / "ours.pth").write_text("\n".join(path for path in sys.path if path.endswith(("src", "-packages"))))
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(PINNED)], check=True)
        stamp.write_text(PINNED.read_text())
    return interpreter
