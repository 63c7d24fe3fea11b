"""Lao as it is meant, not as it was typed: one spelling for what is stored, looser ones to match by.

Unicode's normal forms do not repair Lao: most of its vowels have combining class 0, so that marks
typed in another order, an AM typed as two letters and doubled marks stay different. NFC is used
throughout, never NFKC, which tears AM and the digraphs apart. Every function is idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from operator import eq

from bot.text.clean import composed
from bot.text.digits import ascii_digits
from bot.text.typography import plain

_AA, _AM, _NIGGAHITA = "\u0eb2", "\u0eb3", "\u0ecd"
# The order in which the marks of one consonant are written; it agrees with NFC.
_ORDER = (
    "\u0eba\u0ebc",  # virama, subscript LO
    "\u0eb8\u0eb9",  # vowels below
    "\u0eb1\u0eb4-\u0eb7\u0ebb",  # vowels above
    _NIGGAHITA,
    "\u0ec8-\u0ecb",  # tones
    "\u0ecc\u0ece",  # cancellation, yamakkan
)
_MARK = "\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
_RUN = re.compile(f"[{_MARK}{_AA}{_AM}]{{2,}}")
_DISORDER = "|".join(
    f"[{''.join(_ORDER[place:])}][{before}]" for place, before in enumerate(_ORDER[:-1], start=1)
)
_IRREGULAR = re.compile(
    f"(?=[{_MARK}{_AA}{_AM}ເ])"  # makes all other letters cheap
    f"(?:{_DISORDER}|([{_MARK}])\\1|[{_AA}{_AM}][{_MARK}]|{_NIGGAHITA}[{_MARK}]*[{_AA}{_AM}]|ເເ)"
)
_PLACES = {
    chr(code): place
    for place, marks in enumerate(_ORDER)
    for code in range(0x0EB1, 0x0ECF)
    if re.match(f"[{marks}]", chr(code))
}
# Emoji keep their joiner.
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u2060\ufeff]")

_FULLWIDTH = re.compile("[\uff01-\uff5e]")
_DIGRAPH = re.compile("ຫ(?:[ນມ]|ລຼ?)")
_DIGRAPHS = {"ຫນ": "ໜ", "ຫມ": "ໝ"}
_LONG = re.compile(r"([^\d\s])\1{2,}")
# Twice in a row a letter that is the one before it: quicker to see than the pattern is to try.
_TWICE_ALIKE = b"\1\1"

_TONES = dict.fromkeys(range(0x0EC8, 0x0ECD))
_LOOSE = {**str.maketrans("ີືູໃຽ", "ິຶຸໄຍ"), **_TONES}


def canon(text: str) -> str:
    """Give the one spelling of `text` that is stored: marks in order and single, AM and AE as one letter.

    NFC; zero-width spaces, non-joiners, soft hyphens and byte order marks go. Nothing that a reader
    sees changes.
    """
    if text.isascii():
        return text
    text = composed(_INVISIBLE.sub("", text))
    if _IRREGULAR.search(text):
        return _RUN.sub(_ordered, text.replace("ເເ", "ແ"))
    return text


def fold(text: str) -> str:
    """Give the form in which two spellings of the same words are equal; for matching, never for show.

    After `canon`: lower case, digits 0-9, plain quotes and spaces, ຫນ ຫມ ຫລ as ໜ ໝ ຫຼ, ຣ as ລ,
    a letter drawn out three times or more once.
    """
    text = text.lower() if text.isascii() else canon(plain(_FULLWIDTH.sub(_narrow, text)).lower())
    if not text.isascii():
        text = _DIGRAPH.sub(_digraph, ascii_digits(text).replace("ຣ", "ລ"))
    if _TWICE_ALIKE in bytes(map(eq, text, text[1:])):
        text = _LONG.sub(r"\1", text)
    return " ".join(text.split())


def loose(text: str) -> str:
    """Give `fold` without what hurried typists drop or mix up: tones, vowel length, ໃ and ໄ, ຽ and ຍ."""
    folded = fold(text)
    bare = folded.translate(_LOOSE)
    return folded if bare == folded else fold(bare)


def compact(text: str) -> str:
    """Give the matching key: `loose` without spaces, which Lao puts now here, now there."""
    key = loose(text)
    return fold(key.replace(" ", "")) if " " in key else key


def _ordered(run: re.Match[str]) -> str:
    """Put the marks of `run` in order before its vowels AA and AM, each once.

    A run beside a mark of another script stays: reordered, it would no longer be NFC.
    """
    text, start, end = run.string, run.start(), run.end()
    if unicodedata.combining(text[start - 1 : start] or " ") or unicodedata.combining(
        text[end : end + 1] or " "
    ):
        return run[0]
    vowels = [letter for letter in run[0] if letter not in _PLACES]
    marks = sorted((letter for letter in run[0] if letter in _PLACES), key=_PLACES.__getitem__)
    if vowels and (_NIGGAHITA in marks or _AM in vowels):
        marks = [mark for mark in marks if mark != _NIGGAHITA]
        vowels = vowels if _AM in vowels else [_AM, *vowels[1:]]
    return "".join(mark for mark, _ in groupby(marks)) + "".join(vowels)


def _narrow(letter: re.Match[str]) -> str:
    return chr(ord(letter[0]) - 0xFEE0)


def _digraph(letters: re.Match[str]) -> str:
    return _DIGRAPHS.get(letters[0], "ຫຼ")
