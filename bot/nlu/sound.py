"""One phonetic key for Lao script and romanised Lao: how a text sounds, however it is spelt.

Aspirates and voicing are merged (k kh g; t th d; p ph b), vowel length is merged, tones, silent
letters and doubled letters are dropped. `ໃບຂັບຂີ່`, `bai khap khi` and `baikubkhi` come out close
or equal. The rules follow the romanisation variants that Lao people use in chats; there is no
standard to follow. A pack says by `sound:` in lexicon.yml which languages are compared by it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import add

from bot.nlu.letters import read

_SILENT = "\u0ec8\u0ec9\u0eca\u0ecb\u0ecc\u200b\u200c\u200d\u2060\u00ad\ufeff"
_CONSONANT = "ກ-ຮໜໝໞໟ"
_SIGN = "ະ-ຽໍ"

# A consonant that ends a syllable.
_FINAL = f"[ກງດຕນບປມ](?![{_SIGN}ອວ])"

# One alternation, longest context first; group names say how the match becomes key letters.
_LAO = re.compile(
    rf"""
      (?<![ເແໂໃໄ])(?P<lead>[ເແໂໃໄ]++)(?P<onset>ຫ?[{_CONSONANT}](?:ຼ|[ຣລ](?=[ກງດນບມ]))?(?:ວ(?=[ກງດນບມ](?![{_SIGN}])))?)
                        (?P<tail>ົາ|າະ|າ|[ຶື]ອ|[ິີ]ຍ(?={_FINAL})|ັ?[ຍຽ](?![{_SIGN}])|[ິີ]|ັ|ະ)?
    | (?P<fixed>ົວະ?|ັວະ?|ຽ|ໍາ|າໍ|ຳ|(?:ັຍ|າຍ|າວ)(?![{_SIGN}])|[ະັາິີຶືຸູົໍ])
    | (?P<ua>(?<=[{_CONSONANT}ຼ])ວ(?=[{_CONSONANT}](?![{_SIGN}])))
    | (?P<mute>(?<=[ກຂຄຕທປພບ])ຣ(?:(?=[{_SIGN}])|(?<=ຕຣ)(?![{_SIGN}ອວ]))|ຫ(?=[ງຍນມຣລວຼ][{_SIGN}ອວ])|ອ(?=[{_SIGN}ວອ]|ຍ[{_SIGN}])|ໆ)
    | (?P<letter>[{_CONSONANT}ຼ])(?P<vowelled>(?=[{_SIGN}ອວ]))?
    """,
    re.VERBOSE,
)
_SYLLABLE = re.compile(rf"([ເແໂໃໄ]+)(ຫ?[{_CONSONANT}](?:ຼ|[ຣລ](?=[ກງດນບມ]))?ວ?)(.*)")
_TAILS = {
    "ົາ": "ao",
    "າ": "ao",
    "ີຍ": "ia",
    "ິຍ": "ia",
    "າະ": "o",
    "ຶອ": "ua",
    "ືອ": "ua",
    "ຍ": "ia",
    "ັຍ": "ia",
    "ຽ": "ia",
    "ັຽ": "ia",
}
_LEADS = {"ເ": "e", "ແ": "e", "ໂ": "o", "ໄ": "ai", "ໃ": "ai"}
_WITH_Y = {"ໄ": "ai", "ໃ": "ai", "ໂ": "oi"}
_FIXED = {
    "ົວ": "ua",
    "ົວະ": "ua",
    "ັວ": "ua",
    "ັວະ": "ua",
    "ຽ": "ia",
    "ໍາ": "am",
    "າໍ": "am",
    "ຳ": "am",
    "ັຍ": "ai",
    "າຍ": "ai",
    "າວ": "ao",
    "ົ": "o",
    "ໍ": "o",
    **dict.fromkeys("ະັາ", "a"),
    **dict.fromkeys("ິີ", "i"),
    **dict.fromkeys("ຶືຸູ", "u"),
}
_LETTERS = {
    **dict.fromkeys("ກຂຄ", "k"),
    **dict.fromkeys("ດຕຖທ", "t"),
    **dict.fromkeys("ບປຜພ", "p"),
    **dict.fromkeys("ສຊ", "s"),
    **dict.fromkeys("ຍຢ", "y"),
    **dict.fromkeys("ນໜ", "n"),
    **dict.fromkeys("ມໝ", "m"),
    **dict.fromkeys("ຝຟ", "f"),
    **dict.fromkeys("ຣລຼ", "l"),
    **dict.fromkeys("ຫຮ", "h"),
    "ງ": "g",
    "ຈ": "c",
    "ວ": "v",
    "ອ": "o",
}
_FINALS = {"ຍ": "i", "ວ": "o"}

_LATIN = re.compile(
    r"""
      (?P<mute>(?<=[aeiou])[rh](?![aeiou]))
    | (?P<final>y(?![aeiou]))
    | (?P<spelt>ng | ny | nh(?=[aeiou]) | gn | [kcgpt]h | dt | bp | sh | eua | uea | ue | eu
        | oua | ou | oo | aw(?![aeiou]) | ow(?![aeiou]) | ie | ia | ea | ae | ee | aa | au
        | a[iy](?![aeou]) | ei | o[iy](?![aeiou]) | oe | [a-z])
    """,
    re.VERBOSE,
)
_SPELT = {
    "ng": "g",
    "ny": "y",
    "nh": "y",
    "gn": "y",
    "kh": "k",
    "ch": "c",
    "gh": "k",
    "ph": "p",
    "th": "t",
    "dt": "t",
    "bp": "p",
    "sh": "s",
    "ue": "u",
    "eu": "u",
    "uea": "ua",
    "eua": "ua",
    "oua": "ua",
    "ou": "u",
    "oo": "u",
    "aw": "o",
    "ow": "o",
    "ie": "ia",
    "ea": "e",
    "ae": "e",
    "ee": "i",
    "aa": "a",
    "au": "ao",
    "ay": "ai",
    "ei": "ai",
    "oy": "oi",
    "oe": "e",
    "j": "c",
    **dict.fromkeys("kcgq", "k"),
    **dict.fromkeys("td", "t"),
    **dict.fromkeys("pb", "p"),
    **dict.fromkeys("sxz", "s"),
    **dict.fromkeys("vw", "v"),
    **dict.fromkeys("rl", "l"),
}
_SCRIPT = "\u0e80-\u0ecf\u0edc-\u0edf"
_IS_LAO = re.compile(f"[{_SCRIPT}]")
# Where a syllable of Lao surely begins: with its vowel, or with a consonant that has one and that no
# rule of _LAO takes together with what stands before it, nor looks at from there.
_BEGINS = rf"(?<![ເແໂໃໄຫຣລວ])(?:[ເແໂໃໄ]|(?![ຍວອຣລ])[{_CONSONANT}]ຼ?[{_SIGN}])"
_STRETCH = re.compile(rf"[{_SCRIPT}](?:(?!{_BEGINS})[{_SCRIPT}])*|[a-z]+|[\s'’-]+|.", re.DOTALL)
_WRITTEN = re.compile(r"(?P<gap>[\d_!-&(-,./:-@\[-`{-~])|(?P<letter>[^\s'’-])")
_GAP = " "
# What leaves no trace in a key.
_UNHEARD = re.compile(r"[\s'’-]")
# Below this many key letters different words sound alike.
HEAD = 4

# Stretches up to this length are remembered.
_LONG = 32

# Start, end and key letters of the parts of a stretch, from left to right.
Pieces = list[tuple[int, int, str]]
# Key letters of a stretch, and where in it each starts and ends.
Heard = tuple[str, tuple[int, ...], tuple[int, ...]]


class Sound:
    """How a text sounds: a phonetic key and, for each of its letters, where in the text it comes from.

    A gap in the `key` (a blank) stands for digits and punctuation, white space leaves no trace.
    `runs` are its neighbouring letters as `runs_of` gives them. The text goes by one of TABLES: `lao`
    knows Lao and Latin letters; the empty name is for languages without a table: letters as they are
    written, small and never doubled.
    """

    __slots__ = ("_audible", "_begins", "_origins", "_parts", "_places", "_text", "key", "runs")

    def __init__(self, text: str, table: str) -> None:
        self._text, self._audible = text, _audible(text)
        self._parts = TABLES[table].listen(self._audible)
        self.key = _letters(self._parts)
        self.runs = runs_of(self.key)
        # Where in the key each stretch begins that is heard; where in the text it does, and what is heard of it.
        self._begins: list[int] = []
        self._places: list[tuple[int, Heard]] = []
        # Where in the text each audible letter is, if some are silent.
        self._origins: list[int] = []

    def span(self, first: int, end: int) -> tuple[int, int]:
        """Where in the text, in code points, the letters of the key from `first` up to `end` start and end.

        A letter heard at the end of one word and the beginning of the next is kept once: it ends in
        the first, starts in the second.
        """
        start, stop = self._spot(first)[0], self._spot(end - 1)[1]
        if len(self._audible) == len(self._text):
            return start, stop
        if not self._origins:
            self._origins = [index for index, letter in enumerate(self._text) if letter not in _SILENT]
        return self._origins[start], self._origins[stop - 1] + 1

    def _spot(self, letter: int) -> tuple[int, int]:
        """Where in what is audible a letter of the key starts and ends."""
        if not self._places:
            self._place()
        begins, places = self._begins, self._places
        last = bisect_right(begins, letter) - 1
        at = last
        while at and begins[at - 1] + len(places[at - 1][1][0]) > letter:
            at -= 1
        from_, (_, firsts, finals) = places[at]
        place = letter - begins[at]
        start, end = from_ + firsts[place], from_ + finals[place]
        for from_, (_, firsts, finals) in places[at + 1 : last + 1]:
            start, end = _shared(start, end, from_ + firsts[0], from_ + finals[0], self._audible)
        return start, end

    def _place(self) -> None:
        at = size = 0
        last = ""
        for stretch, heard in self._parts:
            if piece := heard[0]:
                size -= piece[0] == last
                self._begins.append(size)
                self._places.append((at, heard))
                size += len(piece)
                last = piece[-1]
            at += len(stretch)


def key(text: str, table: str) -> str:
    """Return the phonetic key alone; of a neighbour's letters, that of those that they are read as."""
    return _letters(TABLES[table].listen(_audible(read(text, table))))


def runs_of(key: str) -> tuple[list[str], list[str], list[str]]:
    """Every two, three and four neighbouring letters of a key, a blank before and behind it among them."""
    bordered = f" {key} "
    twos = list(map(add, bordered, bordered[1:]))
    return twos, list(map(add, twos, bordered[2:])), list(map(add, twos, twos[2:]))


def _audible(text: str) -> str:
    """A text in small letters, without silent marks."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    # A few foreign letters grow when lowered: offsets would slip.
    audible = lowered if len(lowered) == len(text) else text
    for silent in _SILENT:
        audible = audible.replace(silent, "")
    return audible


def _letters(parts: Iterable[tuple[str, Heard]]) -> str:
    """The letters of stretches from left to right, none doubled."""
    letters = ""
    for _, (piece, _, _) in parts:
        if piece:
            letters += piece[1:] if piece[0] == letters[-1:] else piece
    return letters


def _joined(stretches: Iterable[tuple[int, Heard]], heard: str) -> tuple[str, list[int], list[int]]:
    """The letters of stretches from left to right, none doubled, and where each starts and ends."""
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = ""
    for at, (piece, firsts, finals) in stretches:
        if not piece:
            continue
        if piece[0] == last:
            starts[-1], ends[-1] = _shared(starts[-1], ends[-1], at + firsts[0], at + finals[0], heard)
            letters.append(piece[1:])
            starts += [at + first for first in firsts[1:]]
            ends += [at + final for final in finals[1:]]
        else:
            letters.append(piece)
            starts += [at + first for first in firsts]
            ends += [at + final for final in finals]
        last = piece[-1]
    return "".join(letters), starts, ends


def _shared(start: int, end: int, again: int, until: int, heard: str) -> tuple[int, int]:
    """Where a letter is that is heard from `start` to `end`, and `again`: doubled in a word it is one, else see Sound.span."""
    return (start, until) if again == end and heard[end].isascii() else (again, end)


class Table:
    """Rules that give sounds to a text: how it falls into stretches, and the pieces of one stretch.

    What stands around a stretch must not change its pieces: people use the same few thousand again
    and again, so that most of a message has been heard before.
    """

    def __init__(self, stretch: re.Pattern[str], pieces: Callable[[str], Pieces]) -> None:
        self._stretch, self._pieces = stretch, pieces
        self._known = lru_cache(maxsize=8192)(self.hear)

    def listen(self, audible: str) -> list[tuple[str, Heard]]:
        """The stretches of a text without silent marks, which together are all of it, and their sounds."""
        known = self._known
        return [
            (stretch, known(stretch) if len(stretch) < _LONG else self.hear(stretch))
            for stretch in self._stretch.findall(audible)
        ]

    def hear(self, stretch: str) -> Heard:
        """The letters of a stretch, none doubled, and where in it each starts and ends."""
        pieces = [
            (0, (letter, (start,), (end,))) for start, end, piece in self._pieces(stretch) for letter in piece
        ]
        letters, starts, ends = _joined(pieces, stretch)
        return letters, tuple(starts), tuple(ends)


def _lao_pieces(stretch: str) -> Pieces:
    """The pieces of a Latin word, of a few syllables of Lao, of a gap, or of what is not heard."""
    if "a" <= stretch[0] <= "z":
        return [(*match.span(), _latin(match.lastgroup, match[0])) for match in _LATIN.finditer(stretch)]
    if _IS_LAO.match(stretch):
        return [(*match.span(), _lao(match.lastgroup, match[0])) for match in _LAO.finditer(stretch)]
    return [] if _UNHEARD.match(stretch) else [(0, len(stretch), _GAP)]


def _letter_pieces(stretch: str) -> Pieces:
    return [
        (match.start(), match.end(), match[0] if match.lastgroup == "letter" else _GAP)
        for match in _WRITTEN.finditer(stretch)
    ]


TABLES: Mapping[str, Table] = {
    "lao": Table(_STRETCH, _lao_pieces),
    "": Table(re.compile(r"[\s'’-]+|[^\s'’-]+"), _letter_pieces),
}


def _latin(rule: str | None, spelt: str) -> str:
    if rule == "mute":
        return ""
    return "i" if rule == "final" else _SPELT.get(spelt, spelt)


def _lao(rule: str | None, written: str) -> str:
    if rule in {"onset", "tail"}:
        return _led(written)
    if rule == "fixed":
        return _FIXED[written]
    if rule == "ua":
        return "ua"
    if rule == "letter" and written in _FINALS:
        return _FINALS[written]
    return _LETTERS.get(written, "") if rule in {"letter", "vowelled"} else ""


def _led(written: str) -> str:
    lead, onset, tail = _SYLLABLE.fullmatch(written).groups()  # type: ignore[union-attr]  # a part of _LAO
    if len(onset) > 1 and onset[0] == "ຫ":
        onset = onset[1:]
    begin = "".join(_LETTERS.get(letter, "") for letter in onset if letter != "ອ")
    if tail and tail[-1] == "ຍ" and lead[0] in _WITH_Y:
        return begin + _WITH_Y[lead[0]]
    return begin + _TAILS.get(tail or "", "e" if lead == "ເເ" else _LEADS[lead[0]])
