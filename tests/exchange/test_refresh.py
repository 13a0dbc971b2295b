"""A key that is not known makes the node ask for a newer identity, once, and go on."""

import orjson
import pytest

from exchange.link import linked
from exchange.peer import Peer
from sild.exchange import pull
from sild.exchange.client import IDENTITY_PATH, INDEX_PATH
from sild.exchange.errors import LinkDownError
from sild.exchange.models import Partner
from sild.trust.identity import NodeKeys
from sild.trust.rotation import rotate

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def serving(peer, document):
    def answer(_method, path, _body):
        if path.startswith(IDENTITY_PATH):
            return 200, document
        if path.startswith(INDEX_PATH):
            after, have = (int(part.split("=")[1]) for part in path.partition("?")[2].split("&"))
            page = peer.page(after=after, have=have)
            return (200, orjson.dumps(page)) if page["entries"] else (204, b"")
        return 204, b""

    return answer


@pytest.mark.parametrize("role", ["tls", "log"])
def test_a_partner_that_rotated_is_followed_without_a_person(pinned, kyiv_keys, role):
    rotated = rotate(kyiv_keys, kyiv_keys.root, [role], now=pinned.pinned_at)
    peer = Peer(rotated)
    peer.publish()
    with linked(rotated, serving(peer, rotated.document)) as link:
        pinned.url = link.url
        pinned.save()
        done = pull.pull(pinned)
        again = [path for _method, path, _body in link.asked].count(IDENTITY_PATH)
        pull.pull(pinned)
    assert len(done.records) == 1
    assert again == 1
    assert [path for _method, path, _body in link.asked].count(IDENTITY_PATH) == 1
    assert Partner.objects.get().last_error == ""


def test_somebody_in_between_gains_nothing(pinned, kyiv):
    stranger = NodeKeys.generate("kyiv", now=pinned.pinned_at)
    kyiv.publish()
    with linked(stranger, serving(kyiv, stranger.document)) as link:
        pinned.url = link.url
        pinned.save()
        with pytest.raises(LinkDownError, match="pinned"):
            pull.pull(pinned)
    partner = Partner.objects.get()
    assert bytes(partner.identity) == kyiv.keys.document
    assert stranger.fingerprint in partner.identity_notice
