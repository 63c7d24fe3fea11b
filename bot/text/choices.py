"""Numbered choices: how they are written where there are no buttons, and which one an answer means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from bot.text.digits import ascii_digits

_FEWEST_LETTERS = 3
# And so many of them are left by `key`, which may take one letter pressed again and again for one.
_FEWEST_KEPT = 2
_AROUND = " \t\n\r\u00a0\u200b.,;:!?()[]{}<>/\\|*#'\"`_~-‘’“”«»–—…。、，．：；）（】【＃\ufe0f\u20e3"
_NUMBER_LAST = re.compile(r"(?P<words>\D*)(?P<number>\d{1,3})", re.ASCII)
_NUMBER_FIRST = re.compile(r"(?P<number>\d{1,3})(?P<words>\D.*)", re.ASCII | re.DOTALL)


def numbered(labels: Sequence[str], start: int = 1) -> str:
    """One line a label, "1 …", numbered from `start`; the empty text for no labels."""
    return "\n".join(f"{number} {label}" for number, label in enumerate(labels, start=start))


def match(
    text: str,
    labels: Sequence[str],
    *,
    item_words: Collection[str] = (),
    key: Callable[[str], str] = str.casefold,
) -> int | None:
    """Tell which of `labels` the answer `text` means: its index, from 0, or None.

    Understood are the number as shown, from 1, in any digits, with marks around it or after one of
    `item_words` ("no. 2"); the label, with its number or without; three or more letters with which
    one label alone begins, or with its number that label ("2 Household…", as a button has it). Two texts are the same when `key` makes them equal. A number with
    other words ("2 kids") is an answer in words, and a doubtful answer is None.
    """
    answer = _bare(text)
    if not answer:
        return None
    by_number = _by_number(answer, labels, item_words, key)
    return _by_label(answer, labels, key) if by_number is None else by_number


def _bare(text: str) -> str:
    return ascii_digits(text).strip(_AROUND)


def _by_number(
    answer: str, labels: Sequence[str], item_words: Collection[str], key: Callable[[str], str]
) -> int | None:
    if last := _NUMBER_LAST.fullmatch(answer):
        known = {key(_bare(word)) for word in item_words}
        named = key(_bare(last["words"])) in known or all(
            key(_bare(w)) in known for w in last["words"].split()
        )
        return _index(last["number"], labels) if named else None
    if first := _NUMBER_FIRST.fullmatch(answer):
        index = _index(first["number"], labels)
        if index is not None and _begins(key(_bare(first["words"])), key(_bare(labels[index]))):
            return index
    return None


def _begins(words: str, label: str) -> bool:
    return words == label or (_letters(words) >= _FEWEST_LETTERS and label.startswith(words))


def _index(number: str, labels: Sequence[str]) -> int | None:
    return int(number) - 1 if 1 <= int(number) <= len(labels) else None


def _by_label(answer: str, labels: Sequence[str], key: Callable[[str], str]) -> int | None:
    wanted = key(answer)
    keys = [_label_key(key, label) for label in labels]
    same = [index for index, label in enumerate(keys) if wanted and label == wanted]
    if not same:
        same = [index for index, label in enumerate(keys) if wanted and label.startswith(wanted)]
        if same and (_letters(answer) < _FEWEST_LETTERS or _letters(wanted) < _FEWEST_KEPT):
            return None
    return same[0] if len(same) == 1 else None


@lru_cache(maxsize=1024)
def _label_key(key: Callable[[str], str], label: str) -> str:
    """Labels come from a pack and come again with every question."""
    return key(_bare(label))


def _letters(text: str) -> int:
    """Letters with their vowel and tone marks, each code point for itself."""
    return sum(unicodedata.category(character)[0] in "LM" for character in text)
