"""What the classifier looks at: words and sound grams of a message, as plain strings.

Where a table of sounds is, tokens are syllables and two of them make a word. Elsewhere pairs are made only in scripts
that set no spaces, and letters stand for sounds: pairs of English words cost accuracy (77.6 to 78.2 % without them
on banking77), and letters beside sounds gain too little for a third more time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from bot.nlu.letters import read
from bot.nlu.normalise import fold
from bot.nlu.phrases import Words
from bot.nlu.sound import Sound, runs_of

BLOCKS = ("words", "sounds")
# Before the name of a concept, which no word can begin with.
CONCEPT = "\N{SYMBOL FOR START OF HEADING}"
# A citizen's wish stands in the first lines; what follows is the story.
LONGEST = 400

_TONES = "\u0ec8\u0ec9\u0eca\u0ecb"
_CONSONANT = "ກ-ຮໜໝໞໟ"
# Spoken of as in normalise.py: lead vowel, consonant (with a silent or second one), signs, final.
_TOKEN = re.compile(
    rf"""
      [ເແໂໃໄ]*(?:ຫ(?=[ງຍນມຣລວຼ]))?[{_CONSONANT}][ຼ]?[ະ-ຽໍ]*(?:[ວອຍ](?=[{_CONSONANT}](?![ະ-ຽໍ])))?
        (?:[ກງດຕນບປມຍວອ](?![ະ-ຽໍວອ]))?
    | [a-zà-ÿ]+(?:'[a-z]+)?
    | \d+
    | [^\W\d_\u0e80-\u0eff][^\s\d\u0000-\u02ff\u0e80-\u0eff\u2000-\u206f]*
    | [^\s\w]
    """,
    re.VERBOSE,
)
_LATIN = re.compile("[a-z]")
# What the same pattern finds in ASCII alone, in half the time.
_LATIN_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+|[^\s\w]")
_NUMBER, _ASCII_NUMBER = re.compile(r"\d+"), re.compile("[0-9]+")
_LAO_GAP = re.compile(r"(?<=[\u0e80-\u0edf])\s+(?=[\u0e80-\u0edf])")


class Reading:
    """A text as received, and the forms of it that rules, entities and classifier share.

    `text` is what was `written` in the letters that it is read by, as many as were written; `bare` is
    its form by the function of that name, `tokens` are the Latin words and Lao syllables of that;
    `sound` and `words` have offsets into `text`. `sounds` names the table of sound.py, `heard` is
    whether there is one.
    """

    __slots__ = ("bare", "heard", "sound", "text", "tokens", "words", "written")

    def __init__(self, written: str, sounds: str = "") -> None:
        self.written = written
        self.text = text = read(written, sounds)
        self.bare = bare(text)
        self.tokens = tokens_of(self.bare)
        self.sound, self.heard = Sound(text, sounds), bool(sounds)
        self.words = Words(text)


def tokens_of(said: str) -> list[str]:
    """The Latin words and Lao syllables of a text in its bare form, its numbers and signs."""
    return _LATIN_TOKEN.findall(said) if said.isascii() else _TOKEN.findall(said)


def toneless(text: str) -> str:
    """The text without marks of tone."""
    for tone in _TONES:
        text = text.replace(tone, "")
    return text


def bare(text: str) -> str:
    """The folded text without tones, in small letters, numbers as 0, Lao written without spaces."""
    folded = fold(text[:LONGEST]).lower()
    if folded.isascii():
        return _ASCII_NUMBER.sub("0", folded)
    return _LAO_GAP.sub("", _NUMBER.sub("0", toneless(folded)))


def grams(
    reading: Reading, concepts: Iterable[str] = (), segments: Iterable[str] = ()
) -> tuple[set[str], set[str]]:
    """The features of a message, each once, by block.

    Words, pairs of neighbouring ones, `segments`, which are words too, and the names of `concepts`; two to four neighbouring sounds, or letters.
    """
    tokens = reading.tokens
    words = set(tokens)
    pairs = pairwise(tokens)
    words.update(map(" ".join, pairs if reading.heard else _unspaced(pairs)))
    words.update(segments)
    words.update(CONCEPT + concept for concept in concepts)
    key, runs = reading.sound.key, reading.sound.runs
    if not reading.heard:
        runs = runs_of(reading.bare)
    elif len(key) > LONGEST:
        runs = runs_of(key[:LONGEST])
    return words, set().union(*runs)


def _unspaced(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The pairs of tokens of scripts that set no spaces between words."""
    return (pair for pair in pairs if not (_LATIN.search(pair[0]) or _LATIN.search(pair[1])))
