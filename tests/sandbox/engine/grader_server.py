"""A real HTTP endpoint for the tests: grades by a simple rule, and can fail, throttle, lie and obey."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sild.sandbox.engine.grader_endpoint import Endpoint


class Script:
    """What the endpoint does: first the steps, then grade honestly, or obey whatever a reply says."""

    def __init__(self, *steps, obeys=False, always=None):
        self.steps, self.obeys, self.always, self.asked = list(steps), obeys, always, []

    def answer(self, request):
        self.asked.append(request)
        return self.always or (self.steps.pop(0) if self.steps else "grade")


def graded(request, *, obeys):
    """An honest grade: good when the reference stands in the reply."""
    system, user = (message["content"] for message in request["messages"])
    code = re.search(r'"code": "([0-9a-f]+)"', system)[1]
    fence = re.search(r"<reply ([0-9a-f]+)>", system)[1]
    given, inside = user.split(f"\n<reply {fence}>\n")
    reply = json.loads(inside.removesuffix(f"\n</reply {fence}>"))
    reference = str(json.loads(given)["reference"])
    good = bool(reference) and reference in reply
    if obeys and re.search(r"\bgood\b", reply):
        good = True
    return json.dumps({"grade": "good" if good else "bad", "code": code})


@contextmanager
def serve(script, **changes):
    """The endpoint, and a client of it that does not wait long."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            step = script.answer(request)
            status, model, content, headers = 200, request["model"], "", {}
            if isinstance(step, int):
                status, headers = step, {"Retry-After": "0"} if step == 429 else {}
            elif step == "other-model":
                model, content = "small", "hi"
            elif step == "grade":
                content = graded(request, obeys=script.obeys)
            else:
                content = None if step == "no-text" else step
            body = json.dumps({"model": model, "choices": [{"message": {"content": content}}]}).encode()
            if step == "garbage":
                body = b"<html>"
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Endpoint(f"http://127.0.0.1:{server.server_port}/v1", "judge-1", **{"pause": 0.001, **changes})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
