"""Letters of a neighbour's script read as ours: one letter for one, so that every offset holds.

Lao and Thai letters come in the same order in Unicode for the same sounds; readers of one read the
other. By the names of the tables of sound.py: what is compared by such a table is read by these letters.
"""

from __future__ import annotations

from collections.abc import Mapping

# Thai to Lao, sound for sound: letters that Lao gave up are read as those that it kept.
_THAI = "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮฯะัาำิีึืฺุูเแโใไๅๆ็่้๊๋์ํ๎๐๑๒๓๔๕๖๗๘๙ฤฦ"
_LAO = "ກຂຂຄຄຄງຈຊຊຊຊຍດຕຖທທນດຕຖທທນບປຜຝພຟພມຍຣລວສສສຫລອຮຯະັາຳິີຶື຺ຸູເແໂໃໄາໆັ່້໊໋໌ໍ໎໐໑໒໓໔໕໖໗໘໙ຣລ"

READ_AS: Mapping[str, Mapping[int, str]] = {
    "lao": {ord(thai): lao for thai, lao in zip(_THAI, _LAO, strict=True)},
}


def read(text: str, sounds: str) -> str:
    """The text in the letters of the table `sounds`, as long as it was; letters of other scripts stay."""
    table = READ_AS.get(sounds)
    return text if table is None or text.isascii() else text.translate(table)
