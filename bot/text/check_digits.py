"""Check digits: schemes that notice every single wrong digit of a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

# The totally anti-symmetric quasigroup of order 10 in Damm's thesis: row = state, column = digit.
_QUASIGROUP = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_TWICE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def damm(digits: str) -> str:
    """The digit to append (H. M. Damm, 2004); "0" for digits that end in their own check digit."""
    state = 0
    for digit in digits:
        state = int(_QUASIGROUP[state][int(digit)])
    return str(state)


def _damm_holds(number: str) -> bool:
    return number.isascii() and number.isdecimal() and damm(number) == "0"


def _luhn_holds(number: str) -> bool:
    """ISO/IEC 7812-1, annex B: digits only."""
    if not (number.isascii() and number.isdecimal()):
        return False
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(_TWICE[digit] for digit in digits[1::2])) % 10 == 0


def _mod97_holds(number: str) -> bool:
    """ISO/IEC 7064 MOD 97-10: digits, and letters as 10 to 35."""
    if not (number.isascii() and number.isalnum()):
        return False
    return int("".join(str(int(each, 36)) for each in number)) % 97 == 1


# A scheme by its name: whether a number, without separators and in capitals, has the right check digits.
SCHEMES: Mapping[str, Callable[[str], bool]] = {
    "damm": _damm_holds,
    "luhn": _luhn_holds,
    "mod97-10": _mod97_holds,
}
