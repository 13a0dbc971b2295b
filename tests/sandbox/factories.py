"""Solutions and suites for the tests, written as an agency would write them."""

from __future__ import annotations

import json
from textwrap import dedent

LABELS = ("T1003", "T1059", "T1566")

ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""

LABELLER = """
import json, sys
import numpy as np
WORDS = {"password": "T1003", "script": "T1059", "mail": "T1566"}
for line in sys.stdin:
    asked = json.loads(line)
    found = [label for word, label in WORDS.items() if word in asked["input"]["text"]]
    seen = np.unique(np.array(found or ["none"]))
    print(json.dumps({"id": asked["id"], "output": {"techniques": [str(s) for s in seen if s != "none"]}}), flush=True)
"""

CHAT = """
import http.server, json, os, socketserver
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def address_string(self):
        return "node"
    def log_message(self, *_):
        pass
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = asked["messages"][-1]["content"]
        body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text.upper()}}]}).encode()
        self.send_response(200 if self.path == "/v1/chat/completions" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
Server(os.environ["SILD_SOCKET"], Handler).serve_forever()
"""


def write_solution(
    folder, code=ECHO, *, name="echo", version="1.0", protocol="jsonl", packages=(), limits=None, **changes
):
    """A solution folder with one program."""
    folder.mkdir(parents=True, exist_ok=True)
    form = {
        "name": name,
        "version": version,
        "title": {"en": "Example solution", "et": "Näidislahendus", "uk": "Приклад рішення"},
        "owner": "Example agency",
        "purpose": {"en": "To be tested."},
        "intended_use": {"en": "In tests."},
        "languages": ["en"],
        "risk_class": "minimal",
        "start": {"command": ["python3", "main.py"], "protocol": protocol},
        "runtime": {"packages": list(packages)},
        "limits": limits or {},
        **changes,
    }
    # JSON is YAML, so a form written here has the places of a form written by hand.
    (folder / "solution.yaml").write_text(json.dumps(form, ensure_ascii=False, indent=1))
    (folder / "main.py").write_text(dedent(code))
    return folder


def write_suite(folder, samples, *, name="copy", scorer="exact", field="", threshold=("accuracy", 0.9), **changes):
    """A suite folder with its samples in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    metric, bound = threshold
    form = {
        "name": name,
        "version": "1.0",
        "title": {"en": "Example suite", "et": "Näidistestistik", "uk": "Приклад набору тестів"},
        "data": {"file": "data.jsonl"},
        "datasheet": {"source": "made for these tests", "licence": "EUPL-1.2", "language": "en"},
        "scorer": {"name": scorer, "field": field},
        "thresholds": [{"metric": metric, "at_least": bound}],
        "seed": 7,
        **changes,
    }
    (folder / "suite.yaml").write_text(json.dumps(form, ensure_ascii=False, indent=1))
    (folder / "data.jsonl").write_text("".join(json.dumps(sample, ensure_ascii=False) + "\n" for sample in samples))
    return folder


def numbers(count):
    """Samples whose right answer is the question."""
    return [{"id": f"n{number}", "input": number, "target": number} for number in range(count)]


def sentences():
    """Samples like the analyst's: a sentence, and the techniques that it shows."""
    return [
        {"id": "s1", "input": {"text": "It dumps password stores."}, "target": ["T1003"], "slices": {"group": "a"}},
        {
            "id": "s2",
            "input": {"text": "A script starts from a mail."},
            "target": ["T1059", "T1566"],
            "slices": {"group": "a"},
        },
        {"id": "s3", "input": {"text": "It waits."}, "target": [], "slices": {"group": "b"}},
        {"id": "s4", "input": {"text": "It talks to its master."}, "target": ["T1071"], "slices": {"group": "b"}},
    ]
