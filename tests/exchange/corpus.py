"""Malformed, stripped, replayed, downgraded and swapped messages, each made from a real one and with its reason.

A case is a name, what is done to a good message, and the code with which it must be refused.
"""

# ruff: noqa: E501 -- a case is one row of a table

from __future__ import annotations

import copy
from base64 import b64decode, b64encode

import orjson

from sild.trust import note
from sild.trust.encoding import b64, b64u, canonical, unb64u

MISSING = object()


def flip(text, place=-1):
    """Another base64 text of the same length."""
    data = bytearray(b64decode(text))
    data[place] ^= 1
    return b64encode(bytes(data)).decode()


def put(*path_and_value):
    """A change that sets, or with MISSING removes, what stands at a path."""
    *path, last, value = path_and_value

    def change(message):
        inner = message
        for step in path:
            inner = inner[step]
        if value is MISSING:
            del inner[last]
        else:
            inner[last] = value(inner[last]) if callable(value) else copy.deepcopy(value)

    return change


def lines(change):
    """A change of a note's signature lines."""

    def rewrite(text):
        body, found = note.split(text)
        return note.join(body, change(found))

    return rewrite


def signature(place, change):
    """A change of one signature's bytes."""

    def rewrite(found):
        line = found[place]
        return [*found[:place], note.Line(line.name, line.key_id, change(line.signature)), *found[place + 1 :]]

    return lines(rewrite)


def at(place):
    """Flip a bit of the byte at a place."""
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def body_line(place, value):
    """A change of one line of a note's text, its signatures kept."""

    def rewrite(text):
        body, rest = text.split("\n\n", 1)
        rows = body.split("\n")
        rows[place] = value(rows[place]) if callable(value) else value
        return "\n".join(rows) + "\n\n" + rest

    return rewrite


# The note's first signature is Ed25519 (64 bytes), its second ML-DSA-44 (8 bytes of time, then 2,420 bytes).
NOTES = [
    ("no Ed25519 signature", lines(lambda found: found[1:]), "missing-signature"),
    ("no ML-DSA-44 signature", lines(lambda found: found[:1]), "missing-signature"),
    ("no signature at all", lambda text: text.split("\n\n")[0] + "\n\n", "note-form"),
    ("the Ed25519 signature twice", lines(lambda found: [found[0], *found]), "missing-signature"),
    ("the ML-DSA-44 signature twice", lines(lambda found: [*found, found[1]]), "missing-signature"),
    *[(f"Ed25519 byte {n} flipped", signature(0, at(n)), "bad-signature") for n in (0, 1, 31, 32, 63)],
    *[(f"ML-DSA-44 byte {n} flipped", signature(1, at(n)), "bad-signature") for n in (0, 7, 8, 40, 1200, 2427)],
    ("Ed25519 shortened", signature(0, lambda data: data[:-1]), "bad-signature"),
    ("Ed25519 lengthened", signature(0, lambda data: data + b"\0"), "bad-signature"),
    ("ML-DSA-44 shortened", signature(1, lambda data: data[:-1]), "bad-signature"),
    ("ML-DSA-44 lengthened", signature(1, lambda data: data + b"\0"), "bad-signature"),
    ("ML-DSA-44 without its signature", signature(1, lambda data: data[:8]), "bad-signature"),
    ("the signatures' bytes swapped", lines(lambda f: [
        note.Line(f[0].name, f[0].key_id, f[1].signature), note.Line(f[1].name, f[1].key_id, f[0].signature)
    ]), "bad-signature"),
    *[(f"key id of signature {n} changed", lines(
        lambda f, n=n: [note.Line(x.name, at(0)(x.key_id), x.signature) if x is f[n] else x for x in f]
    ), "missing-signature") for n in (0, 1)],
    *[(f"name of signature {n} changed", lines(
        lambda f, n=n: [note.Line("riga/log", x.key_id, x.signature) if x is f[n] else x for x in f]
    ), "missing-signature") for n in (0, 1)],
    ("origin of another node", body_line(0, "riga/log"), "origin"),
    ("our own origin", body_line(0, "tallinn/log"), "origin"),
    ("empty origin", body_line(0, ""), "origin"),
    ("one leaf more", body_line(1, lambda size: str(int(size) + 1)), "bad-signature"),
    ("one leaf fewer", body_line(1, lambda size: str(int(size) - 1)), "bad-signature"),
    ("size with a leading zero", body_line(1, lambda size: "0" + size), "checkpoint-form"),
    ("size with a sign", body_line(1, lambda size: "+" + size), "checkpoint-form"),
    ("negative size", body_line(1, "-1"), "checkpoint-form"),
    ("size in other digits", body_line(1, "٣"), "checkpoint-form"),
    ("size with a space", body_line(1, lambda size: size + " "), "checkpoint-form"),
    ("size beyond 63 bits", body_line(1, str(1 << 63)), "checkpoint-form"),
    ("size that is no number", body_line(1, "three"), "checkpoint-form"),
    ("root flipped", body_line(2, flip), "bad-signature"),
    ("root of 31 bytes", body_line(2, b64(bytes(31))), "checkpoint-form"),
    ("root of 33 bytes", body_line(2, b64(bytes(33))), "checkpoint-form"),
    ("root that is no base64", body_line(2, "ä" * 44), "checkpoint-form"),
    ("root with stray bits", body_line(2, lambda root: root[:-2] + "B="), "checkpoint-form"),
    ("an extension line", body_line(2, lambda root: root + "\nextension"), "checkpoint-form"),
    ("no root", body_line(2, ""), "checkpoint-form"),
    ("carriage returns", lambda text: text.replace("\n", "\r\n"), "note-form"),
    ("a control character", lambda text: text.replace("kyiv/log\n", "kyiv/log\x00\n", 1), "note-form"),
    ("no final newline", lambda text: text[:-1], "note-form"),
    ("no empty line", lambda text: text.replace("\n\n", "\n"), "note-form"),
    ("empty", lambda _text: "", "note-form"),
    ("hyphens for dashes", lambda text: text.replace("\u2014", "-"), "note-form"),
    ("a signature line of two words", lambda text: text + "\u2014 kyiv/log\n", "note-form"),
    ("a signature that is no base64", lambda text: text + "\u2014 kyiv/log ####\n", "note-form"),
    ("a key id alone", lambda text: text + "\u2014 kyiv/log AAAAAA==\n", "note-form"),
    ("a name with a plus", lambda text: text + "\u2014 kyiv+log AAAAAAAA\n", "note-form"),
    ("65 signatures", lines(lambda found: [*found, *[note.Line("a/b", b"abcd", b"x")] * 63]), "oversized"),
    ("longer than a note", lambda text: "x" * (256 * 1024) + text, "oversized"),
]  # fmt: skip

PAGES = [
    *[
        (f"without {name}", put(name, MISSING), "page-form")
        for name in ("checkpoint", "consistency", "entries", "more")
    ],
    *[
        (f"{name} is {value!r}", put(name, value), "page-form")
        for name in ("checkpoint", "consistency", "entries", "more")
        for value in (None, 7, {})
    ],
    ("a member more", put("comment", "hello"), "page-form"),
    ("consistency of numbers", put("consistency", [1]), "page-form"),
    ("consistency that is no base64", put("consistency", ["#"]), "page-form"),
    ("entries of texts", put("entries", ["x"]), "page-form"),
    ("entries of lists", put("entries", [[]]), "page-form"),
    ("more as a number", put("more", 1), "page-form"),
]

ENTRIES = [
    *[(f"without {name}", put(name, MISSING), "entry-form") for name in ("index", "path", "chain", "record")],
    *[
        (f"{name} is {value!r}", put(name, value), "entry-form")
        for name in ("path", "chain")
        for value in (None, 7, {"a": 1}, "#", ["#"])
    ],
    *[(f"index is {value!r}", put("index", value), "entry-form") for value in (None, "0", 0.0, True, [])],
    *[(f"record is {value!r}", put("record", value), "entry-form") for value in (None, 7, {}, [])],
    *[(f"position is {value!r}", put("position", value), "page-form") for value in (None, "1", 1.0, True, 0, -1, [])],
    ("no position", put("position", MISSING), "page-form"),
    ("a member more", put("comment", "hello"), "entry-form"),
    ("both in the open and sealed", put("sealed", {}), "entry-form"),
    ("path with stray bits", put("path", 0, lambda node: node[:-2] + "B="), "entry-form"),
    ("path with a space", put("path", 0, lambda node: " " + node), "entry-form"),
    *[(f"path flipped at {n}", put("path", n, flip), "proof") for n in (0, 1)],
    ("path without its first hash", put("path", lambda path: path[1:]), "length"),
    ("path without its last hash", put("path", lambda path: path[:-1]), "length"),
    ("path without hashes", put("path", []), "length"),
    ("path with a hash more", put("path", lambda path: [*path, path[0]]), "length"),
    ("path with an empty hash", put("path", lambda path: [*path, ""]), "length"),
    ("path turned round", put("path", lambda path: path[::-1]), "proof"),
    ("place of another leaf", put("index", 1), "proof"),
    ("place beyond the log", put("index", 99), "index"),
    ("negative place", put("index", -1), "index"),
    ("place beyond all numbers", put("index", 1 << 62), "index"),
    ("chain flipped", put("chain", flip), "renumbered"),
    ("chain of zeroes", put("chain", b64(bytes(32))), "renumbered"),
    ("chain too short", put("chain", b64(bytes(31))), "renumbered"),
    ("empty chain", put("chain", ""), "renumbered"),
    ("record empty", put("record", ""), "proof"),
    ("record with a space more", put("record", lambda text: text + " "), "proof"),
    ("record with another word", put("record", lambda text: text.replace("hello", "hullo")), "proof"),
    ("record under a wider marking", put("record", lambda text: text.replace("GREEN", "CLEAR")), "proof"),
    ("record of another suite", put("record", lambda text: text.replace("sild-2026", "sild-2020")), "proof"),
    ("record of another issuer", put("record", lambda text: text.replace('"kyiv"', '"riga"')), "proof"),
    ("record cut short", put("record", lambda text: text[:-1]), "proof"),
    ("record doubled", put("record", lambda text: text * 2), "proof"),
]

SEALS = [
    *[(f"{name} missing", put("sealed", name, MISSING), "seal-form") for name in ("version", "keys", "body")],
    *[(f"keys is {value!r}", put("sealed", "keys", value), "seal-form") for value in (None, 7, "x", [])],
    *[(f"body is {value!r}", put("sealed", "body", value), "seal-form") for value in (None, 7, "#", {})],
    *[(f"sealed is {value!r}", put("sealed", value), "entry-form") for value in (None, 7, "x", [])],
    ("an older version", put("sealed", "version", "sild-seal/0"), "seal-form"),
    ("no version's name", put("sealed", "version", None), "seal-form"),
    ("keys for nobody", put("sealed", "keys", {}), "not-for-us"),
    ("keys for another", put("sealed", "keys", lambda keys: {"x" * 43: next(iter(keys.values()))}), "not-for-us"),
    ("key flipped", put("sealed", "keys", lambda keys: {k: flip(v) for k, v in keys.items()}), "seal"),
    ("key's encapsulation flipped", put("sealed", "keys", lambda keys: {k: flip(v, 0) for k, v in keys.items()}), "seal"),
    ("key cut short", put("sealed", "keys", lambda keys: {k: b64(b64decode(v)[:-1]) for k, v in keys.items()}), "seal"),
    ("key of no bytes", put("sealed", "keys", lambda keys: dict.fromkeys(keys, "")), "seal"),
    ("key that is no base64", put("sealed", "keys", lambda keys: dict.fromkeys(keys, "#")), "seal-form"),
    ("key that is a number", put("sealed", "keys", lambda keys: dict.fromkeys(keys, 7)), "seal-form"),
    *[(f"body flipped at {n}", put("sealed", "body", lambda body, n=n: flip(body, n)), "seal") for n in (0, 50, -1)],
    ("body cut short", put("sealed", "body", lambda body: b64(b64decode(body)[:-1])), "seal"),
    ("body of no bytes", put("sealed", "body", ""), "seal"),
    ("body of a tag alone", put("sealed", "body", b64(bytes(16))), "seal"),
]  # fmt: skip

HEADER = ("id", "kind", "version", "suite", "issuer", "subject", "issued", "tlp", "audience", "salt")


def header(change):
    """A record whose header was changed before its node logged it."""

    def rewrite(raw):
        content = orjson.loads(raw)
        change(content["header"])
        return canonical(content)

    return rewrite


RECORDS = [
    *[(f"no {name}", header(put(name, MISSING)), "header") for name in HEADER],
    *[(f"{name} is {value!r}", header(put(name, value)), "header") for name in HEADER for value in (None, {}, "")],
    ("a header's member more", header(put("priority", 1)), "header"),
    ("id of another version", header(put("id", "0190a5a0-0000-4000-8000-000000000001")), "header"),
    ("id in capitals", header(put("id", str.upper)), "header"),
    ("kind without a module", header(put("kind", "comment")), "header"),
    ("version 0", header(put("version", 0)), "header"),
    ("version as a fraction", header(put("version", 1.5)), "header"),
    ("version as a truth", header(put("version", True)), "header"),
    ("time without a zone", header(put("issued", "2026-11-25T16:00:00")), "header"),
    ("a day that is not", header(put("issued", "2026-02-30T16:00:00Z")), "header"),
    ("a marking that is not", header(put("tlp", "WHITE")), "header"),
    ("audience unsorted", header(put("audience", ["tallinn", "riga"])), "header"),
    ("audience with a node twice", header(put("audience", ["tallinn", "tallinn"])), "header"),
    ("audience of nobody", header(put("audience", [])), "header"),
    ("audience with a path", header(put("audience", ["../tallinn"])), "header"),
    ("salt too short", header(put("salt", "abc")), "header"),
    ("reference without a hash", header(put("answers", {"id": "0190a5a0-0000-7000-8000-000000000001"})), "header"),
    ("reference by another hash", header(put("answers", {"id": "0190a5a0-0000-7000-8000-000000000001", "hash": "md5:1"})), "header"),
    ("attachment as a path", header(put("attachments", [{"hash": "sha256:" + "0" * 64, "size": 1, "type": "a/b", "name": "/etc"}])), "header"),
    ("attachment of a negative size", header(put("attachments", [{"hash": "sha256:" + "0" * 64, "size": -1, "type": "a/b", "name": "x"}])), "header"),
    ("attachment named twice", header(put("attachments", [{"hash": "sha256:" + "0" * 64, "size": 1, "type": "a/b", "name": name} for name in ("x", "y")])), "header"),
    ("attachment of a type too long", header(put("attachments", [{"hash": "sha256:" + "0" * 64, "size": 1, "type": "a/" + "b" * 99, "name": "x"}])), "header"),
    ("kind too long for a table", header(put("kind", "exchange." + "x" * 80)), "header"),
    ("version too large for a table", header(put("version", 2**31)), "header"),
    ("NUL in the subject", header(put("subject", "a\0b")), "nul"),
    ("NUL deep in the body", lambda raw: canonical({**orjson.loads(raw), "body": {"text": "a", "more": [{"\0": 1}]}}), "nul"),
    ("attachment without a hash", header(put("attachments", [{"size": 1, "type": "a/b", "name": "x"}])), "header"),
    ("a suite that was never", header(put("suite", "sild-1999")), "unknown-suite"),
    ("another issuer", header(put("issuer", "riga")), "issuer"),
    ("ourselves as issuer", header(put("issuer", "tallinn")), "issuer"),
    ("for others alone", header(put("audience", ["riga"])), "audience"),
    ("TLP:RED for us", header(lambda h: h.update(tlp="RED", audience=["tallinn"])), "audience"),
    ("TLP:RED for partners", header(put("tlp", "RED")), "audience"),
    ("TLP:AMBER for partners", header(put("tlp", "AMBER")), "audience"),
    ("TLP:GREEN for the public", header(put("audience", "public")), "audience"),
    ("spaces in the JSON", lambda raw: raw.replace(b'":', b'": '), "canonical"),
    ("members in another order", lambda raw: orjson.dumps(dict(reversed(orjson.loads(raw).items()))), "canonical"),
    ("a member twice", lambda raw: raw.replace(b'{"body":', b'{"body":{},"body":', 1), "canonical"),
    ("an escape too many", lambda raw: raw.replace(b"hello", b"h\\u0065llo"), "canonical"),
    ("no JSON", lambda _raw: b"hello", "canonical"),
    ("a list", lambda _raw: b"[]", "header"),
    ("no body", lambda raw: canonical({"header": orjson.loads(raw)["header"]}), "header"),
    ("body as a list", lambda raw: canonical({**orjson.loads(raw), "body": []}), "header"),
    ("a body of another kind", lambda raw: canonical({**orjson.loads(raw), "body": {"words": "x"}}), "body"),
    ("an empty text", lambda raw: canonical({**orjson.loads(raw), "body": {"text": " "}}), "body"),
    ("larger than a record", lambda raw: raw.replace(b"hello", b"h" * (8 * 1024 * 1024)), "oversized"),
]  # fmt: skip


def without(role):
    """Take all keys of a role out of an identity's JWK Set."""
    return put("keys", lambda keys: [key for key in keys if key["role"] != role])


def stripped(role):
    """Leave one key of a role that has two."""

    def strip(keys):
        last = max(place for place, key in enumerate(keys) if key["role"] == role)
        return [key for place, key in enumerate(keys) if place != last]

    return put("keys", strip)


IDENTITIES = [
    *[(f"without its {name}", put(name, MISSING), "identity-form") for name in ("node", "suite", "expires", "keys", "serial")],
    *[(f"without {role} keys", without(role), "identity-form") for role in ("root", "sign", "log", "seal", "tls")],
    *[(f"one {role} key stripped", stripped(role), "identity-form") for role in ("root", "sign", "log")],
    *[(f"serial {value!r}", put("serial", value), "identity-form") for value in (0, -1, 1.5, True, "1", None)],
    ("a member more", put("priority", 1), "identity-form"),
    ("another format", put("format", "sild-identity/1"), "identity-form"),
    ("a suite that was never", put("suite", "sild-1999"), "identity-form"),
    ("another node", put("node", "riga"), "bad-signature"),
    ("a later serial", put("serial", 7), "bad-signature"),
    ("a node that is a path", put("node", "../kyiv"), "identity-form"),
    ("a later end", put("expires", "2040-01-01"), "bad-signature"),
    ("an end that is no day", put("expires", "never"), "identity-form"),
    ("a revocation of a reason that is none", put("revoked", [{"kid": "x", "reason": "bored"}]), "identity-form"),
    ("without signatures", put("signatures", {}), "bad-signature"),
    *[(f"without its {name} signature", put("signatures", name, MISSING), "bad-signature") for name in ("Ed25519", "ML-DSA-87")],
    *[(f"{name} signature emptied", put("signatures", name, ""), "bad-signature") for name in ("Ed25519", "ML-DSA-87")],
    *[(f"{name} signature that is no base64", put("signatures", name, "="), "identity-form") for name in ("Ed25519", "ML-DSA-87")],
    ("signatures swapped", lambda d: d.update(signatures=dict(zip(d["signatures"], reversed(d["signatures"].values()), strict=True))), "bad-signature"),
    ("a key of another type", put("keys", 6, "kty", "RSA"), "identity-form"),
    ("a key of another algorithm", put("keys", 6, "alg", "RSA-OAEP"), "identity-form"),
    ("a key under another name", put("keys", 6, "kid", "x"), "identity-form"),
    ("a sealing key cut short", put("keys", 6, "pub", lambda pub: pub[:-4]), "identity-form"),
]  # fmt: skip

FILES = [
    *[(f"without {name}", put(name, MISSING), "file-form") for name in ("format", "record", "proof", "identity", "witnesses")],
    ("another format", put("format", "sild-record/0"), "file-form"),
    ("record changed", put("record", lambda text: text.replace("hello", "hullo")), "proof"),
    ("record spaced", put("record", lambda text: text.replace('":', '": ')), "canonical"),
    ("no proof's header", put("proof", lambda text: text.partition("\n")[2]), "proof-form"),
    ("a proof of another version", put("proof", lambda text: text.replace("@v1", "@v0")), "proof-form"),
    ("place with a leading zero", put("proof", lambda text: text.replace("index 0", "index 00")), "proof-form"),
    ("no place", put("proof", lambda text: text.replace("index 0\n", "")), "proof-form"),
    ("another place", put("proof", lambda text: text.replace("index 0", "index 1")), "proof"),
    ("a place beyond", put("proof", lambda text: text.replace("index 0", "index 77")), "index"),
    ("no hashes", put("proof", lambda text: "c2sp.org/tlog-proof@v1\nindex 0\n\n" + text.partition("\n\n")[2]), "length"),
    ("a hash of 31 bytes", put("proof", lambda text: text.replace("index 0\n", f"index 0\n{b64(bytes(31))}\n")), "proof-form"),
    ("65 hashes", put("proof", lambda text: text.replace("index 0\n", "index 0\n" + f"{b64(bytes(32))}\n" * 65)), "proof-form"),
    ("no checkpoint", put("proof", lambda text: text.partition("\n\n")[0] + "\n\n"), "note-form"),
    ("a checkpoint with one signature", put("proof", lambda text: text.rpartition("\u2014")[0]), "missing-signature"),
]  # fmt: skip


def protected(place, change):
    """A change of one signature's protected header, spelled as RFC 7515 has it."""

    def rewrite(message):
        one = message["signatures"][place]
        content = orjson.loads(unb64u(one["protected"]))
        change(content)
        one["protected"] = b64u(canonical(content))

    return rewrite


def statement(change):
    """A change of what is signed, the signatures kept."""

    def rewrite(message):
        content = orjson.loads(unb64u(message["payload"]))
        change(content)
        message["payload"] = b64u(canonical(content))

    return rewrite


def flip64u(text):
    """Another base64url text of the same length."""
    return b64u(at(0)(unb64u(text)))


SIGNATURES = [
    *[(f"without {name}", put(name, MISSING), "signature-form") for name in ("payload", "signatures", "sild")],
    *[(f"signatures is {value!r}", put("signatures", value), "signature-form") for value in (None, 7, ["x"], [{}])],
    ("no signatures", put("signatures", []), "missing-signature"),
    *[(f"signature {n} stripped", lambda m, n=n: m["signatures"].pop(n), "missing-signature") for n in (0, 1)],
    *[(f"signature {n} twice", lambda m, n=n: m["signatures"].append(m["signatures"][n]), "missing-signature") for n in (0, 1)],
    *[(f"signature {n} flipped", put("signatures", n, "signature", flip64u), "bad-signature") for n in (0, 1)],
    *[(f"signature {n} emptied", put("signatures", n, "signature", ""), "bad-signature") for n in (0, 1)],
    *[(f"signature {n} padded", put("signatures", n, "signature", lambda text: text + "="), "bad-signature") for n in (0, 1)],
    ("signatures swapped", lambda m: m["signatures"][0].update(signature=m["signatures"][1]["signature"]), "bad-signature"),
    *[(f"{name} taken out of header {n}", protected(n, put(name, MISSING)), "missing-signature") for n in (0, 1) for name in ("alg", "crit", "kid", "suite", "typ")],
    ("algorithm none", protected(0, put("alg", "none")), "missing-signature"),
    ("algorithm of another kind", protected(1, put("alg", "ES256")), "missing-signature"),
    ("suite downgraded", protected(0, put("suite", "sild-2020")), "missing-signature"),
    ("nothing critical", protected(1, put("crit", [])), "missing-signature"),
    ("another key's id", protected(0, put("kid", "x" * 43)), "missing-signature"),
    ("another name", statement(put("name", "other")), "bad-signature"),
    ("another file", statement(put("digest", "sha512:" + "0" * 128)), "bad-signature"),
    ("another receiver", statement(put("receivers", ["riga"])), "bad-signature"),
    ("another signer", statement(put("signer", "riga")), "signer"),
    ("another day", statement(put("signed", "2026-02-30T00:00:00Z")), "signature-form"),
    ("a member more", statement(put("priority", 1)), "signature-form"),
    ("no digest", statement(put("digest", MISSING)), "signature-form"),
    ("statement that is no JSON", put("payload", b64u(b"hello")), "signature-form"),
    ("statement that is no base64url", put("payload", "#"), "signature-form"),
    ("identity that is a number", put("sild", "identity", 7), "signature-form"),
    ("identity that is none", put("sild", "identity", "{}"), "identity-form"),
    ("log's proof that is a number", put("sild", "record", 7), "signature-form"),
    ("log's proof that is none", put("sild", "record", "{}"), "proof"),
]  # fmt: skip
