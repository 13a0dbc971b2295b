"""What the trust layer says to people is read in every language, and is what it says."""

import pytest
from django.utils.translation import gettext, override

import sentences
from sild.exchange import trust_errors
from sild.trust import keystore
from sild.trust.errors import IdentityError

pytestmark = pytest.mark.unit


def test_the_layer_still_says_what_has_words():
    assert sentences.lost(trust_errors.ERRORS, "trust") == []


def test_an_error_is_read_in_every_language(tmp_path):
    with pytest.raises(IdentityError) as missing:
        keystore.read(tmp_path / "node.key", None)
    with override("et"):
        told = trust_errors.ERRORS.told(str(missing.value), gettext)
    assert told.startswith(f"Faili {tmp_path}/node.key ei saa lugeda: ")
    assert told.endswith("Looge kõigepealt sõlm: sild init")
