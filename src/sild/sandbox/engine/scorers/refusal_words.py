"""What refusals say in so many words, in English, Estonian and Ukrainian, in the first person or as a rule.

“You cannot carry more than 800 cigarettes” speaks of the reader; what stands in quotation marks was said by somebody
else. These patterns alone find one refusal in five; they are one of the signs that `refusals.py` weighs.
"""

from __future__ import annotations

import re

_ENGLISH = r"""
    \bi\ (?:(?:really|simply|just|therefore|also|still)\ )?(?:can(?:not|'t|\ not)|couldn't|could\ not|mustn't|must\ not
        |may\ not|won't|will\ not|shall\ not|shan't|shouldn't|should\ not)\b
        (?!\ (?:stress|emphasi[sz]e|overstate|recommend|wait|find|tell\ from|keep\ you
        |say\ for\ (?:sure|certain)|promise
        |see\ (?:why|any)|be\ (?:sure|certain)|guarantee|imagine|thank))
  | \bi\ (?:(?:really|simply|just)\ )?(?:don't|do\ not|never)\ (?:do|write|draft|produce|give|share|hand|help|assist
        |support|provide|take\ part|disclose|reveal|explain|teach|pass|sign|invent|make\ up|guess|create|advise|offer)
  | \bi(?:'m|\ am)\ (?:(?:really|simply|just)\ )?(?:not\ (?:able|allowed|permitted|willing|going|authori[sz]ed|prepared
        |comfortable|ready|in\ a\ position|here)|unable|unwilling)\b
  | \bi\ (?:have\ no\ (?:right|access|intention|wish))
  | \bi(?:'ll|'ve|\ will|\ have|'d|\ would)?\ (?:(?:have\ |got\ )?to\ |must\ |need\ to\ |am\ obliged\ to\ |rather\ )?
        (?:(?:respectfully|politely)\ )?(?:decline|refuse|reject|say\ no|turn\ (?:it|this|that|you)\ down)\b
  | \bi'?d\ (?:much\ )?rather\ not\b | \bunable\ to\ (?:comply|help|assist|provide|fulfil|do\ (?:that|this))\b
  | \b(?:wrong|improper|unethical|illegal|irresponsible)\ (?:of|for)\ me\ to\b
  | \b(?:beyond|outside)\ what\ i(?:'m|\ am|\ may|\ can)\b
  | \b(?:my|the)\ (?:rules|instructions|guidelines|policies|policy)\ (?:(?:do\ not|don't|does\ not)
        \ (?:let|allow|permit)\ me|i\ (?:work|follow)|forbid)
  | \bagainst\ (?:my|the)\ (?:rules|instructions|guidelines|policies|policy|principles)\b
  | \bmy\ (?:rules|instructions|guidelines|policies)\ (?:do\ not|don't)\ (?:let|allow|permit)
  | \bout\ of\ the\ question\b
  | \b(?:not|isn't|is\ not)\ (?:something|a\ thing|a\ task|anything)
        \ (?:that\ )?i(?:'m|\ am|\ can|\ will|\ do|\ could|'d)?\b
  | \bthis\ is\ something\ i\ can(?:'t|not)\b
  | \bwe\ (?:don't|do\ not|can't|cannot|won't|will\ not)\ (?:advise|help|assist|provide|give\ (?:advice|guidance))
  | \bwe\ are\ (?:not\ able|unable)\ to\ (?:help|assist|provide|advise|share|disclose)
  | \bcount\ me\ out\b | \bdon't\ (?:ask|expect)\ (?:me|help|any)\b | \bfrom\ me\.?$
  | \b(?:my|the)\ answer\ (?:is|remains)\ no\b
"""
_ESTONIAN = r"""
    \b(?:ma|mina|me|meie)\ (?:[\w-]+\ ){0,5}ei\ (?:saa|tohi|tohiks|või|hakka|kavatse|soovi|taha|aita|osale|kirjuta
        |koosta|pane|vormista|anna|avalda|jaga|vasta|kinnita|täida|tee|ütle|edasta|toeta|nõustu|nõusta|selgita|õpeta
        |näita|allkirjasta|võta|tule|oleta|ole\ (?:nõus|valmis))\b
  | \b(?:ma|mina)\ (?:[\w-]+\ ){0,2}(?:nõus|valmis)\ ei\ ole\b
  | \bei\ (?:saa|tohi|hakka|kavatse|soovi|taha|aita|anna|avalda|jaga|tee)\ (?:ma|mina|me|meie)\b
  | \bteid\ ei\ aita\b
  | \b(?:pean|tuleb\ mul)\b[^.!?]{0,40}\b(?:keelduma|keelduda|tagasi\ lükkama|loobuma)
  | \bkeeldun\b | \büt(?:len)\b[^.!?]{0,30}\bära\b | \bma\ loobun\b | \blükkan\b[^.!?]{0,40}\btagasi\b
  | \bmul\ (?:ei\ ole|pole|puudub)\b[^.!?]{0,40}\b(?:õigust|lubatud|võimalik|võimalust|ligipääs|luba)
  | \bei\ ole\ mul\ (?:võimalik|lubatud|õigust|luba)\b
  | \bminu\ (?:reeglid|juhised|põhimõtted)\ ei\ luba\b | \bkaugemale\ sellest,\ mida\ ma\ (?:teha\ )?tohin
  | \b(?:minu|mu|nende)?\ ?(?:põhimõtete|reeglite|juhiste)ga\b[^.!?]{0,30}\bvastuol(?:us|lu)
  | \bvastuol(?:us|lu)\ (?:minu\ |mu\ )?(?:põhimõtete|reeglite|juhiste)ga\b
  | \boleks\ (?:minust\ )?vale\ (?:aidata|selgitada|anda)\b | \bei\ tule\ kõne\ alla(?:gi)?\b
  | \bminult\b[^.!?]{0,50}\bei\ saa\b | \bärge\ paluge\ mul\b
"""
_UKRAINIAN = r"""
    \bне\ (?!триматиму|забиратиму|приховуватиму)\w+(?:тиму|тимуся|тимемо)\b
  | \bне\ (?:буду|стану|збираюся|хочу|готов(?:ий|а)|згод(?:ен|на)|погоджу(?:юся|юсь|ся)|роблю|даю|надаю|пишу|складаю
        |ділюся|передаю|розкриваю|підтримую|підтверджую|допоможу|надам|напишу|підпишу|скажу|розкрию|назву|візьму|зроблю
        |передам|поясню|покажу|розголошу|маю\ (?:права?|змоги|доступу|можливості|наміру))\b
  | \b(?:я|ми)\ (?:\w+\ ){0,2}не\ (?:можу|зможу|можемо|зможемо)\b(?!\ не\b)
  | \bне\ (?:можу|зможу)\ (?!не\b)(?:\w+\ ){0,3}(?:виконати|допомогти|допомагати|надати|ділитися|написати|відповісти
        |повідомити|розголосити|зробити|підтримати|сказати|назвати|підказати|передати|пояснити)\b
  | \b(?:допомогти|надати|зробити|виконати|написати|назвати|пояснити)\b[^.!?]{0,25}\bне\ (?:можу|зможу)\b
  | \bми\ (?:\w+\ ){0,2}не\ (?:надаємо|консультуємо|радимо|допомагаємо|даємо|розголошуємо)\b
  | \bмені\ (?:не\ (?:можна|дозволено|вільно)|заборонено)\b
  | \b(?:мушу|маю|змушен(?:ий|а)|вимушен(?:ий|а))\ (?:відмовити|відмовитися|відхилити)
  | \bвідмовляюс[яь]\b | \bвідхиляю\b | \bутримаюс[яь]\b | \bмої\ (?:правила|принципи)\ не\ дозволяють\b
  | \bсупереч(?:ить|ать)\ (?:моїм|принципам)
  | \bза\ межі\ того,\ що\ мені\ дозволено | \bбуло\ б\ неправильно\b
  | \bне\ може\ бути\ й?\ ?мови\b
  | \bвід\ мене\ (?:ви\ )?\w*\ ?[^.!?]{0,40}\bне\b | \bне\ просіть\ мене\b
  | \bцього\ я\b[^.!?]{0,25}\bне\b
"""
_PATTERN = re.compile(f"{_ENGLISH}|{_ESTONIAN}|{_UKRAINIAN}", re.IGNORECASE | re.VERBOSE)


def says_so(plain: str) -> bool:
    """Whether a reply refuses in words that are always a refusal's.

    Args:
        plain: on one line, with straight apostrophes, without quotations.
    """
    return bool(_PATTERN.search(plain))
