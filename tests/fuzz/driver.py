"""Fuzzes targets: `python tests/fuzz/driver.py FOLDER SECONDS TARGET…`; ends with 1 when one of them failed.

The set-up, with real keys and real databases in memory, is made once; each target then runs in a child of its own, so
that what one breaks is not there for the next. FOLDER gets a log for each target, and what it failed on.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import atheris

LONGEST = 64 * 1024
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
sys.path.insert(0, str(Path(__file__).parent.parent))


def load():
    """Import what is fuzzed, with instructions that report which branches were taken."""
    with atheris.instrument_imports(
        include=["sild.trust", "sild.exchange.bundles", "sild.exchange.incoming", "sild.exchange.entries",
                 "sild.exchange.history", "sild.exchange.wire", "sild.exchange.outgoing"],
        enable_loader_override=False,
    ):  # fmt: skip
        import django  # noqa: PLC0415 -- must be imported in here

        django.setup()
        from fuzz import targets  # noqa: PLC0415 -- must be imported in here
    return targets


def make(targets, folder):
    """Tallinn with a database in memory, and Kyiv with a log of a few records, pinned there."""
    from exchange.peer import Peer  # noqa: PLC0415 -- needs Django
    from exchange.simulation import Network, make  # noqa: PLC0415 -- needs Django
    from sild.exchange.own import node_keys  # noqa: PLC0415 -- needs Django
    from sild.trust.identity import Identity  # noqa: PLC0415 -- instrumented

    network = Network(folder / "nodes", make(folder / "keys"))
    node, asker = network.nodes["tallinn"], network.nodes["kyiv"]
    with asker.acting():
        kyiv = Peer(node_keys())
    assert Identity.parse(kyiv.keys.document, on=datetime.now(UTC).date()).node == "kyiv"
    for number in range(3):
        kyiv.publish({"text": f"entry {number}"})
    return targets.World(node, asker, kyiv, str(folder))


def fuzz(target, seconds, folder):
    """In this process, which ends with it."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    seeds = folder / "seeds"
    seeds.mkdir(parents=True)
    for number, seed in enumerate(target.seeds()):
        data = seed if isinstance(seed, bytes) else seed.encode()
        (seeds / f"{number}").write_bytes(data)
        target.run(data)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-artifact_prefix={folder}/failed-"]
    atheris.Setup([sys.argv[0], *options, "-timeout=20", "-rss_limit_mb=4096", str(seeds)], target.run)
    atheris.Fuzz()


def main(folder, seconds, *names):
    """As many targets at once as there are processors."""
    world, waiting, running, failed = make(TARGETS, folder), list(names), {}, []
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            name = waiting.pop(0)
            (folder / name).mkdir()
            child = os.fork()
            if not child:
                try:
                    fuzz(TARGETS.TARGETS[name](world), seconds, folder / name)
                except BaseException:  # noqa: BLE001 -- a child of a fork must not go on as its parent
                    sys.excepthook(*sys.exc_info())
                    sys.stderr.flush()
                os._exit(1)
            running[child] = name
        child, status = os.wait()
        name = running.pop(child)
        (folder / name / "status").write_text(f"{os.waitstatus_to_exitcode(status)}\n")
        failed += [name] if status else []
    print("failed:", *failed) if failed else print("nothing found")  # noqa: T201 -- a program
    return bool(failed)


if __name__ == "__main__":
    TARGETS = load()
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
