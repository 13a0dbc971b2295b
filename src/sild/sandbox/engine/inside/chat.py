"""Stands between the node and a solution that speaks the OpenAI-compatible chat API, from inside the isolation.

The node never connects to a socket in a folder that the solution can write: whatever the name leads to, it leads to
something in here. Questions come as JSON lines on standard input, answers leave as JSON lines on standard output; the
solution's command is this program's argument and serves HTTP on the Unix socket named by SILD_SOCKET.
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from typing import Any

PATH = os.environ["SILD_SOCKET"]
PORT = int(os.environ.get("SILD_PORT", "0"))
REPLY_BYTES = int(os.environ["SILD_LINE_BYTES"])
SAMPLE_SECONDS = float(os.environ["SILD_SAMPLE_SECONDS"])
START_SECONDS = float(os.environ["SILD_START_SECONDS"])
CONNECTIONS = 8


def endpoint() -> tuple[socket.socket, Any]:
    """A new socket, and where the solution serves."""
    if PORT:
        return socket.socket(socket.AF_INET), ("127.0.0.1", PORT)
    return socket.socket(socket.AF_UNIX), PATH


class Connection(http.client.HTTPConnection):
    """HTTP over the Unix socket, or to the solution's port."""

    def __init__(self) -> None:
        super().__init__("solution", timeout=SAMPLE_SECONDS)

    def connect(self) -> None:
        """Connect to the solution's socket."""
        self.sock, address = endpoint()
        self.sock.settimeout(self.timeout)
        self.sock.connect(address)


def request_body(question: Any) -> dict[str, Any]:
    """The request for a sample's input: a text becomes the user's message, an object is the request itself."""
    if isinstance(question, dict) and "messages" in question:
        return {"model": "solution", "temperature": 0, **question, "stream": False}
    content = question if isinstance(question, str) else json.dumps(question, ensure_ascii=False)
    return {"model": "solution", "temperature": 0, "messages": [{"role": "user", "content": content}]}


def ask(connection: Connection, question: Any, seed: int | None = None) -> str:
    """Ask one question, with its seed where it is repeated; the text of the reply."""
    chosen = {} if seed is None else {"seed": seed}
    body = json.dumps(request_body(question) | chosen).encode()
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    data = reply.read(REPLY_BYTES + 1)
    if len(data) > REPLY_BYTES:
        connection.close()
        raise ValueError(f"the reply is larger than {REPLY_BYTES} bytes")
    if reply.status != http.client.OK:
        raise ValueError(f"status {reply.status}")
    content = json.loads(data)["choices"][0]["message"]["content"]
    if not isinstance(content, str):
        raise TypeError("the reply's content is no text")
    return content


def answer(waiting: queue.Queue[bytes | None], said: threading.Lock) -> None:
    """Answer questions from the queue on one connection until there are none left."""
    connection = Connection()
    while (line := waiting.get()) is not None:
        asked = json.loads(line)
        try:
            told = {"id": asked["id"], "output": ask(connection, asked["input"], asked.get("seed"))}
        except Exception as error:  # noqa: BLE001 -- whatever a reply breaks is an answer that could not be had
            connection.close()
            told = {"id": asked["id"], "error": f"{type(error).__name__}: {str(error)[:200]}"}
        with said:
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def wait_for(solution: subprocess.Popen[bytes]) -> None:
    """Wait until the solution listens, has ended, or is too late."""
    deadline = time.monotonic() + START_SECONDS
    while solution.poll() is None and time.monotonic() < deadline:
        attempt, address = endpoint()
        with attempt:
            if attempt.connect_ex(address) == 0:
                return
        time.sleep(0.02)
    sys.exit(f"the solution did not listen on {endpoint()[1]}")


def main() -> None:
    """Start the solution, then pass questions on until the node has no more."""
    solution = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    wait_for(solution)
    waiting: queue.Queue[bytes | None] = queue.Queue(CONNECTIONS)
    said = threading.Lock()
    workers = [threading.Thread(target=answer, args=(waiting, said)) for _ in range(CONNECTIONS)]
    for worker in workers:
        worker.start()
    for line in sys.stdin.buffer:
        waiting.put(line)
    for _ in workers:
        waiting.put(None)
    for worker in workers:
        worker.join()
    solution.kill()


if __name__ == "__main__":
    main()
