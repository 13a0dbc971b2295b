"""A program of the node's own that connects its standard streams with a container's: `python -m … POD STATUS`.

It is to a pod what bubblewrap and Podman are to their processes: its end is the container's, and its exit status too.
The protocol is Kubernetes' `v5.channel.k8s.io`: the first byte of a message names the stream, and 255 ends one.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.kubernetes.api import Api
from sild.sandbox.engine.kubernetes.manifest import CONTAINER
from sild.sandbox.engine.kubernetes.settings import read
from sild.sandbox.engine.kubernetes.websocket import WebSocket

PROTOCOL = "v5.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _CLOSE = 0, 1, 2, 255
_PIECE = 64 * 1024
_END_SECONDS, _LOOK_SECONDS = 30.0, 0.2


def pods(namespace: str) -> str:
    """The path of a namespace's pods."""
    return f"/api/v1/namespaces/{namespace}/pods"


def connect(api: Api, pod: str) -> WebSocket:
    """Attach to a pod's container.

    Raises:
        IsolationError, OSError: the cluster does not let us, or is not there.
    """
    known = api.settings
    asked = {"container": CONTAINER, "stdin": "true", "stdout": "true", "stderr": "true", "tty": "false"}
    target = f"{pods(known.namespace)}/{pod}/attach?{urlencode(asked)}"
    plain = socket.create_connection((known.host, known.port), timeout=_END_SECONDS)
    secure = known.context.wrap_socket(plain, server_hostname=known.host)
    made = WebSocket.connect(
        secure, f"{known.host}:{known.port}", target, {**api.headers(), "Sec-WebSocket-Protocol": PROTOCOL}
    )
    secure.settimeout(None)
    return made


def talk(connected: WebSocket) -> None:
    """Pass on what comes until the container's streams end."""
    threading.Thread(target=_ask, args=(connected,), daemon=True).start()
    for message in connected.messages():
        if message[:1] and message[0] in {_STDOUT, _STDERR}:
            _write(message[0], message[1:])


def end_of(api: Api, pod: str) -> dict[str, Any]:
    """How the container ended (`ContainerStateTerminated`), or why it is not known."""
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        told = api.get(f"{pods(api.settings.namespace)}/{pod}")
        if ended := terminated(told):
            return ended
        time.sleep(_LOOK_SECONDS)
    return {"exitCode": 1, "reason": "Unknown"}


def terminated(pod: dict[str, Any]) -> dict[str, Any] | None:
    """How a pod's container ended; None while it runs. A pod's own reason, as `DeadlineExceeded`, comes first."""
    status = pod.get("status", {})
    for one in status.get("containerStatuses", ()):
        if ended := one.get("state", {}).get("terminated"):
            return {"exitCode": ended["exitCode"], "reason": status.get("reason") or ended.get("reason", "")}
    return {"exitCode": 1, "reason": status.get("reason", "")} if status.get("phase") == "Failed" else None


def _ask(connected: WebSocket) -> None:
    """Pass on standard input, and its end."""
    with suppress(OSError):
        while piece := os.read(0, _PIECE):
            connected.send(bytes((_STDIN,)) + piece)
        connected.send(bytes((_CLOSE, _STDIN)))


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it."""
    while data:
        data = data[os.write(descriptor, data) :]


def main(pod: str, status: int) -> int:
    """Attach, talk, and say on the descriptor `status` how it ended; the container's exit status."""
    api = Api(read())
    try:
        talk(connect(api, pod))
        ended = end_of(api, pod)
    except (IsolationError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 125
    os.write(status, json.dumps(ended).encode())
    return int(ended["exitCode"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
