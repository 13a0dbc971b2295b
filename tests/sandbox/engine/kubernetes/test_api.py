"""The API's client: what a cluster says no to, and one that is not there."""

from __future__ import annotations

import ssl

import pytest

from sandbox.kube_server import PROBE, TOKEN, Cluster, serving
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.kubernetes.api import Api, RefusedError, _message
from sild.sandbox.engine.kubernetes.settings import Settings

pytestmark = pytest.mark.integration


def client(folder, port, token=TOKEN):
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    return Api(Settings("127.0.0.1", port, context, token, "sandbox", "gvisor", PROBE))


def test_a_refusal_has_its_status_and_the_clusters_words(tmp_path):
    with serving(Cluster(), tmp_path) as kubeconfig:
        port = int(kubeconfig.read_text().split("127.0.0.1:")[1].split('"')[0])
        with pytest.raises(RefusedError, match=r"\(401\): Unauthorized"):
            client(tmp_path, port, token="other").get("/version")
        with pytest.raises(RefusedError) as caught:
            client(tmp_path, port).get("/apis/node.k8s.io/v1/runtimeclasses/none")
        assert (caught.value.is_missing, caught.value.is_there) == (True, False)
        assert client(tmp_path, port).get("/version") == {"gitVersion": "v1.34.0"}
    with pytest.raises(IsolationError, match="could not be reached"):
        client(tmp_path, port).get("/version")


def test_words_that_are_no_status_are_shown_as_they_are():
    assert _message(b'{"message": "no"}') == "no"
    assert _message(b"<html>") == "<html>"
    assert _message(b"[]") == "[]"
