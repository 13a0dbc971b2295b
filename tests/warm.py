"""The `sild` command without its start: each is a process of its own, forked from one in which Django has started.

A start is more work than most commands are, and the tests of running nodes type hundreds of them. That a command
starts is what the tests of the command line, and of the guides, are for.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from tempfile import TemporaryFile


class Shell:
    """Where the commands of one node are typed."""

    def __init__(self, environment, inside=()):
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [*inside, sys.executable, __file__, str(theirs.fileno())]
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        theirs.close()

    def run(self, words, text=None):
        """Type a command; what it printed, and its status as `subprocess` has it."""
        with TemporaryFile() as given, TemporaryFile() as printed, TemporaryFile() as complained:
            given.write((text or "").encode())
            given.seek(0)
            ended, tell = os.pipe()
            files = [given.fileno(), printed.fileno(), complained.fileno(), tell]
            socket.send_fds(self._link, [json.dumps(words).encode()], files)
            os.close(tell)
            with os.fdopen(ended) as status:
                code = status.read()
            assert code, f"nobody is left to run {words}; what went wrong was printed"
            printed.seek(0)
            complained.seek(0)
            return subprocess.CompletedProcess(words, int(code), printed.read().decode(), complained.read().decode())

    def close(self):
        """Type no more."""
        self._link.close()
        self._process.wait()


def start():
    """Import what commands import, and start Django."""
    import django  # noqa: PLC0415 -- a program; who imports this file types at another process

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    django.setup()
    import rich.console  # noqa: PLC0415

    from sild.node import own_cli, words  # noqa: PLC0415

    assert rich.console
    assert own_cli
    for name in words.WORDS:
        words.loaded(name)


def serve(link):
    """Fork for each command that is typed; returns, in its process alone, its words."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        typed, files, _flags, _address = socket.recv_fds(link, 1 << 20, 4)
        if not typed:
            raise SystemExit(0)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            link.close()
            if (command := os.fork()) == 0:
                for place, file in enumerate(files[:3]):
                    os.dup2(file, place)
                for file in files:
                    os.close(file)
                return json.loads(typed)
            _, status = os.waitpid(command, 0)
            os.write(files[3], str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        for file in files:
            os.close(file)


if __name__ == "__main__":
    from sild.node.cli import main

    start()
    sys.argv = ["sild", *serve(socket.socket(fileno=int(sys.argv[1])))]
    main()
