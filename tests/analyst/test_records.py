"""The forms of the analyst's records, as a partner's node checks them."""

import copy

import pytest

from analyst.findings import findings_body
from sild.exchange import kinds

pytestmark = pytest.mark.unit

ACTIVATION = {
    "solution": {"name": "threat-analyst", "version": "0.1.0", "digest": "sha256:" + "a" * 64},
    "suite": {"name": "attack-techniques", "version": "0.1.0"},
    "report": {"id": "0198d3e2-0000-7000-8000-000000000000", "hash": "sha256:" + "b" * 64},
    "tested_by": "tallinn",
    "used_by": "Example agency",
}


def test_an_activation_of_the_right_form_is_accepted():
    kinds.require("analyst.activation").validate(ACTIVATION)


@pytest.mark.parametrize("missing", list(ACTIVATION))
def test_an_activation_without_one_of_its_members_is_refused(missing):
    body = {name: value for name, value in ACTIVATION.items() if name != missing}
    with pytest.raises(ValueError, match=missing):
        kinds.require("analyst.activation").validate(body)


def test_an_activation_that_names_no_digest_is_refused():
    body = {**ACTIVATION, "solution": {**ACTIVATION["solution"], "digest": "md5:1"}}
    with pytest.raises(ValueError, match="digest"):
        kinds.require("analyst.activation").validate(body)


def test_findings_of_the_right_form_are_accepted():
    kinds.require("analyst.findings").validate(findings_body())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.pop("provenance"),
        lambda body: body.update(extra=1),
        lambda body: body["provenance"].pop("notice"),
        lambda body: body["provenance"]["source"].update(characters=0),
        lambda body: body["bundle"]["objects"].pop(0),
        lambda body: body["bundle"].update(type="package"),
    ],
)
def test_findings_of_another_form_are_refused(spoil):
    body = copy.deepcopy(findings_body())
    spoil(body)
    with pytest.raises(ValueError, match=r"."):
        kinds.require("analyst.findings").validate(body)
