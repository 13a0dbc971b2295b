"""The sentence of an error, in the reader's language, from whichever layer it comes."""

import pytest
from django.utils.translation import gettext, override

from sild.exchange.errors import PartnerError
from sild.node.sentences import told
from sild.sandbox.engine.errors import PackError
from sild.trust.errors import LinkError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("error", "estonian"),
    [
        (LinkError("The handshake failed: unknown key."), "Kätlus ebaõnnestus: unknown key."),
        (PackError("The package is larger than 9 bytes."), "Pakett on suurem kui 9 baiti."),
        (PartnerError("Seda ei tunta."), "Seda ei tunta."),
    ],
)
def test_each_layers_error_is_told_in_the_readers_language(error, estonian):
    assert told(error, lambda text: text) == str(error)
    with override("et"):
        assert told(error, gettext) == estonian
