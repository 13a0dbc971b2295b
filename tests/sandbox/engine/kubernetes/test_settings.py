"""Which cluster: what a kubeconfig may say, and what is refused with a sentence."""

from __future__ import annotations

import base64

import pytest

from sandbox.kube_server import PROBE, TOKEN, certificate, kubeconfig
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.kubernetes import settings

pytestmark = pytest.mark.integration

SERVER = "https://cluster.example.org"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    certificate(tmp_path)
    monkeypatch.setenv("SILD_KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("SILD_KUBE_NAMESPACE", "sandbox")
    monkeypatch.setenv("SILD_KUBE_RUNTIME_CLASS", "gvisor")
    monkeypatch.setenv("SILD_KUBE_PROBE_IMAGE", PROBE)
    return tmp_path


def test_a_token_and_an_authority_are_read(folder):
    kubeconfig(folder, SERVER)
    read = settings.read()
    assert (read.host, read.port, read.token, read.namespace) == ("cluster.example.org", 443, TOKEN, "sandbox")
    assert len(read.context.get_ca_certs()) == 1
    assert TOKEN not in repr(read)
    (folder / "token").write_text(" from-a-file\n")
    kubeconfig(folder, f"{SERVER}:6443", {"tokenFile": "token"})
    assert (settings.read().token, settings.read().port) == ("from-a-file", 6443)


def test_a_certificate_stands_in_for_a_token(folder):
    both = base64.b64encode((folder / "tls.pem").read_bytes()).decode()
    data = base64.b64encode((folder / "ca.pem").read_bytes()).decode()
    kubeconfig(
        folder,
        SERVER,
        {"client-certificate": "ca.pem", "client-key-data": both},
        **{"certificate-authority-data": data},
    )
    assert settings.read().token == ""


@pytest.mark.parametrize(
    ("server", "user", "cluster", "why"),
    [
        ("http://cluster.example.org", None, {}, "begin with https"),
        (SERVER, {"exec": {"command": "login"}}, {}, "exec or auth-provider"),
        (SERVER, None, {"insecure-skip-tls-verify": True}, "insecure-skip-tls-verify"),
        (SERVER, None, {"certificate-authority": "missing.pem"}, "No such file"),
        (SERVER, None, {"certificate-authority-data": "%"}, "cannot be used"),
    ],
)
def test_what_is_not_safe_or_not_there_is_refused(folder, server, user, cluster, why):
    kubeconfig(folder, server, user, **cluster)
    with pytest.raises(IsolationError, match=why):
        settings.read()


def test_a_context_that_is_not_there_and_a_file_that_is_none_are_refused(folder):
    path = kubeconfig(folder, SERVER)
    path.write_text(path.read_text().replace('"here"', '"there"', 1))
    with pytest.raises(IsolationError, match="no context called there"):
        settings.read()
    path.write_text("{")
    with pytest.raises(IsolationError, match="cannot be used"):
        settings.read()
    path.unlink()
    with pytest.raises(IsolationError, match="cannot be used"):
        settings.read()


def test_an_image_by_tag_is_no_image_for_the_self_test(monkeypatch):
    monkeypatch.setenv("SILD_KUBE_PROBE_IMAGE", "python:3.13")
    with pytest.raises(IsolationError, match="by digest"):
        settings.read()
