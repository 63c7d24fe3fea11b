"""What a message says beside its wish: thanks before it, and what it says not to want ("I do not want to complain")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.nlu.data import Entity
from bot.nlu.features import Reading, bare
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import spelt

# Of the entities those that can be unwanted.
REFUSABLE = frozenset(("service", "province", "district", "centre", "date", "language"))

# Thai and Lao, Myanmar, Khmer.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_SIGN = re.compile(r"[^\w\s'’-]")
_TONES = "\u0ec8-\u0ecc"
# After a word of Lao that ends in a vowel: it is another word, which has a last consonant.
_GOES_ON = f"(?<=[\u0eb2\u0eb4-\u0eb9\u0ecd{_TONES}])[ກງດນບມຍວ](?![\u0eb0-\u0ebd\u0ecd{_TONES}ອວ])"
_TONE = re.compile(f"[{_TONES}]")
# Of the words between "not" and what is not wanted.
_MOST_BETWEEN = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that is not wanted, by code points: the words that say so from `start`, it itself from `at` to `end`.

    `intents` are those that it stands for, none where it is a thing that is named; where neither is known it ends
    where it starts.
    """

    start: int
    at: int
    end: int
    intents: frozenset[str] = frozenset()


class Asides:
    """Finds thanks and refusals by the words of the lexicon.

    `not` are words after which a thing is not wanted, `not_between` what may stand between, and
    `not_wanted` words for what can be wanted, by intent. Thanks are `thanks` and `greet`, with `thanks_for`
    what goes on with them and asks nothing. `besides` are words of haste and anger, which ask nothing either.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        between = _either(word for _, word in lexicon.words("not_between"))
        negations = [word for _, word in lexicon.words("not")]
        self._not = _Anywhere(negations, f"(?:{between}){{0,{_MOST_BETWEEN}}}")
        self._intents: dict[str, frozenset[str]] = {}
        for _, intent, word in lexicon.table("not_wanted"):
            said = _plain(word)
            self._intents[said] = self._intents.get(said, frozenset()) | {intent}
        self._wanted = re.compile(_either(self._intents), re.IGNORECASE)
        self._halts = _Anywhere(
            [*negations, *(word for word, of in self._intents.items() if "unsubscribe" in of)]
        )
        thanks = [word for entry in ("thanks", "greet") for _, word in lexicon.words(entry)]
        before = [word for entry in ("affirm", "particles") for _, word in lexicon.words(entry)]
        self._thanks = re.compile(_bare(thanks))
        self._before = re.compile(_bare([*before, *thanks]))
        links = (word for entry in ("between", "particles") for _, word in lexicon.words(entry))
        self._links = re.compile(_bare(links))
        self._besides = _Anywhere([word for _, word in lexicon.words("besides")])
        self._for = re.compile(_bare(word for _, word in lexicon.words("thanks_for")))

    def refusals(self, reading: Reading, entities: Iterable[Entity] = ()) -> list[Refusal]:
        """What the message says not to be wanted, from left to right: one of `entities`, or words of the lexicon."""
        found = []
        for start, at in self._not.find(reading):
            named = [each for each in entities if each["start"] == at and each["entity"] in REFUSABLE]
            if named:
                found.append(Refusal(start, at, named[0]["end"]))
            elif thing := self._wanted.match(reading.text, at):
                found.append(Refusal(start, at, thing.end(), self._intents[_plain(thing[0])]))
            else:
                found.append(Refusal(start, at, at))
        return found

    def halts(self, reading: Reading) -> bool:
        """Whether the message has a word that says not to want something, or to stop."""
        return bool(self._halts.find(reading))

    def besides(self, reading: Reading) -> list[tuple[int, int]]:
        """Where the message has words that do not change what is wanted."""
        return self._besides.find(reading)

    def after_thanks(self, said: str) -> str:
        """What follows the thanks or the greeting that a message in its bare form begins with; empty if none does."""
        at, thanked = 0, False
        while found := self._before.match(said, at):
            thanked = thanked or self._thanks.match(said, at) is not None
            at = found.end()
        if not thanked or self._for.match(said, at):
            return ""
        while found := self._links.match(said, at):
            at = found.end()
        return said[at:]


class _Anywhere:
    """Finds any of some words, and what may follow them: where no word begins nothing is tried."""

    def __init__(self, words: Iterable[str], then: str = "") -> None:
        plain = {_plain(word) for word in words}
        self._latin = frozenset(spelt(word)[0] for word in plain if word.isascii())
        self._others = frozenset(word[0] for word in plain if not word.isascii())
        first = re.escape("".join(sorted({word[0] for word in plain}))) or "\\0"
        self._pattern = re.compile(f"(?=[{first}])(?:{_either(plain)}){then}", re.IGNORECASE)

    def find(self, reading: Reading) -> list[tuple[int, int]]:
        """Where they are, from left to right."""
        others = not reading.text.isascii() and not self._others.isdisjoint(reading.text)
        if not others and self._latin.isdisjoint(reading.words.spelt):
            return []
        return [match.span() for match in self._pattern.finditer(reading.text)]


def _plain(text: str) -> str:
    return " ".join(_TONE.sub("", text.lower()).replace("’", "'").split())


def _either(words: Iterable[str]) -> str:
    """Any of the words: one in spaced letters whole, with the space behind it; any other with whatever tones, run on.

    Latin words may follow those without spaces after one. Lao is cut between syllables only.
    """
    several = sorted({_plain(word) for word in words}, key=lambda word: (-len(word), word))
    spaced = "|".join(
        re.escape(word).replace("\\ ", r"\s+").replace("'", "['’]") for word in several if _is_spaced(word)
    )
    others = "|".join(
        "".join(rf"{re.escape(letter)}[{_TONES}]*" for letter in word)
        for word in several
        if not _is_spaced(word)
    )
    return rf"\b(?:{spaced or '(?!)'})\b\s*|(?:{others or '(?!)'})(?!{_GOES_ON})(?:\s+(?=[a-z]))?"


def _is_spaced(word: str) -> bool:
    """Whether spaces part such words from others: no sign, and no letter of a script that is written without."""
    return word.isascii() or not (_UNSPACED.search(word) or _SIGN.search(word))


def _bare(words: Iterable[str]) -> str:
    """Any of the words in their bare form, with the marks and spaces behind it; a Latin one whole."""
    several = sorted({bare(word).strip() for word in words} - {""}, key=lambda word: (-len(word), word))
    either = [re.escape(word) + (r"\b" if word.isascii() and word[-1].isalnum() else "") for word in several]
    return rf"(?:{'|'.join(either) or '(?!)'})[\s,.!?:;~-]*"
