"""The gazetteer: finds provinces and districts in what people write, however they spell them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import PackError
from bot.nlu.search import Search
from bot.pack import Pack, Row, Section, load_csv

PROVINCE, DISTRICT = "province", "district"

# Where in a key a name begins, the name, and the places that have it.
Named = tuple[int, str, tuple["Place", ...]]

# Names this short occur inside other words: they count only beside "district" or on their own.
_SHORT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A province, or a district whose `parent` is the province's code; `names` by language."""

    code: str
    level: str
    parent: str
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceMatch:
    """A place and the code points `start:end` of the text that name it."""

    place: Place
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Places:
    """All places of a pack, by code, and the keys that find them."""

    pack: Pack
    by_code: Mapping[str, Place]
    _matching: _Matching = field(repr=False)
    # The places of each key, and what finds the keys.
    _keys: Mapping[str, tuple[Place, ...]] = field(repr=False)
    _search: Search = field(repr=False)
    # Keys that are everyday words too ("ໃໝ່": new).
    _everyday: Collection[str] = field(repr=False)

    @classmethod
    def load(cls, pack: Pack) -> Places:
        """Read the places of the pack; raises PackError."""
        problems: list[PackError] = []
        places = _read(pack, problems)
        if problems:
            raise problems[0]
        return places

    def get(self, code: str) -> Place | None:
        """The place with this code."""
        return self.by_code.get(code)

    def name(self, code: str, language: str) -> str:
        """What the place is called in this language; raises KeyError for an unknown code."""
        return self.pack.pick(self.by_code[code].names, language)

    def full_name(self, code: str, language: str) -> str:
        """The same with its province, to tell places of one name apart: "Viengkham, Luang Prabang"."""
        parent = self.by_code[code].parent
        name = self.name(code, language)
        return f"{name}, {self.name(parent, language)}" if parent else name

    def provinces(self) -> tuple[Place, ...]:
        """All provinces in the order of the file."""
        return tuple(place for place in self.by_code.values() if place.level == PROVINCE)

    def districts(self, province: str) -> tuple[Place, ...]:
        """The districts of one province in the order of the file."""
        return tuple(place for place in self.by_code.values() if place.parent == province)

    def find(self, text: str, vouched: Sequence[tuple[int, int]] = ()) -> list[PlaceMatch]:
        """Places named in the text, in its order; several with one span where the name is shared.

        Beside a stretch in `vouched`, code points of the text, an everyday word is a name too.

        A level word beside a name ("ແຂວງ", "district") and other places in the same text settle
        what they can: "Phonthong, Champasak" is one district.
        """
        kept = self._matching.kept(text)
        key = "".join(kept)
        named = self._named(key)
        if not named:
            return []
        groups = list(self._groups(text, key, _origins(kept), named, vouched))
        return [
            PlaceMatch(place=place, start=start, end=end)
            for index, (places, start, end) in enumerate(groups)
            for place in _kin(places, [others for other, (others, *_) in enumerate(groups) if other != index])
        ]

    def _groups(
        self,
        text: str,
        key: str,
        origins: Sequence[int],
        named: Iterable[Named],
        vouched: Sequence[tuple[int, int]],
    ) -> Iterator[tuple[tuple[Place, ...], int, int]]:
        free = 0
        for position, name, places in named:
            end = position + len(name)
            if position < free or not _is_whole(text, origins[position], origins[end]):
                continue
            levels = self._matching.levels_beside(text, key, origins, slice(position, end))
            chosen = tuple(place for place in places if place.level in levels) or places
            start, stop = origins[position], _trimmed(text, origins[end])
            told = levels or len(name) == len(key) or self._counts(name, places, text, start)
            if told or any(_adjoin(text, (start, stop), each) for each in vouched):
                yield chosen, start, stop
                free = end

    def _counts(self, name: str, places: tuple[Place, ...], text: str, start: int) -> bool:
        """Whether a name says a place amid other words: no everyday word, or a province's short name set apart."""
        if name not in self._everyday:
            return True
        end = start + len(name)
        apart = not (text[max(start - 1, 0) : start].strip() or text[end : end + 1].strip())
        return apart and len(name) <= _SHORT and all(place.level == PROVINCE for place in places)

    def _named(self, key: str) -> list[Named]:
        """The names in the key, from left to right, the longest first at each place."""
        return [
            (start, key[start:end], self._keys[key[start:end]]) for start, end in self._search.find(0, key)
        ]


@dataclass(frozen=True, kw_only=True)
class _Matching:
    """Spellings that count as the same, and the words that say a level, both as the pack has them."""

    # What is left of a character, and of several small letters together, which `grouped` finds.
    letters: _Letters
    groups: Mapping[str, str]
    grouped: re.Pattern[str]
    before: Mapping[str, str]
    after: Mapping[str, str]

    def key(self, text: str) -> str:
        """The letters that matter."""
        return "".join(self.kept(text))

    def kept(self, text: str) -> list[str]:
        """What is left of each character of the text."""
        letters = self.letters
        kept = list(map(letters.__getitem__, text))
        lowered = text.lower()
        if len(lowered) != len(text):  # a few foreign letters grow when lowered
            lowered = "".join(character.lower()[:1] for character in text)
        for group in self.grouped.finditer(lowered):
            kept[group.start() : group.end()] = [self.groups[group[0]], *[""] * (len(group[0]) - 1)]
        return kept

    def levels_beside(self, text: str, key: str, origins: Sequence[int], span: slice) -> frozenset[str]:
        """The levels that a word right before or right after a name in key[span] gives it."""
        before = {
            level
            for word, level in self.before.items()
            if key.endswith(word, 0, span.start)
            and (len(word) > _SHORT or _begins_word(text, origins[span.start - len(word)]))
        }
        return frozenset(
            before or {level for word, level in self.after.items() if key.startswith(word, span.stop)}
        )


# Latin, Thai, Lao, punctuation.
_COMMON = (range(0x250), range(0xE00, 0xF00), range(0x2000, 0x2070))


class _Letters(dict[str, str]):
    """What is left of each character: of the common ones worked out once, of the rest when asked."""

    def __init__(self, same: Mapping[str, str]) -> None:
        self._same = same
        super().__init__((chr(code), self[chr(code)]) for block in _COMMON for code in block)

    def __missing__(self, character: str) -> str:
        small = character.lower()[:1]
        found = self._same.get(small)
        return _letter(small) if found is None else found


def check(pack: Pack) -> Iterable[PackError]:
    """All problems of the files in places/."""
    problems: list[PackError] = []
    _read(pack, problems)
    return problems


def _read(pack: Pack, problems: list[PackError]) -> Places:
    folder = pack.root / "places"
    matching = _read_matching(Section.open(folder / "matching.yml", problems))
    by_code: dict[str, Place] = {}
    keys: dict[str, list[Place]] = {}
    everyday: set[str] = set()
    for row, level in _rows(pack, problems):
        place = _place(pack, row, level)
        if place.code in by_code:
            problems.append(row.error(f"{place.code} occurs twice", "Give every place its own code."))
        if place.parent and place.parent not in by_code:
            problems.append(row.error(f"no province {place.parent}", "Add it to provinces.csv."))
        by_code[place.code] = place
        for name in {*place.names.values(), *row.list("aliases")}:
            key = matching.key(name)
            if place not in keys.setdefault(key, []):
                keys[key].append(place)
            if row.cells.get("everyday") == "yes" or len(key) <= _SHORT:
                everyday.add(key)
    return Places(
        pack=pack,
        by_code=by_code,
        _matching=matching,
        _keys={key: tuple(several) for key, several in keys.items()},
        _search=Search(key for key in keys if len(key) >= _SHORT),
        _everyday=everyday,
    )


def _rows(pack: Pack, problems: list[PackError]) -> Iterator[tuple[Row, str]]:
    for level, name, columns in (
        (PROVINCE, "provinces.csv", {"code", "aliases"}),
        (DISTRICT, "districts.csv", {"code", "parent", "aliases", "everyday"}),
    ):
        try:
            rows = load_csv(pack.root / "places" / name, columns | {pack.languages[0]})
        except PackError as error:
            problems.append(error)
            continue
        for row in rows:
            yield row, level


def _place(pack: Pack, row: Row, level: str) -> Place:
    return Place(
        code=row.cells["code"],
        level=level,
        parent=row.cells.get("parent", ""),
        names={language: row.cells[language] for language in pack.languages if row.cells.get(language)},
    )


def _read_matching(section: Section) -> _Matching:
    section.only(("levels", "same"))
    table = section.section("same")
    same = {key: table.string(key) for key in table.data}
    letters = _Letters(same)
    groups = {key: "".join(same.get(letter, letter) for letter in same[key]) for key in same if len(key) > 1}
    grouped = re.compile("|".join(map(re.escape, sorted(groups, key=len, reverse=True))) or r"(?!)")
    plain = _Matching(letters=letters, groups=groups, grouped=grouped, before={}, after={})
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for level, words in section.section("levels").sections():
        if level not in {PROVINCE, DISTRICT}:
            words.problem(f"no level {level}", f"Levels are {PROVINCE} and {DISTRICT}.")
        before |= {plain.key(word): level for word in words.strings("before")}
        after |= {plain.key(word): level for word in words.strings("after")}
    return replace(plain, before=before, after=after)


def _origins(kept: Sequence[str]) -> list[int]:
    """For each letter that is left, and for the end, where in the text it comes from."""
    return [*(index for index, letters in enumerate(kept) for _ in letters), len(kept)]


def _kin(places: tuple[Place, ...], others: Iterable[Iterable[Place]]) -> tuple[Place, ...]:
    """Of several places with one name, those that lie in, or hold, another place of the text."""
    if len(places) == 1:
        return places
    elsewhere = [place for group in others for place in group]
    parents = {place.code for place in elsewhere} - {""}
    holders = {place.parent for place in elsewhere} - {""}
    kept = tuple(place for place in places if place.parent in parents or place.code in holders)
    return kept or places


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] begins and ends where a reader would see a name begin and end."""
    end = _trimmed(text, end)
    return not (
        (end < len(text) and _continues(text[end - 1], text[end]))
        or (start > 0 and _continues(text[start - 1], text[start]))
    )


def _adjoin(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether nothing but white space and punctuation stands between two stretches."""
    first, second = sorted((one, other))
    return first[1] <= second[0] and not any(map(str.isalnum, text[first[1] : second[0]]))


def _begins_word(text: str, start: int) -> bool:
    return start == 0 or not (text[start - 1].isalnum() or _is_mark(text[start - 1]))


def _trimmed(text: str, end: int) -> int:
    while end and not (text[end - 1].isalnum() or _is_mark(text[end - 1])):
        end -= 1
    return end


def _continues(left: str, right: str) -> bool:
    if _is_mark(right) or _leads(left):
        return True
    return left.isalnum() and right.isalnum() and not (_is_unspaced(left) or _is_unspaced(right))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc"}


def _leads(character: str) -> bool:
    # Unicode's Logical_Order_Exception: vowels written before the consonant they follow in speech.
    return character in "\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"


def _is_unspaced(character: str) -> bool:
    # Thai and Lao, Myanmar, Khmer: no space between words (UAX #14, line breaking class SA).
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u109f"
        or "\u1780" <= character <= "\u17ff"
    )


def _letter(character: str) -> str:
    """What is left of a small letter: no accent, no punctuation; vowel signs are letters of their own."""
    if character.isalnum():
        return unicodedata.normalize("NFD", character)[0] if character < "\u0250" else character
    is_accent = unicodedata.name(character, "").startswith("COMBINING")
    return character if _is_mark(character) and not is_accent else ""
