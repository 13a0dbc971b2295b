"""A node's web process with a collection and a token, for programs that speak TAXII over a real connection."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

from prepared import prepare

SETUP = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "sild.node.settings"
import django
django.setup()
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import services
from sild.threats.enums import Level
operator = Actor.operator()
agency = people.create_agency(operator, "Example CERT", "cert")
secret = people.issue_token(operator, "client", Role.EDITOR, agency=agency)[1]
made = services.create_collection(operator, "Indicators", agency=agency, unmarked_as=Level.GREEN)
print(json.dumps({"secret": secret, "collection": str(made.pk)}))
"""


class Served:
    def __init__(self, home):
        self.home = home
        self.ports = [_free_port(), _free_port()]
        pages, exchange = (f"127.0.0.1:{port}" for port in self.ports)
        self.env = {**os.environ, "SILD_HOME": str(home), "SILD_PAGES": pages, "SILD_EXCHANGE": exchange}
        prepare(home)
        self._run("-m", "sild.node.cli", "init", "--node", "tallinn")
        facts = json.loads(self._run("-c", SETUP))
        self.secret = facts["secret"]
        self.url = f"http://{pages}/taxii2/"
        self.collection = f"{self.url}cert/collections/{facts['collection']}/"
        self.start()

    def _run(self, *words):
        done = subprocess.run([sys.executable, *words], env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        with (self.home / "web.log").open("ab") as log:
            command = [sys.executable, "-m", "sild.node.part", "web"]
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + 90
        while not _listens(self.ports[0]):
            assert self.process.poll() is None, (self.home / "web.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
