"""The other side of level L3: an HTTPS server that speaks those parts of the Kubernetes API that are used.

It is no cluster. What a cluster would do with a pod it does with a process in our own isolation, so that streams, ends
and the self-test are real ones; what gVisor, a kubelet and a network policy hold is not shown by it.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from aiohttp import WSMsgType, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sild.sandbox.engine import default_isolation
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.limits import Limits

TOKEN = "example-token"
PROBE = f"registry.example.org/python@sha256:{'1' * 64}"
IMAGE = f"registry.example.org/solution@sha256:{'2' * 64}"
ECHO = """
import json, sys
print("ready", file=sys.stderr, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""


class Cluster:
    """What the server has: objects by path, pods with their processes, and how it misbehaves.

    Attributes:
        kernel: of the machine, as the API says.
        reason: with which a container that is ended has ended.
        waiting: the reason for which containers never start; empty when they do.
        protocol: of attached streams.
        runtime_class: that pods get instead of the one that was asked for.
    """

    def __init__(self):
        self.objects = {"/apis/node.k8s.io/v1/runtimeclasses/gvisor": {"handler": "runsc"}}
        self.pods, self.made, self.deleted = {}, [], []
        self.kernel, self.reason, self.waiting, self.runtime_class = "5.15.0-example", "", "", ""
        self.protocol = "v5.channel.k8s.io"
        self.code = ECHO

    def start(self, manifest):
        """Make the pod of a Job."""
        container = manifest["spec"]["template"]["spec"]["containers"][0]
        name = f"{manifest['metadata']['name']}-{uuid.uuid4().hex[:5]}"
        python = interpreter()
        words = [*container.get("command", ()), *container.get("args", ())] or ["python3", "-c", self.code]
        seconds = manifest["spec"]["activeDeadlineSeconds"]
        limits = Limits(
            memory_bytes=int(container["resources"]["limits"]["memory"]), wall_seconds=seconds, processes=64
        )
        job = Job(
            (python.program, *words[1:]),
            binds=python.binds,
            environment={one["name"]: one["value"] for one in container["env"]},
            limits=limits,
            masked=python.masked,
        )
        process = None if self.waiting else default_isolation().start(job)
        pod = self.pods[name] = {"job": manifest, "process": process, "log": b"", "ended": None}
        if process and not container["stdin"]:
            process.stdin.close()
            pod["log"] = process.stdout.read()
            self.end(pod)

    def end(self, pod):
        """Wait for a process and keep how it ended."""
        if pod["ended"] is None:
            usage = pod["process"].finish()
            reason = self.reason or {"wall-limit": "DeadlineExceeded", "memory-limit": "OOMKilled"}.get(
                usage.stopped_by, "Completed" if usage.exit == 0 else "Error"
            )
            pod["ended"] = {"exitCode": usage.exit, "reason": reason}

    def shown(self, name):
        """A pod as the API shows it."""
        pod = self.pods[name]
        spec = pod["job"]["spec"]["template"]["spec"]
        state = {"terminated": pod["ended"]} if pod["ended"] else {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        if self.waiting:
            state = {"waiting": {"reason": self.waiting, "message": "no such image"}}
        return {
            "metadata": {"name": name, "labels": {"job-name": pod["job"]["metadata"]["name"]}},
            "spec": {
                **spec,
                "nodeName": "machine-1",
                "runtimeClassName": self.runtime_class or spec["runtimeClassName"],
            },
            "status": {"phase": "Running", "containerStatuses": [{"name": "solution", "state": state}]},
        }


def refused(status, message):
    """A Status object."""
    return web.json_response({"kind": "Status", "message": message, "code": status}, status=status)


@web.middleware
async def known(request, handler):
    """Only who has the token."""
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return refused(401, "Unauthorized")
    return await handler(request)


def application(cluster):  # noqa: C901 -- one short function for each path
    """The server's paths."""
    jobs = "/apis/batch/v1/namespaces/sandbox/jobs"
    policies = "/apis/networking.k8s.io/v1/namespaces/sandbox/networkpolicies"
    pods = "/api/v1/namespaces/sandbox/pods"

    async def version(_request):
        return web.json_response({"gitVersion": "v1.34.0"})

    async def read(request):
        found = cluster.objects.get(request.path)
        return web.json_response(found) if found else refused(404, f"{request.path} not found")

    async def make_policy(request):
        manifest = await request.json()
        cluster.made.append(manifest)
        cluster.objects[f"{policies}/{manifest['metadata']['name']}"] = manifest
        return web.json_response(manifest, status=201)

    async def make_job(request):
        manifest = await request.json()
        cluster.made.append(manifest)
        await asyncio.to_thread(cluster.start, manifest)
        return web.json_response(manifest, status=201)

    async def delete_job(request):
        cluster.deleted.append(request.match_info["name"])
        for pod in list(cluster.pods.values()):
            if pod["process"] and pod["job"]["metadata"]["name"] == request.match_info["name"]:
                pod["process"].kill("deleted")
                await asyncio.to_thread(cluster.end, pod)
        return web.json_response({"kind": "Status", "status": "Success"})

    async def list_pods(request):
        name = request.query["labelSelector"].removeprefix("job-name=")
        shown = [cluster.shown(pod) for pod in cluster.pods]
        return web.json_response({"items": [one for one in shown if one["metadata"]["labels"]["job-name"] == name]})

    async def read_pod(request):
        return web.json_response(cluster.shown(request.match_info["name"]))

    async def log(request):
        return web.Response(body=cluster.pods[request.match_info["name"]]["log"])

    async def machine(_request):
        return web.json_response({"status": {"nodeInfo": {"kernelVersion": cluster.kernel}}})

    async def attach(request):
        return await attached(cluster, request)

    app = web.Application(middlewares=[known])
    app.add_routes(
        [
            web.get("/version", version),
            web.get("/apis/node.k8s.io/v1/runtimeclasses/{name}", read),
            web.get(policies + "/{name}", read),
            web.post(policies, make_policy),
            web.post(jobs, make_job),
            web.delete(jobs + "/{name}", delete_job),
            web.get(pods, list_pods),
            web.get(pods + "/{name}", read_pod),
            web.get(pods + "/{name}/log", log),
            web.get(pods + "/{name}/attach", attach),
            web.get("/api/v1/nodes/{name}", machine),
        ]
    )
    return app


async def attached(cluster, request):
    """A WebSocket whose messages begin with the number of their stream."""
    pod = cluster.pods[request.match_info["name"]]
    process = pod["process"]
    connection = web.WebSocketResponse(protocols=(cluster.protocol,))
    await connection.prepare(request)
    await connection.ping(b"there?")

    async def pass_on(number, stream):
        while data := await asyncio.to_thread(stream.read, 4096):
            await connection.send_bytes(bytes((number,)) + data)

    async def end_when_it_ends():
        await asyncio.gather(pass_on(1, process.stdout), pass_on(2, process.stderr))
        await asyncio.to_thread(cluster.end, pod)
        await connection.send_bytes(b"\3" + json.dumps({"status": "Success"}).encode())
        await connection.close()

    ending = asyncio.create_task(end_when_it_ends())
    async for message in connection:
        if message.type is WSMsgType.BINARY and message.data[0] == 0:
            await asyncio.to_thread(process.stdin.write, message.data[1:])
        elif message.type is WSMsgType.BINARY and message.data == b"\xff\0":
            process.stdin.close()
    process.kill("detached")  # stdinOnce: nobody else will connect
    await ending
    return connection


def certificate(folder):
    """A key and a certificate for 127.0.0.1, of its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example cluster")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "tls.pem"


@contextmanager
def serving(cluster, folder):
    """Serve on a port of 127.0.0.1; the path of a kubeconfig for it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(folder))
    loop, started, ports = asyncio.new_event_loop(), threading.Event(), []
    runner = web.AppRunner(application(cluster), shutdown_timeout=1)

    async def begin():
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        ports.append(site._server.sockets[0].getsockname()[1])
        started.set()

    def run():
        loop.run_until_complete(begin())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(10)
    try:
        yield kubeconfig(folder, f"https://127.0.0.1:{ports[0]}")
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)


def kubeconfig(folder, server, user=None, **cluster):
    """A kubeconfig, written beside the authority's certificate."""
    told = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "example", "user": "node"}}],
        "clusters": [{"name": "example", "cluster": {"server": server, "certificate-authority": "ca.pem", **cluster}}],
        "users": [{"name": "node", "user": {"token": TOKEN} if user is None else user}],
    }
    (folder / "kubeconfig").write_text(json.dumps(told))
    return folder / "kubeconfig"
