"""The threat analyst behind the OpenAI-compatible chat API, on the Unix socket that SILD_SOCKET names.

`POST /v1/chat/completions`: the user's last message is the report, or a JSON object with the member `text`; the reply
is the findings as JSON, as main.py gives them. Nothing else in a request has an effect, no system message and no
setting: a report is read and never obeyed. What cannot be read is answered with status 400 and a sentence.
"""

from __future__ import annotations

import http.server
import json
import os
import socketserver
from http import HTTPStatus
from typing import Any

# It stands beside this file in the folder that is run.
from main import answer, model  # type: ignore[import-not-found]

PATH = "/v1/chat/completions"
MOST = 20_000_000  # bytes of a request


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection, with as many requests as it likes."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Answer one request."""
        if self.path != PATH:
            self._say(HTTPStatus.NOT_FOUND, _problem(f"There is only {PATH} here."))
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST:
            self.close_connection = True
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _problem("A request says its length, 20 MB at most."))
            return
        try:
            told = answer({"input": report(json.loads(self.rfile.read(int(length))))}, self.server.model)
        except ValueError:
            told = {"error": "The request is no JSON."}
        if "error" in told:
            self._say(HTTPStatus.BAD_REQUEST, _problem(told["error"]))
            return
        message = {"role": "assistant", "content": json.dumps(told["output"])}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        named = f"{self.server.model.card['name']} {self.server.model.version}"
        self._say(HTTPStatus.OK, {"object": "chat.completion", "model": named, "choices": [choice]})

    def address_string(self) -> str:
        """On a Unix socket nobody has an address."""
        return ""

    def log_message(self, *_told: object) -> None:
        """Nothing of a report is written anywhere."""

    def _say(self, status: HTTPStatus, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Connections side by side, one model."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: str) -> None:
        super().__init__(path, Handler)
        self.model = model()


def _problem(why: str) -> dict[str, Any]:
    """An error in the form of that API."""
    return {"error": {"message": why, "type": "invalid_request_error"}}


def report(request: Any) -> Any:
    """What is to be read: the user's last message; None when there is none that is a text."""
    messages = request.get("messages") if isinstance(request, dict) else None
    said = [one for one in messages or () if isinstance(one, dict) and one.get("role") == "user"]
    text = said[-1].get("content") if said else None
    try:
        inner = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        inner = None
    return inner if isinstance(inner, dict) and "text" in inner else text


if __name__ == "__main__":
    Server(os.environ["SILD_SOCKET"]).serve_forever()
