"""A chat endpoint that answers at once with the question's last word; on a TCP port, or on the socket of a solution."""

from __future__ import annotations

import asyncio
import json
import os
import sys


class Mock(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it to answer on."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            head, _end, rest = self.waiting.partition(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            size = int(lengths[0].split(b":")[1]) if lengths else 0
            if len(rest) < size:
                return
            self.waiting = rest[size:]
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.write(answer(rest[:size]))


def answer(body: bytes) -> bytes:
    """The response to one request."""
    asked = json.loads(body)
    word = asked["messages"][-1]["content"].split()[-1]
    told = json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": word}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    ).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told)


async def main() -> None:
    """Serve; the port is told on standard output."""
    loop = asyncio.get_running_loop()
    if path := os.environ.get("SILD_SOCKET"):
        await (await loop.create_unix_server(Mock, path, backlog=256)).serve_forever()
    server = await loop.create_server(Mock, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
