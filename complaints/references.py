"""References told to citizens: digits that can be read aloud, the last of which checks the others.

The check digit is Damm's (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004): every wrong
digit and every two swapped neighbours are noticed, so a slip never opens somebody else's case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.clock import Chance
from bot.text.check_digits import damm
from bot.text.digits import ascii_digits

LENGTH = 8

# What people put between digits: spaces of any width, dashes, points, the sign for "number".
_SEPARATORS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff#№.,:;/_\-\u2010-\u2015]+")


class Flaw(StrEnum):
    """Why a text is no reference."""

    ONE_DIGIT_WRONG = "one_digit_wrong"
    NOT_A_REFERENCE = "not_a_reference"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference whose check digit is right; whether such a case exists is another question."""

    digits: str

    def __str__(self) -> str:
        return self.digits


def draw(chance: Chance, digits: int = LENGTH) -> str:
    """A reference of `digits` digits at random, never beginning with 0; the caller sees to collisions."""
    body = str(chance.random.randrange(10 ** (digits - 2), 10 ** (digits - 1)))
    return body + damm(body)


def check(text: str, digits: int = LENGTH) -> Reference | Flaw:
    """Read what a person typed: spaces, dashes and Lao digits are fine.

    A digit that is wrong, missing or too many, and two swapped neighbours, are ONE_DIGIT_WRONG;
    anything farther from a reference is NOT_A_REFERENCE.
    """
    typed = _SEPARATORS.sub("", ascii_digits(text))
    if not typed.isascii() or not typed.isdecimal() or abs(len(typed) - digits) > 1:
        return Flaw.NOT_A_REFERENCE
    if len(typed) != digits or typed.startswith("0") or damm(typed) != "0":
        return Flaw.ONE_DIGIT_WRONG
    return Reference(typed)


def spoken(reference: str) -> str:
    """The reference in groups of four, as it is told: "1234 5678"."""
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))
