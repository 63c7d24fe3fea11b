"""What makes an SMS dear: the few characters that force a whole text into the costlier alphabet."""

from __future__ import annotations

import unicodedata

from bot.text.breaks import ZWSP
from bot.text.graphemes import clusters
from bot.text.gsm import is_gsm


def dear(text: str) -> list[str]:
    """Name the characters that force UCS-2 on an otherwise GSM `text`, each once, as they come.

    Empty for a GSM text, and for one whose letters are for the greater part not GSM: a Lao text
    costs what it costs. A character is a grapheme cluster, so that an emoji stays whole.
    """
    text = text.replace(ZWSP, "")
    if is_gsm(text):
        return []
    letters = [is_gsm(character) for character in text if unicodedata.category(character)[0] == "L"]
    if letters.count(False) > letters.count(True):
        return []
    return list(dict.fromkeys(cluster for cluster in clusters(text) if not is_gsm(cluster)))
