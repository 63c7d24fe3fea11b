"""Words of scripts that set no spaces between them, for models that were trained so: by ICU, which the extra `icu` brings.

Without it such scripts are read by syllables and pairs of them, which needs nothing and is nearly as good: 77.9 % of
the Lao topics of SIB-200 are told, 79.9 with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec

from bot.nlu.errors import SegmenterMissing
from bot.nlu.features import LONGEST, toneless
from bot.nlu.normalise import fold

SYLLABLES, ICU = "syllables", "icu"
SEGMENTERS = (SYLLABLES, ICU)

# Single letters say nothing; ASCII has its spaces.
_WORD = re.compile(r"[^\W\d_\x00-\x7f][^\s\x00-\x7f]+")

Segmenter = Callable[[str], Iterable[str]]


def segmenter(name: str) -> Segmenter:
    """What gives the words of a text, without tones; `syllables` gives none. Raises SegmenterMissing."""
    if name == SYLLABLES:
        return lambda _: ()
    if find_spec("icu4py") is None:
        raise SegmenterMissing
    breaker = import_module("icu4py.breakers").WordBreaker

    def words(text: str) -> Iterable[str]:
        if text.isascii():
            return ()
        # The dictionary knows words with their tones; people leave them out. ICU finds the script by itself.
        return (toneless(word) for word in breaker(fold(text[:LONGEST]), "und") if _WORD.fullmatch(word))

    return words
