"""One part of a running node as a process: `python -m sild.node.part web|worker|exchange`."""

from __future__ import annotations

import os
import signal
import sys

import django

from sild.node.supervise import die_with_parent


def worker() -> None:
    """Run jobs from the database, and start those whose time has come."""
    from threading import Thread

    from django.core.management import call_command

    from sild.exchange.watchdog import beat_beside
    from sild.sandbox.tasks import resume_interrupted
    from sild.sandbox.watch_tasks import run_forever

    beat_beside("worker")
    resume_interrupted()
    Thread(target=run_forever, args=(lambda: False,), daemon=True).start()
    call_command("db_worker", interval=0.5, verbosity=0)


def exchange() -> None:
    """Pull from partners, and from the TAXII servers that this node follows, until told to stop."""
    from threading import Thread

    from django.conf import settings

    from sild.exchange.keeper import Keeper
    from sild.exchange.loop import run_forever
    from sild.threats import loop

    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Keeper().start(lambda: stopping)
    Thread(target=loop.run_forever, args=(lambda: stopping,), daemon=True).start()
    run_forever(settings.CONFIG.pull_seconds, lambda: stopping)


def web() -> None:
    """Serve pages and partners."""
    from sild.node.server import serve

    serve()


def main(name: str) -> None:
    """Run the part of that name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    die_with_parent()
    django.setup()
    {"web": web, "worker": worker, "exchange": exchange}[name]()


if __name__ == "__main__":
    main(sys.argv[1])
