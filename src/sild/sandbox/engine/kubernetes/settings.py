"""Which cluster, and how we prove to it who we are: the node's environment and a kubeconfig file."""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sild.sandbox.engine.containers.images import is_reference
from sild.sandbox.engine.errors import IsolationError

KUBECONFIG, NAMESPACE = "SILD_KUBECONFIG", "SILD_KUBE_NAMESPACE"
RUNTIME_CLASS, PROBE_IMAGE = "SILD_KUBE_RUNTIME_CLASS", "SILD_KUBE_PROBE_IMAGE"
_PORT = 443


@dataclass(frozen=True, slots=True)
class Settings:
    """One cluster.

    Attributes:
        host, port: of its API.
        context: with its certificate authority, and our certificate where we have one.
        token: bearer token; empty with a certificate.
        namespace: where Jobs are made.
        runtime_class: of their pods.
        probe_image: an image with Python, by digest, in which the self-test runs.
    """

    host: str
    port: int
    context: ssl.SSLContext = field(repr=False)
    token: str = field(repr=False)
    namespace: str
    runtime_class: str
    probe_image: str


def read() -> Settings:
    """The settings of this node.

    Raises:
        IsolationError: naming each one that is missing or cannot be used.
    """
    needed = {name: os.environ.get(name, "") for name in (KUBECONFIG, NAMESPACE, RUNTIME_CLASS, PROBE_IMAGE)}
    if missing := [name for name, value in needed.items() if not value]:
        raise IsolationError(f"No cluster is set for level L3. Set {', '.join(missing)} for the node.")
    if not is_reference(needed[PROBE_IMAGE]):
        raise IsolationError(f"{PROBE_IMAGE} names no image by digest. Write it as name@sha256:…")
    from ruamel.yaml import YAML  # noqa: PLC0415 -- slow, and every command loads this file
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    path = Path(needed[KUBECONFIG])
    try:
        cluster, user = _current(YAML(typ="safe").load(path.read_text()))
        host, port = _server(cluster["server"])
        return Settings(
            host,
            port,
            _context(cluster, user, path.parent),
            _token(user, path.parent),
            needed[NAMESPACE],
            needed[RUNTIME_CLASS],
            needed[PROBE_IMAGE],
        )
    except (OSError, ValueError, KeyError, TypeError, StopIteration, YAMLError) as error:
        raise IsolationError(
            f"The file that {KUBECONFIG} names cannot be used: {error or type(error).__name__}."
        ) from error


def _server(address: str) -> tuple[str, int]:
    """Host and port of the API.

    Raises:
        ValueError: what is sent there, our token among it, could be read on the way.
    """
    server = urlsplit(address)
    if server.scheme != "https" or not server.hostname:
        raise ValueError("the server's address has to begin with https://")
    return server.hostname, server.port or _PORT


def _current(told: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cluster and user of the current context (kubeconfig, v1)."""
    context = _named(told, "context", told["current-context"])
    return _named(told, "cluster", context["cluster"]), _named(told, "user", context["user"])


def _named(told: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """One entry of a list of named ones.

    Raises:
        ValueError: there is none.
    """
    found: dict[str, Any] | None = next((one[kind] for one in told[f"{kind}s"] if one["name"] == name), None)
    if found is None:
        raise ValueError(f"there is no {kind} called {name}")
    return found


def _context(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    """TLS with the cluster's authority alone, and our certificate."""
    if cluster.get("insecure-skip-tls-verify"):
        raise ValueError("insecure-skip-tls-verify is set: give certificate-authority instead")
    context = ssl.create_default_context(cadata=_content(cluster, "certificate-authority", folder) or None)
    certificate, key = (_content(user, name, folder) for name in ("client-certificate", "client-key"))
    if certificate:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # made for the owner alone; ssl reads files only
            file.write(f"{certificate}\n{key}\n")
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _content(entry: dict[str, Any], name: str, folder: Path) -> str:
    """A file's content: given as data, or by its path beside the kubeconfig."""
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data, validate=True).decode()
    return (folder / entry[name]).read_text() if entry.get(name) else ""


def _token(user: dict[str, Any], folder: Path) -> str:
    """The bearer token.

    Raises:
        ValueError: the user is known in a way that is not supported.
    """
    if "exec" in user or "auth-provider" in user:
        raise ValueError("users by exec or auth-provider are not supported: give a token or a client certificate")
    if "tokenFile" in user:
        return (folder / str(user["tokenFile"])).read_text().strip()
    return str(user.get("token", ""))
