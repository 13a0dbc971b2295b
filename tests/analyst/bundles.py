"""A small bundle in the form of MITRE's, of our own making."""

import json


def stix(kind, number, **properties):
    return {"type": kind, "id": f"{kind}--00000000-0000-4000-8000-{number:012d}", "spec_version": "2.1", **properties}


def technique(number, attack_id, name, description, **properties):
    reference = {
        "source_name": "mitre-attack",
        "external_id": attack_id,
        "url": f"https://attack.mitre.org/{attack_id}",
    }
    return stix(
        "attack-pattern", number, name=name, description=description, external_references=[reference], **properties
    )


def uses(number, source, target, description, **properties):
    return stix(
        "relationship",
        number,
        relationship_type=properties.pop("relationship_type", "uses"),
        source_ref=source["id"],
        target_ref=target["id"],
        description=description,
        **properties,
    )


def objects():
    phishing = technique(1, "T1566.001", "Spearphishing Attachment", "Adversaries may send emails with an attachment.")
    lsass = technique(2, "T1003.001", "LSASS Memory", "Adversaries may read LSASS.(Citation: Somebody 2020)")
    old = technique(3, "T1000", "Old", "Nobody does this any more.", revoked=True)
    group = stix(
        "intrusion-set",
        4,
        name="Example Bear",
        aliases=["Example Bear", "Bear 0"],
        description="It is a small group. X.",
    )
    campaign = stix("campaign", 5, name="Operation Example", description="A campaign.")
    tool = stix("tool", 6, name="ExampleTool", description="[ExampleTool](https://example.com/S1) is a tool. More.")
    analytic = stix("x-mitre-analytic", 7, description="Detects reads of LSASS memory by unusual processes.")
    strategy = stix("x-mitre-detection-strategy", 8, x_mitre_analytic_refs=[analytic["id"]])
    mail = "[Example Bear](https://example.com/G1) sent mails with `.docm` attachments.(Citation: Somebody 2021)"
    return [
        stix("x-mitre-collection", 9, x_mitre_version="99.0"),
        *(phishing, lsass, old, group, campaign, tool, analytic, strategy),
        uses(10, group, phishing, mail),
        uses(11, group, lsass, mail),
        uses(12, campaign, lsass, "During Operation Example, Bear 0 read the memory of LSASS."),
        uses(13, campaign, group, "", relationship_type="attributed-to"),
        uses(14, tool, lsass, "ExampleTool can dump the memory of LSASS and do so for a long ti..."),
        uses(15, tool, old, "ExampleTool does what nobody does any more."),
        uses(16, tool, phishing, "ExampleTool is not used.", x_mitre_deprecated=True),
        uses(17, strategy, lsass, "", relationship_type="detects"),
        uses(18, group, tool, "Example Bear uses ExampleTool."),
    ]


def small_attack():
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects()}).encode()
