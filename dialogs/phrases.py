"""Word lists of the dialogs: the bare wish to complain, insults, "skip", "for my mother"; and how words are found in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import PackError
from bot.pack import Pack, Section
from bot.text.digits import ascii_digits

# Fewer than both is no substance. Lao has no spaces to count words by.
_SUBSTANCE_WORDS = 4
_SUBSTANCE_LETTERS = 15
# Of one word, so that it is no initials.
_LEAST_KEYS = 3
_LETTERS = re.compile(r"[^\s\d!-/:-@\[-`{-~]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """The lists of all languages together: people mix them."""

    wish: re.Pattern[str]
    insults: re.Pattern[str]
    skip: frozenset[str]
    on_behalf: re.Pattern[str]
    open_until: re.Pattern[str]
    courtesies: re.Pattern[str]
    keys: tuple[str, ...]

    @classmethod
    def load(cls, pack: Pack) -> Phrases:
        """Read <language>/phrases.yml of every language; raises PackError."""
        problems: list[PackError] = []
        files = [Section.open(pack.root / language / "phrases.yml", problems) for language in pack.languages]
        phrases = cls(
            wish=any_of(_together(files, "wish")),
            insults=any_of(_together(files, "insults")),
            skip=frozenset(_plain(word) for word in _together(files, "skip")),
            on_behalf=any_of(_together(files, "on_behalf")),
            open_until=any_of(_together(files, "open_until")),
            courtesies=any_of(_together(files, "courtesies")),
            keys=tuple(row + row[::-1] for row in _together(files, "keys")),
        )
        for each in files:
            each.only(("wish", "insults", "skip", "on_behalf", "open_until", "courtesies", "keys"))
        if problems:
            raise problems[0]
        return phrases

    def has_substance(self, text: str) -> bool:
        """Whether a text says something beyond the bare wish to complain: 4 words or 15 letters."""
        words = [word for word in self._beyond(text).split() if any(map(str.isalpha, word))]
        return len(words) >= _SUBSTANCE_WORDS or self.letters(text) >= _SUBSTANCE_LETTERS

    def letters(self, text: str) -> int:
        """How many letters a text has beyond the bare wish to complain; Lao writes vowels and tones as marks."""
        return sum(unicodedata.category(each)[0] in "LM" for each in self._beyond(text))

    def insulting(self, text: str) -> bool:
        """Whether a text has an insult in it."""
        return bool(self.insults.search(text.casefold()))

    def asked(self, text: str) -> str:
        """A text without the courtesies around it."""
        return self.courtesies.sub(" ", text.casefold())

    def is_noise(self, text: str) -> bool:
        """Whether a text is only keys pressed by chance: neighbours of one row, or one again and again."""
        words = _LETTERS.findall(text.casefold())
        return all(len(word) >= _LEAST_KEYS and self._pressed(word) for word in words)

    def _pressed(self, word: str) -> bool:
        return any(word in row for row in self.keys) or len(set(word)) == 1

    def skips(self, text: str) -> bool:
        """Whether a text is nothing but "skip" or "I do not know"."""
        return _plain(text) in self.skip

    def for_another(self, text: str) -> bool:
        """Whether a text says that it is written for somebody else."""
        return bool(self.on_behalf.search(text.casefold()))

    def asks_closing_hour(self, text: str) -> bool:
        """Whether a text asks until when an office is open."""
        return bool(self.open_until.search(text.casefold()))

    def _beyond(self, text: str) -> str:
        return self.wish.sub(" ", text.casefold())


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, the longest first; a Latin word only as a whole one, a Lao one anywhere."""
    spelt = sorted({word.casefold() for word in words}, key=len, reverse=True)
    if not spelt:
        return re.compile(r"(?!)")
    anywhere = [re.escape(word) for word in spelt if not word.isascii()]
    whole = "|".join(re.escape(word) for word in spelt if word.isascii())
    # Where no word begins nothing is tried: ten times as fast as one alternative after the other.
    first = "".join(sorted({re.escape(word[:1]) for word in spelt}))
    either = "|".join([*anywhere, rf"\b(?:{whole})\b"] if whole else anywhere)
    return re.compile(f"(?=[{first}])(?:{either})")


def _together(files: Iterable[Section], key: str) -> list[str]:
    return [word for each in files for word in each.strings(key)]


def _plain(text: str) -> str:
    return re.sub(r"[\s.!?,-]+", " ", ascii_digits(text).casefold()).strip()
