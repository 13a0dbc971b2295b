"""A real S3 server on the loopback interface, a program of its own: prints its port and serves until its input ends."""

import sys

from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)  # noqa: T201 -- how it tells its port
    sys.stdin.read()
    server.stop()
