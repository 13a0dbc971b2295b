"""ATT&CK as sentences, from a small bundle of our own and from the package that ships it."""

import json

import pytest

from analyst.bundles import small_attack
from sild.analyst.engine.errors import KnowledgeError
from sild.analyst.training import knowledge

SMALL = knowledge.from_bundle(small_attack())


@pytest.mark.unit
def test_what_is_revoked_or_deprecated_is_left_out():
    assert list(SMALL.techniques) == ["T1003.001", "T1566.001"]
    assert SMALL.version == "99.0"
    assert not [sentence for sentence in SMALL.sentences if "nobody does" in sentence.text.lower()]


@pytest.mark.unit
def test_equal_texts_of_one_source_become_one_sentence_with_two_techniques():
    [mail] = [sentence for sentence in SMALL.of("procedure") if "mails" in sentence.text]
    assert mail.text == "Example Bear sent mails with .docm attachments."
    assert mail.techniques == ("T1003.001", "T1566.001")
    assert mail.subject == ("Example Bear", "Bear 0")
    assert mail.whole


@pytest.mark.unit
def test_a_campaign_belongs_to_the_family_of_its_group():
    groups = {sentence.group for sentence in SMALL.of("procedure") if "Bear" in sentence.text}
    assert len(groups) == 1


@pytest.mark.unit
def test_a_cut_text_is_told():
    assert [sentence.whole for sentence in SMALL.of("procedure") if sentence.text.startswith("ExampleTool can")] == [
        False
    ]


@pytest.mark.unit
def test_definitions_detections_and_texts_about_none_are_kept_apart():
    assert {sentence.text for sentence in SMALL.of("definition")} >= {"LSASS Memory", "Adversaries may read LSASS."}
    assert [sentence.techniques for sentence in SMALL.of("detection")] == [("T1003.001",)]
    assert {sentence.text for sentence in SMALL.of("none")} == {"It is a small group.", "ExampleTool is a tool."}
    assert all(not sentence.techniques for sentence in SMALL.of("none"))


@pytest.mark.unit
def test_the_order_of_a_bundle_does_not_matter():
    bundle = json.loads(small_attack())
    bundle["objects"].reverse()
    assert knowledge.from_bundle(json.dumps(bundle).encode()).sentences == SMALL.sentences


@pytest.mark.unit
@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"objects": 1}', b'{"objects": [{"type": "x"}]}'])
def test_what_is_no_attack_is_refused(data):
    with pytest.raises(KnowledgeError):
        knowledge.from_bundle(data)


@pytest.mark.integration
def test_the_package_has_what_the_documentation_says():
    known = knowledge.from_package()
    procedures = known.of("procedure")
    assert (known.version, len(known.techniques)) == ("18.1", 691)
    assert len(procedures) > 15_000
    assert sum(not sentence.whole for sentence in procedures) > 1_000
    assert not [sentence for sentence in known.sentences if "Citation" in sentence.text or "](" in sentence.text]
