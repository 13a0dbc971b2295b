"""Findings and bundles made from a short text, for tests that need some."""

from sild.analyst.engine import model, reader, stix

TEXT = (
    "The group UAC-9999 used Mimikatz to dump credentials from LSASS memory.\n\n"
    "It sent spearphishing emails with a malicious attachment from billing[at]bad-host[.]com.\n\n"
    "Files: C:\\Users\\Public\\a.dll, 9e107d9d372bb6826bd81d3542a419d6, b.exe, /opt/x/y, CVE-2023-38831, AS64500,"
    " 203.0.113[.]5, 2001:db8::1:2, hxxp://bad-host[.]com/a?b=c, bad-host.org, HKCU\\It's\\Run, 10.0.0.1, cmd.exe,"
    " 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
)
AUTHOR = stix.Author("Kyiv", "kyiv", "2026-03-01T12:00:00.000Z")


def found(text=TEXT):
    return reader.read(text, model.load())


def bundle(text=TEXT, tlp="AMBER", author=AUTHOR):
    findings = found(text)
    source = stix.Source("A report", findings.digest, text, findings.language)
    return stix.bundle(source, findings.indicators, findings.proposals, author, tlp)


def findings_body():
    return {
        "bundle": bundle(),
        "provenance": {
            "source": {"digest": "sha256:" + "a" * 64, "language": "en", "characters": len(TEXT)},
            "model": {"name": "threat-analyst 0.1.0", "sha256": "b" * 64, "data": "ATT&CK"},
            "solution": "sha256:" + "c" * 64,
            "activation": {"id": "0198d3e2-0000-7000-8000-000000000000", "hash": "sha256:" + "d" * 64},
            "reviewed": False,
            "notice": "© 2025 The MITRE Corporation.",
        },
    }
