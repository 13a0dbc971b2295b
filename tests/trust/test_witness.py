"""The body of an add-checkpoint request, with the example of C2SP tlog-witness."""

import pytest

from sild.trust.encoding import b64
from sild.trust.errors import ProofError
from sild.trust.witness import format_request, origin_hash, parse_request

pytestmark = pytest.mark.unit

CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
    "+xeMcTOAYQ8=\n— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UE"
    "jw6QUXTS5Rovnzv++qbSzm9Q=\n"
)
EXAMPLE = (
    "old 20852014\n"
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    "\n" + CHECKPOINT
)
LINE = b64(bytes(32)) + "\n"


def test_the_example_of_the_specification_is_read_and_written_byte_for_byte():
    request = parse_request(EXAMPLE)
    assert request.old == 20852014
    assert len(request.proof) == 4
    assert request.checkpoint == CHECKPOINT
    assert format_request(request.old, request.proof, request.checkpoint) == EXAMPLE


def test_a_first_request_has_no_proof():
    assert parse_request(format_request(0, (), CHECKPOINT)).proof == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 1\n" + CHECKPOINT.replace("\n\n", "\n"),
        f"old 01\n\n{CHECKPOINT}",
        f"old -1\n\n{CHECKPOINT}",
        f"old  1\n\n{CHECKPOINT}",
        f"Old 1\n\n{CHECKPOINT}",
        f"old ١\n\n{CHECKPOINT}",
        f"old {10**19}\n\n{CHECKPOINT}",
        f"old 1\nAAA\n\n{CHECKPOINT}",
        f"old 1\n{b64(bytes(31))}\n\n{CHECKPOINT}",
        f"old 1\n{LINE * 64}\n{CHECKPOINT}",
    ],
)
def test_a_request_of_another_form_is_refused(text):
    with pytest.raises(ProofError) as refused:
        parse_request(text)
    assert refused.value.code == "witness-form"


def test_63_proof_lines_are_allowed():
    assert len(parse_request(f"old 1\n{LINE * 63}\n{CHECKPOINT}").proof) == 63


def test_an_origin_is_named_by_its_sha_256_in_lowercase_hex():
    assert origin_hash("tallinn/log") == "fcfa57193106c11b2a89863bd8c58e25ecde9b384e30f15215e00df2fc4a4876"
