"""Tries to escape from a container, from inside: prints a JSON line for each attempt, as `escape.py` does.

Arguments: the memory that is allowed, what may not be reached as `host:port,host:port`, the host's kernel where the
container must have another one, and `interface` where it has an interface over which nothing may pass.
"""

from __future__ import annotations

import json
import mmap
import os
import runpy
import socket
import sys
import time
from pathlib import Path

OTHER = runpy.run_path(str(Path(__file__).with_name("escape.py")))
MEMORY, KERNEL, INTERFACE = int(sys.argv[1]), sys.argv[3], sys.argv[4:] == ["interface"]
OUTSIDE = [tuple(place.rsplit(":", 1)) for place in sys.argv[2].split(",")]
LOOKED_AT = 10.0  # seconds within which whoever watches has seen it, however much there is to do

Held = tuple[bool, str]


def network() -> Held:
    """Reach what may not be reached; look for an interface to the world. A loopback is its own."""
    interfaces = Path("/proc/net/dev").read_text().splitlines()
    seen_there = [line.split(":")[0].strip() for line in interfaces if ":" in line and "lo:" not in line]
    reached = [] if INTERFACE else seen_there
    seen = ""
    for host, port in OUTSIDE:
        try:
            with socket.create_connection((host, int(port)), timeout=0.5):
                reached.append(host)
        except OSError as error:
            seen = OTHER["name"](error)
    return (False, "reached " + ", ".join(reached)) if reached else (True, seen)


def own_kernel() -> Held:
    """Look which kernel answers."""
    here = os.uname()
    return f"{here.release} {here.version}" != KERNEL, f"{here.release} {here.version}"


def nested_namespace() -> Held:
    """Make a user namespace, in a child. Within a kernel of the container's own it gives nothing on the host."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        held, detail = OTHER["nested_namespace"]()
        os.write(theirs, json.dumps([held, detail]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    held, detail = json.loads(os.read(ours, 4096))
    return (True, f"{detail}, in the container's own kernel") if KERNEL and not held else (held, detail)


def memory() -> Held:
    """Take and fill twice the memory that is allowed: either that is refused, or we are ended for it.

    What was said before would be lost on its way with us, so whoever hears it closes our standard input first.
    """
    sys.stdin.read()
    try:
        taken = mmap.mmap(-1, 2 * MEMORY, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        return True, OTHER["name"](error)
    for page in range(0, 2 * MEMORY, mmap.PAGESIZE):
        taken[page] = 1
    time.sleep(LOOKED_AT)
    return False, f"{2 * MEMORY} bytes were taken"


ATTEMPTS = (
    network,
    OTHER["secret_file"],
    OTHER["other_processes"],
    OTHER["write_outside"],
    *((own_kernel,) if KERNEL else ()),
    nested_namespace,
    OTHER["signals"],
    OTHER["forks"],
    memory,
)

if __name__ == "__main__":
    for attempt in ATTEMPTS:
        held, detail = attempt()
        told = {"name": attempt.__name__.replace("_", "-"), "ok": held, "detail": detail}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
