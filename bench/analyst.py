"""The extractor's speed and finds beside its peers, the model's speed and quality on data that it never saw.

SILD_TRAM names a folder with TRAM's files, SILD_ATTACK MITRE's own STIX bundle; where they are absent, in
`../shared/data` too, those figures are left out, with a line that says so. `PARTS="cost reading"` measures some parts
only and keeps the other figures of the file; `spans` and `documents` train in five folds, and `spans-with-encoder`
tunes in them, which takes most of the time.
"""

from __future__ import annotations

import gzip
import json
import os
import runpy
import subprocess
import sys
import time
import venv
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import analyst_tram
from harness import Figure, best_of

from sild.analyst.engine import files as engine_files
from sild.analyst.engine import model as engine
from sild.analyst.engine.indicators import extract
from sild.analyst.engine.reader import read
from sild.analyst.engine.techniques import thresholds
from sild.analyst.training import card, corpus, knowledge, measure, parity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parent.parent
# The tests' corpus, so that both count the same.
CORPUS = runpy.run_path(str(ROOT / "tests" / "analyst" / "corpus.py"))
INDICATORS, SENTENCES = CORPUS["INDICATORS"], CORPUS["SENTENCES"]
UKRAINIAN = [
    json.loads(line)
    for line in (ROOT / "tests" / "analyst" / "indicators-uk.jsonl").read_text(encoding="utf-8").splitlines()
]

SHARED = ROOT.parent / "shared" / "data"
PEERS = ROOT / "requirements" / "peers-analyst.txt"
PEERS_HOME = ROOT / "build" / "peers-analyst"
# What all peers claim to find.
COMMON = {"ipv4", "ipv6", "domain", "url", "email", "md5", "sha1", "sha256", "sha512", "cve"}
PEER_BYTES = 30_000  # the slowest peer reads less than 5 kB a second
HOSTILE = [
    "[.]",
    "a.",
    "http://a.com/",
    "a@",
    "C:\\",
    "::",
    "f",
    "(",
    "\u200ba",
    ".",
    "HKLM\\a ",
    "/tmp/a ",
    "1.1.1.1.",
]

REPORTS = 30
# Reads texts (a JSON list) from standard input; prints processor seconds, and the memory of all of it in MB.
READER = """
import json, sys, time
from sild.analyst.engine.model import load, load_with_encoder
from sild.analyst.engine.reader import read
texts, model = json.load(sys.stdin), load_with_encoder() if sys.argv[1:] else load()
start = time.process_time()
for text in texts:
    read(text, model)
seconds = time.process_time() - start
[most] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # ru_maxrss has the parent's, too
print(json.dumps([seconds, int(most.split()[1]) / 1024]))
"""

# Runs in the peers' own environment; reads {"texts": [...], "speed": text}, prints {peer: [values per text, seconds]}.
PEER_PROGRAM = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
given = json.load(sys.stdin)
def with_iocsearcher():
    from iocsearcher.searcher import Searcher
    searcher = Searcher()
    return lambda text: [ioc.value for ioc in searcher.search_data(text)]
def with_ioc_finder():
    from ioc_finder import find_iocs
    def flat(value):
        if isinstance(value, dict):
            for part in value.values():
                yield from flat(part)
        elif isinstance(value, (list, tuple, set)):
            for part in value:
                yield from flat(part)
        else:
            yield str(value)
    return lambda text: list(flat(find_iocs(text)))
def with_iocextract():
    import iocextract
    return lambda text: list(map(str, iocextract.extract_iocs(text, refang=True)))
answer = {}
for name, make in (("iocsearcher", with_iocsearcher), ("ioc-finder", with_ioc_finder), ("iocextract", with_iocextract)):
    try:
        find = make()
        found = [find(text) for text in given["texts"]]
        start = time.perf_counter()
        find(given["speed"])
        answer[name] = [found, time.perf_counter() - start]
    except Exception as error:
        print(f"{name} is left out: {error!r}", file=sys.stderr)
print(json.dumps(answer))
"""


def run(parts: Sequence[str] = ()) -> list[Figure]:
    """All figures, or those of some parts."""
    return [replace(figure, part=part) for part in parts or PARTS for figure in PARTS[part]()]


def extractor() -> list[Figure]:
    """Speed on reports, the worst hostile line, and finds on the corpus beside the peers."""
    report = (files("sild.analyst") / "examples" / "report-en.md").read_text(encoding="utf-8")
    plain = (ROOT / "LICENSE").read_text(encoding="utf-8") * 10
    dense = report * 60
    hostile = {seed: seed * (1_000_000 // len(seed)) for seed in HOSTILE}
    worst = max(hostile, key=lambda seed: best_of(lambda: _attempt(hostile[seed]), 1))
    texts = [SENTENCES["uk"].format(written) for written, kind, _value in INDICATORS if kind in COMMON]
    wanted = [value for _written, kind, value in INDICATORS if kind in COMMON]
    speed_text = (report * (PEER_BYTES // len(report) + 1))[:PEER_BYTES]
    peers = _peers({"texts": texts, "speed": speed_text})
    size = f"{len(dense) / 1e6:.2f} MB of the example report, {len(extract(report))} indicators each"
    speed = _mb_s(dense)
    found = sum(value in [hit.value for hit in extract(text)] for text, value in zip(texts, wanted, strict=True))
    figures = [
        Figure("extractor on prose without indicators", _mb_s(plain), "MB/s", 5, "higher"),
        Figure(f"extractor on {size}", speed, "MB/s", 5, "higher"),
        Figure(
            f"hostile line of 1 MB, the worst: {worst!r} repeated", best_of(lambda: _attempt(hostile[worst]), 3), "s", 1
        ),
    ]
    name = f"found of {len(texts)} in Ukrainian sentences, kinds that all peers claim"
    if not peers:
        return [*figures, Figure(name, found, "", len(texts), "higher")]
    for peer, (values, seconds) in peers.items():
        theirs = sum(_has(given, value) for given, value in zip(values, wanted, strict=True))
        figures.append(Figure(name, found, "", len(texts), "higher", peer, theirs))
        theirs_speed = len(speed_text.encode()) / 1e6 / seconds
        figures.append(
            Figure(f"extractor on {size}", speed, "MB/s", 5, "higher", f"{peer}, {PEER_BYTES} B", theirs_speed)
        )
    return figures


def in_ukrainian() -> list[Figure]:
    """The set of 150 in Ukrainian reports: found by value, whatever the kind; and what else was taken for one."""
    texts = [report["text"] for report in UKRAINIAN]
    wanted = [[mark["value"] for mark in report["indicators"]] for report in UKRAINIAN]
    total = sum(map(len, wanted))
    ours = [[hit.value for hit in extract(text)] for text in texts]
    found = sum(_has(given, value) for given, values in zip(ours, wanted, strict=True) for value in values)
    extra = sum(len(given) for given in ours) - found
    name = f"found of {total} in Ukrainian reports, all kinds"
    figures = [Figure("taken for an indicator beside them", extra, "", 0)]
    peers = _peers({"texts": texts, "speed": texts[0]})
    if not peers:
        return [Figure(name, found, "", total, "higher"), *figures]
    for peer, (values, _seconds) in peers.items():
        theirs = sum(_has(given, value) for given, row in zip(values, wanted, strict=True) for value in row)
        figures.append(Figure(name, found, "", total, "higher", peer, theirs))
    return figures


def cost() -> list[Figure]:
    """Processor time and memory of whole reports, in a process of their own: TRAM's, or those that ship."""
    file = Path(os.environ.get("SILD_TRAM", SHARED / "tram")) / "reports.jsonl.gz"
    if file.is_file():
        rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
        texts = [row["text"] for row in rows][:REPORTS]
    else:
        texts = [report.text for report in corpus.shipped("test")][:REPORTS]
    with_encoder = ["with encoder"] if analyst_tram.USE_ENCODER else []
    done = subprocess.run(
        [sys.executable, "-c", READER, *with_encoder],
        input=json.dumps(texts),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds, memory = json.loads(done.stdout)
    about = f"{len(texts)} reports of {sum(map(len, texts)) // len(texts):,} characters"
    return [
        Figure(f"processor time of a report, mean of {about}", seconds / len(texts), "s", 2),
        Figure("processor time of 1,000 such reports", seconds / len(texts) * 1000 / 60, "min"),
        Figure("energy of 1,000 such reports at an assumed 10 W a core", seconds / len(texts) * 1000 * 10 / 3600, "Wh"),
        Figure("memory, with Python, model and all", memory, "MB", 500),
    ]


def languages() -> list[Figure]:
    """F1 of each language on the test side of the labelled corpus, and the gap."""
    found = parity.measure(_model(), corpus.shipped("test"))
    figures = [
        Figure(f"F1 of {what}, corpus, {language}, n={row['wanted']:.0f}", row["f1"], "", None, "higher")
        for what in parity.WHAT
        for language, rows in found["languages"].items()
        for row in (rows[what],)
    ]
    return [
        *figures,
        *(Figure(f"gap between languages, {what}", found["gap"][what], "points", 5) for what in parity.WHAT),
    ]


def reading() -> list[Figure]:
    """Speed of the model and of a whole report."""
    model = _model()
    held_out = [sentence.text for sentence in card.sides(knowledge.from_package()).held_out]
    report = (files("sild.analyst") / "examples" / "report-en.md").read_text(encoding="utf-8")
    return [
        Figure("sentences scored", len(held_out) / best_of(lambda: model.scores(held_out), 3), "/s", None, "higher"),
        Figure("the example report read", best_of(lambda: read(report, model)) * 1000, "ms", 2000),
        Figure("model and card loaded", best_of(engine.load) * 1000, "ms"),
        Figure("model's file", (engine.HERE / engine_files.MODEL_FILE).stat().st_size / 1e6, "MB", 3),
    ]


def quality() -> list[Figure]:
    """Held-out families, as in the card; and MITRE's whole texts of the same families when they are there."""
    model = _model()
    least, strong = thresholds(model)
    sets = {"package": knowledge.from_package()}
    bundle = Path(os.environ.get("SILD_ATTACK", SHARED / "attack-enterprise.json.gz"))
    if bundle.is_file():
        data = bundle.read_bytes()
        sets["MITRE's whole texts"] = knowledge.from_bundle(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    else:
        print(f"MITRE's own bundle is not at {bundle}: its figures are left out.")
    figures = []
    for name, known in sets.items():
        held_out = card.sides(known).held_out
        every, sure = measure.measure(model, held_out, least), measure.measure(model, held_out, strong)
        about = f"held-out families, {name}, n={len(held_out)}"
        figures += [
            Figure(f"micro F1, {about}", every.micro_f1, "", None, "higher"),
            Figure(f"micro F1, {about}, 95 % interval from", every.micro_f1_low, "", None, "higher"),
            Figure(f"micro F1, {about}, 95 % interval to", every.micro_f1_high, "", None, "higher"),
            Figure(f"macro F1, {about}", every.macro_f1, "", None, "higher"),
            Figure(f"precision of strong proposals, {about}", sure.micro_precision, "", 0.9, "higher"),
        ]
    return figures


def _model() -> engine.Model:
    return analyst_tram.model()


def _mb_s(text: str) -> float:
    """By processor time: how fast the code is, whoever else has the machine."""
    return len(text.encode()) / 1e6 / best_of(lambda: _attempt(text), 9, clock=time.process_time)


def _attempt(text: str) -> None:
    """Read a text; being refused as a feed is an answer too."""
    try:
        extract(text)
    except ValueError:
        return


def _has(given: list[str], value: str) -> bool:
    """A peer found it when its value is there, whatever the case and the closing slash."""
    return value.lower().rstrip("/") in {found.lower().rstrip("/") for found in given}


def _peers(given: dict[str, Any]) -> dict[str, Any]:
    """What the peers find, in an environment of their own under build/; nothing when they cannot be installed."""
    try:
        python = _peers_python()
        done = subprocess.run(
            [python, "-c", PEER_PROGRAM],
            input=json.dumps(given),
            check=True,
            timeout=300,
            stdout=subprocess.PIPE,
            text=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"The peers could not be measured and are left out: {error}")
        return {}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _peers_python() -> str:
    """The interpreter of the peers' environment, which is made anew when their pins changed."""
    python, stamp = PEERS_HOME / "bin" / "python", PEERS_HOME / "pins.txt"
    pins = PEERS.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != pins:
        venv.create(PEERS_HOME, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(PEERS)], check=True, timeout=600, capture_output=True)
        stamp.write_text(pins, encoding="utf-8")
    return str(python)


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "extractor": extractor,
    "ukrainian": in_ukrainian,
    "reading": reading,
    "cost": cost,
    "families": quality,
    "languages": languages,
    "held-out": analyst_tram.held_out,
    "spans": analyst_tram.spans,
    "spans-with-encoder": analyst_tram.spans_with_encoder,
    "documents": analyst_tram.documents,
}
