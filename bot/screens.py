"""Screens of a session: a text over as many as it needs, each with the lines by which one goes on and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from bot.text.gsm import EXTENSION, is_gsm, septets
from bot.text.pages import first_page

# What is typed to see the next screen, to go back to what was shown before, and to the menu at the top.
MORE, BACK, HOME = "99", "0", "00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What one screen holds, in UTF-16 units and in septets of GSM 03.38, and the words for more and back."""

    units: int
    septets: int
    more: str
    back: str

    def fits(self, screen: str) -> bool:
        """Whether a screen can be shown."""
        if is_gsm(screen):
            return septets(screen) <= self.septets
        return _units(screen) <= self.units

    def lines(self, *, more: bool, back: bool) -> str:
        """The lines below the text, each after a line end."""
        offered = ((more, MORE, self.more), (back, BACK, self.back))
        return "".join(f"\n{number} {words}" for wanted, number, words in offered if wanted)


def screens(text: str, frame: Frame, *, back: bool) -> list[str]:
    """The screens of `text`, at least one; `back` when something lies before the first.

    No character is lost or said twice but the white space at a cut. Raises ValueError where a screen has
    no room for a letter beside its lines.
    """
    return list(_cut(text.strip(), frame, back=back))


def _cut(rest: str, frame: Frame, *, back: bool) -> Iterator[str]:
    while True:
        last = rest + frame.lines(more=False, back=back)
        if frame.fits(last):
            yield last
            return
        lines = frame.lines(more=True, back=back)
        # What fits without the line for more has been shown: here at least one letter stays for the next.
        page, rest = first_page(rest, min(_room(rest, lines, frame), len(rest) - 1))
        yield page + lines
        back = True


def _room(text: str, lines: str, frame: Frame) -> int:
    """How many code points of the beginning of `text` fit above these lines."""
    room = bisect_right(list(accumulate(map(_width, text))), frame.units - _units(lines))
    if is_gsm(lines):
        plain = next((index for index, character in enumerate(text) if not is_gsm(character)), len(text))
        costs = (2 if character in EXTENSION else 1 for character in text[:plain])
        room = max(room, bisect_right(list(accumulate(costs)), frame.septets - septets(lines)))
    if room < 1:
        raise ValueError("A screen needs room for a letter beside its lines.")
    return room


def _width(character: str) -> int:
    return 2 if ord(character) > _LAST_OF_ONE_UNIT else 1


def _units(text: str) -> int:
    """Its length in UTF-16 units."""
    return sum(map(_width, text))


_LAST_OF_ONE_UNIT = 0xFFFF
