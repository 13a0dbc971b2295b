"""Words that a public service never says of people, in English, Estonian and Ukrainian, by stem.

A lexicon finds what is said plainly and nothing else; it is no judge of tone. It holds insults and threats, not topics:
“disabled people” is no insult, and a text about hatred is not hateful.
"""

from __future__ import annotations

import re

_STEMS = (
    # English
    r"idiot\w{0,4}", r"moron\w{0,3}", r"imbecile\w?", r"retard(?:ed|s)?", r"scumbag\w?", r"bastard\w?",
    r"bitch\w{0,3}", r"stupid (?:people|citizens?|woman|man|fool)",
    r"(?:filthy|dirty) (?:foreigners?|immigrants?|refugees?)", r"subhuman\w?", r"vermin",
    r"go (?:to hell|kill yourself)", r"shut up", r"i(?:'ll| will) (?:kill|beat|hurt) you", r"parasites?",
    # Estonian
    r"idioo[td]\w{0,6}", r"debiilik\w{0,6}", r"lollakas\w{0,6}", r"värdja\w{0,6}", r"värdjas", r"tõbra\w{0,6}",
    r"tõbras", r"litapoe[gj]\w{0,5}", r"mõrd\b", r"mõrra\w{0,5}", r"ajukääbik\w{0,6}", r"raisk\b",
    r"raisa[dt]\w{0,4}", r"käi (?:persse|perse|põrgu)", r"pea lõuad", r"ma tapan su", r"inimpraht\w{0,6}",
    r"kuradi (?:välismaalase\w*|pagulase\w*)",
    # Ukrainian
    r"ідіот\w{0,5}", r"дебіл\w{0,5}", r"придур(?:ок|к\w{1,4})", r"виродк\w{1,5}", r"виродок", r"покидьк\w{1,5}",
    r"покидьок", r"сволот\w{1,3}", r"бидл\w{1,3}", r"кретин\w{0,5}", r"тупиц\w{1,4}", r"недолюд\w{1,6}", r"заткнися",
    r"заткни пельку", r"іди до біса", r"я тебе вб'ю", r"курв\w{1,4}", r"паразити суспільства", r"мерзот\w{1,4}",
)  # fmt: skip
_PATTERN = re.compile(rf"(?<!\w)(?:{'|'.join(_STEMS)})(?!\w)", re.IGNORECASE)
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ`´‘", "'"))


def find(text: str) -> list[str]:
    """The insults and threats in a text, as they stand there."""
    return [match[0] for match in _PATTERN.finditer(text.translate(_APOSTROPHES))]
