"""Noise: what hurried people make of a text, the same every time; to learn from and to test with."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bot.text.graphemes import clusters

# The kinds that every language has: letters typed wrong, and words run together.
LETTERS, SPACES = "letters", "spaces"

_GAP = re.compile(r"(?<=\S)[ \u00a0]+(?=\S)")
_LETTER = re.compile(r"[^\W\d_]")
# At how many of the places where it can a kind of noise befalls an example of a training.
_LEARNT = {LETTERS: 0.1, SPACES: 0.05}
_LEARNT_ELSE = 0.2
# Ways to type a letter wrong: leave it out, double it, hit another, put it behind the next.
_LEFT_OUT, _DOUBLED, _ANOTHER, _WAYS = 0, 1, 2, 4

# Of a list one is written for another; of a mapping, each of a list for its key. An empty text leaves it out.
Groups = Sequence[Sequence[str] | Mapping[str, Sequence[str]]]


class Noise:
    """The mistakes that people make in one language; those of any language where nothing is told.

    `spellings` are groups that stand anywhere in a word, `words` are groups of whole ones, both by the name
    of their kind; `keyboard` are rows of letters, each of which is hit for one beside, above or below it.
    """

    def __init__(
        self,
        *,
        spellings: Mapping[str, Groups] | None = None,
        words: Mapping[str, Groups] | None = None,
        keyboard: Sequence[str] = (),
    ) -> None:
        whole = {kind: _mix(groups, r"(?<!\w)(?:{})(?!\w)") for kind, groups in (words or {}).items()}
        parts = {kind: _mix(groups, "{}") for kind, groups in (spellings or {}).items()}
        self._mixes = {**whole, **parts}
        self._beside = _beside(keyboard)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Noise:
        """The noise that the entry `noise` of a lexicon.yml tells of."""
        return cls(**told)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of all kinds, in the order in which they befall a text."""
        return (*self._mixes, SPACES, LETTERS)

    def typed(self, text: str, shares: Mapping[str, float], seed: int = 0) -> str:
        """The text as somebody may have typed it, which says something if `text` does.

        `shares` tells by kind at how many of the places where it can happen it does, 0 to 1; a kind that
        this language has not does nothing. The same text and seed give the same.
        """
        # Strings seed alike on every machine; of the generator only `random` is promised to stay.
        chance = random.Random(f"{seed} {text!a}")  # noqa: S311 - it must repeat itself
        typed = text
        for kind in self.kinds:
            if share := shares.get(kind, 0.0):
                typed = self._befallen(typed, kind, share, chance)
        return typed if typed.strip() else text

    def _befallen(self, text: str, kind: str, share: float, chance: random.Random) -> str:
        if kind == LETTERS:
            return _wrong(text, share, chance, self._beside)
        if kind == SPACES:
            return _GAP.sub(lambda gap: "" if chance.random() < share else gap[0], text)
        mix = self._mixes[kind]

        def other(found: re.Match[str]) -> str:
            several = mix.others.get(found[0].lower())
            return _one(several, chance) if several and chance.random() < share else found[0]

        return mix.pattern.sub(other, text)


def mistyped(
    examples: Sequence[Sequence[str]], told: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[int, str]]:
    """Examples (text, intent, language) as somebody may have typed them: the place of each, and that text.

    `told` has by language what its lexicon.yml tells of noise; examples of other languages are left out.
    """
    noises = {language: Noise.of(entry) for language, entry in told.items()}
    shares = {
        language: {**dict.fromkeys(noise.kinds, _LEARNT_ELSE), **_LEARNT}
        for language, noise in noises.items()
    }
    for origin, (text, _, language) in enumerate(examples):
        if language in noises:
            typed = noises[language].typed(text, shares[language])
            if typed != text:
                yield origin, typed


class _Mix(NamedTuple):
    """What finds the spellings of a kind, and what is written for each."""

    pattern: re.Pattern[str]
    others: Mapping[str, Sequence[str]]


def _mix(groups: Groups, around: str) -> _Mix:
    others: dict[str, list[str]] = {}
    for group in groups:
        pairs = group.items() if isinstance(group, Mapping) else ((each, group) for each in group if each)
        for each, several in pairs:
            others.setdefault(each.lower(), []).extend(other for other in several if other != each)
    either = "|".join(map(re.escape, sorted(others, key=len, reverse=True)))
    return _Mix(re.compile(around.format(either or "(?!)"), re.IGNORECASE), others)


def _beside(keyboard: Sequence[str]) -> dict[str, str]:
    """By letter, the letters around it; a mark alone is none."""
    found: dict[str, str] = {}
    for number, row in enumerate(keyboard):
        around = [keyboard[each] for each in (number - 1, number + 1) if 0 <= each < len(keyboard)]
        for place, letter in enumerate(row):
            keys = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
            keys += "".join(each[place : place + 1] for each in around)
            found[letter] = "".join(filter(_LETTER.match, keys))
    return found


def _wrong(text: str, share: float, chance: random.Random, beside: Mapping[str, str]) -> str:
    """The text with that share of its letters typed wrong; a mark stays with a letter that is left."""
    typed = clusters(text)
    letters = [place for place, each in enumerate(typed) if _LETTER.match(each)]
    bare = [typed[place][0] for place in letters]
    for place in letters:
        if chance.random() >= share:
            continue
        way, cluster = int(chance.random() * _WAYS), typed[place]
        if way == _LEFT_OUT:
            # One of its marks, or the letter with all of them.
            mark = int(chance.random() * len(cluster))
            typed[place] = cluster[:mark] + cluster[mark + 1 :] if mark else ""
        elif way == _DOUBLED:
            typed[place] = cluster[:1] + cluster
        elif way == _ANOTHER:
            typed[place] = _one(beside.get(cluster[0].lower()) or bare, chance) + cluster[1:]
        elif place + 1 < len(typed) and _LETTER.match(typed[place + 1]):
            typed[place], typed[place + 1] = typed[place + 1], cluster
    return "".join(typed)


def _one(several: Sequence[str], chance: random.Random) -> str:
    return several[int(chance.random() * len(several))]
