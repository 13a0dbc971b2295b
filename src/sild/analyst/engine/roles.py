"""Tells the attacker's indicators from the victim's and from harmless ones by the words of the sentence around them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .sentences import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .indicators import Indicator
    from .sentences import Sentence

VICTIM, BENIGN = "victim", "benign"
# What a person or a company has; a hash, a CVE or a registry key is nobody's.
_OWNED = frozenset({"ipv4", "ipv6", "domain", "url", "email"})
# A scope that the value itself has, such as private, says more than words around it.
_OPEN = frozenset({"", "public", "documentation", "example"})
_REACH = 90
_NEAR = 30  # for what somebody took the care to defang: whoever did took it for an attacker's


def _cues(*words: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(words) + r")", re.IGNORECASE)


# What an attacker does with it or has it for, in English, Estonian and Ukrainian. A copy of an official site is the
# attacker's, too.
_ATTACKER = _cues(
    r"c2(?!\w)", r"command", r"control server", r"phish", r"imitat", r"impersonat", r"masquerad", r"spoof", r"fake",
    r"lure", r"download(?:s|ed)? (?:\w+ ){0,3}from", r"fetched from", r"sent from", r"came from", r"typosquat",
    r"exfiltrat", r"exploit(?! public)", r"ransom note", r"beacon", r"regist(?:ered|ers)(?! office)", r"malicious",
    r"posts?(?: \w+){0,3} to", r"post request", r"resolv(?:es|ed)", r"attackers? used", r"restore your", r"hijack",
    r"copy of",
    r"juhtserver", r"juhtimisserver", r"käsuserver", r"õngitsus", r"jäljenda", r"matki", r"võlts", r"meelita",
    r"pahatahtlik",
    r"(?:alla|saade\w+|saabus\w*|tuuakse|logiti|tulid?) (?:\w+ ){0,4}(?:aadressilt|domeenilt|serverist|lehelt)",
    r"ründekood", r"lunaraha", r"registreeri", r"lõid domeeni",
    r"сервер\w* (?:керуван|управлін)", r"командн\w+ сервер", r"керівн\w+ сервер", r"фішинг", r"імітує", r"підробл",
    r"фальшив", r"заманю", r"завантаж\w+ (?:\w+ ){0,3}(?:з|із)(?!\w)", r"надход\w+ (?:\w+ ){0,3}з(?!\w)",
    r"експлойт", r"викуп", r"зареєстр", r"передава\w+ на(?!\w)", r"надсила\w+ (?:\w+ ){0,3}на(?!\w)", r"шкідлив",
)  # fmt: skip
_VICTIM = _cues(
    r"victim(?:s|'s|’s|s')?(?: \w+){0,2} (?:server|host|site|website|network|domain|mail|file|portal|machine)",
    r"infected (?:computer|machine|host|server|workstation|system)", r"affected (?:computer|machine|host|server|site)",
    r"compromised (?:host|server|machine|workstation|account)(?!s used)", r"defaced?(?!\w)",
    r"belongs to (?:the|a|an|our)",
    r"our (?:\w+ )?(?:network|server|perimeter|mail|site|address|customer|website|gateway)",
    r"targeted (?:was|were|organi)", r"targets? (?:was|were|included)", r"recipient",
    r"(?:staff|employees)(?: \w+){0,5} (?:received|mailbox)", r"(?:staff|employees) at", r"inbox", r"stolen from",
    r"among those targeted",
    r"(?:ministry|hospital|university|city|company|bank|council|embassy|agency|school|court)(?:'s|’s)",
    r"ohvri(?!d)", r"nakatunud (?:arvuti|tööjaam|server|masin)", r"kannata", r"meie(?!\w)", r"sihtmär[kg]", r"näotust",
    r"kompromiteeritud (?:server|arvuti|tööjaam|konto|masin)", r"kuulub", r"saaja", r"postkast", r"varastati",
    r"(?:ministeeriumi|haigla|ülikooli|linna|ettevõtte|panga|valla|saatkonna|asutuse|kooli|kohtu)(?!\w)",
    r"жертви(?!\w)", r"заражен", r"уражен", r"скомпрометован\w+ (?:вуз|сервер|комп|маш|станц)", r"наш\w{0,3}(?!\w)",
    r"ціл(?:ей|ями)(?!\w)", r"спотвор", r"належ(?:ить|ать|ав|ала)", r"одержувач", r"скриньк", r"атакован",
    r"постраждал",
    r"(?:міністерства|лікарні|університету|міста|компанії|банку|громади|посольства|установи|школи|суду)(?!\w)",
    r"викрадено (?:\w+ ){0,2}з", r"міськ\w+ (?:систем|сайт|портал)",
)  # fmt: skip
_BENIGN = _cues(
    r"official (?:web)?site", r"home ?page", r"vendor", r"manufacturer", r"for example,? (?:in|on|block|\w+)?",
    r"legitimate (?:service|site|website|tool|domain|software|resource)", r"report (?:\w+ ){0,2}to(?!\w)", r"details",
    r"(?<!\()see(?!\w| also whether)", r"published", r"available at", r"documentation", r"pings?(?!\w)", r"pinging",
    r"contact (?:us|the team)", r"advisory", r"reference[:=s ]", r"source:", r"open[ -]source",
    r"ametliku?(?:l|lt|le)? (?:veeb|kodu|sait)", r"kodule", r"tootja", r"näiteks", r"teata(?:ge|da|gem)", r"vt(?!\w)",
    r"seaduslik\w* (?:teenus|tööriist|leh|sait|domeen)", r"täpsem", r"avalda", r"kättesaadav", r"pingi", r"hoiatus",
    r"loe (?:edasi|lähemalt)", r"avatud lähtekood",
    r"офіційн\w+ (?:веб)?(?:сайт|сторін|ресурс)", r"домашн\w+ сторін", r"виробник", r"наприклад", r"напр\.",
    r"(?:легітимн|законн)\w+ (?:сервіс|служб|сайт|інструмент|ресурс|програм|домен)", r"повідом(?:ляйте|те|ити)",
    r"див\.", r"докладн", r"детальн", r"опублік", r"доступн\w+ за адрес", r"з['’]ясувати, чи", r"попередження",
    r"відкрит\w+ код", r"перевіря\w+ (?:з['’]єднан|доступ|підключ)",
)  # fmt: skip
# Words that say what all of the sentence is about, wherever in it they stand.
_PLAINLY_BENIGN = _cues(
    r"nothing to do with", r"not involved", r"reserved for documentation", r"ei ole (?:\w+ ){0,2}seotud",
    r"seotud ei ole", r"dokumentatsiooni jaoks", r"не причетн", r"не пов['’]язан", r"для документації",
)  # fmt: skip
# Other indicators near by; what is in them is no word about this one.
_OTHER = re.compile(r"\S*[/@\[\\]\S*")


def with_roles(text: str, indicators: Sequence[Indicator]) -> list[Indicator]:
    """The indicators, those of a victim and harmless ones with the scope `victim` or `benign`; one pass over both."""
    sentences = split(text)
    sentence = next(sentences, None)
    found = []
    for indicator in indicators:
        while sentence and sentence.end <= indicator.start:
            sentence = next(sentences, None)
        inside = sentence if sentence and sentence.start <= indicator.start else None
        role = _role(inside, indicator) if inside and indicator.kind in _OWNED and indicator.scope in _OPEN else ""
        found.append(replace(indicator, scope=role) if role else indicator)
    return found


def _role(sentence: Sentence, indicator: Indicator) -> str:
    """The role whose cue stands nearest; the attacker's wins a tie and needs no cue."""
    start, end = indicator.start - sentence.start, indicator.end - sentence.start
    if _PLAINLY_BENIGN.search(sentence.text):
        return BENIGN
    around = sentence.text[max(0, start - _REACH) : start], sentence.text[end : end + _REACH]
    before, after = (_OTHER.sub(_blank, part) for part in around)
    distances = {
        role: min(_distances(cues, before, after), default=_REACH + 1)
        for role, cues in (("", _ATTACKER), (VICTIM, _VICTIM), (BENIGN, _BENIGN))
    }
    if indicator.defanged:
        distances = {**distances, BENIGN: _REACH + 1}
        distances[VICTIM] += (distances[VICTIM] > _NEAR) * _REACH
    nearest = min(distances.values())
    return next(role for role, distance in distances.items() if distance == nearest)


def _distances(cues: re.Pattern[str], before: str, after: str) -> Iterator[int]:
    """How far cues stand from the indicator; what follows it counts as farther than what leads up to it."""
    for match in cues.finditer(before):
        yield len(before) - match.end()
    for match in cues.finditer(after):
        yield 20 + match.start()


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
