"""Villages as people name them: "ບ້ານໂພນສີ", "ban Phonsi", "Dongdok village"; free text, no gazetteer vouches for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from bot.nlu.anyof import any_of
from bot.nlu.data import Entity
from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import LetterPhrases, Searches

Span = tuple[int, int]

# How sure a name is that nothing but the word before it tells.
_TOLD = 0.8
# In code points: what is longer in one stretch is a sentence that nobody parted, and shorter no name.
_LONGEST, _LEAST = 24, 2
_MOST_WORDS = 3
# A word this long that begins as names do is one.
_LONG_WORD = 5
# "ເມືອງ", "meuang" and a space.
_LEVEL = 10
_WORD = re.compile(r"[^\W\d_]+")
# Latin letters, or others with their marks, so many that a longer stretch is seen to be one.
_RUN = re.compile(r"[ .]{0,2}(?P<name>[A-Za-z]+|[\u0e80-\u0ecf\u0edc-\u0edf]{1,40}|[^\W\d_]{1,40})")
_APART = re.compile(r"[\s,;/()-]{0,3}")


class Villages:
    """Finds names of villages by the words of a lexicon, under `village_words`.

    `before` and `after` stand beside a name, `begins` are first syllables of many names, at `ends` a name
    is over. Running text has no borders of names: something else must tell that one is meant - its first
    syllable, a capital letter, a place beside it, or that the stretch of letters is nothing else.
    """

    def __init__(self, lexicon: Lexicon, searches: Searches) -> None:
        words: dict[str, set[str]] = {"before": set(), "after": set(), "begins": set(), "ends": set()}
        for _, kind, word in lexicon.table("village_words"):
            words[kind].add(word.lower())
        self._marked = LetterPhrases(dict.fromkeys(words["before"] | words["after"]), searches)
        self._marks = re.compile(f"(?P<before>{any_of(words['before'])})|{any_of(words['after'])}")
        spaced = {word for word in words["ends"] if word.isascii()}
        self._ends, self._over = frozenset(spaced), re.compile(any_of(words["ends"] - spaced))
        self._after = frozenset(words["after"])
        self._begins = tuple(sorted(words["begins"]))

    def find(self, reading: Reading, taken: Sequence[Span], places: Sequence[Span]) -> Iterator[Entity]:
        """The entities `village`; none where the word for it is in `taken`, `places` tell of a name beside them."""
        text = reading.text
        lowered = text.lower()
        if len(lowered) != len(text) or not self._marked.possible(lowered, reading.words):
            return
        free = 0
        for mark in self._marks.finditer(lowered):
            if mark.start() < free or any(start < mark.end() and mark.start() < end for start, end in taken):
                continue
            found = self._behind(text, mark, places) if mark["before"] else None
            if found is None and mark[0] in self._after:
                found = self._ahead(text, free, mark.start())
            if found:
                free = max(found[1], mark.end())
                yield Entity(
                    entity="village",
                    value=text[slice(*found)],
                    start=found[0],
                    end=found[1],
                    confidence=_TOLD,
                )

    def _behind(self, text: str, mark: re.Match[str], places: Sequence[Span]) -> Span | None:
        run = _RUN.match(text, mark.end())
        if run is None:
            return None
        if run["name"].isascii():
            return self._words(text, run.start("name"), places)
        alone = mark.start() == 0 or text[mark.start() - 1].isspace()
        return self._unspaced(text, run, places, alone=alone)

    def _unspaced(self, text: str, run: re.Match[str], places: Sequence[Span], *, alone: bool) -> Span | None:
        """A name in letters without spaces, up to a place or the first word that is in no name."""
        start, end = run.span("name")
        over = self._over.search(text, start, end)
        border = min([over.start() if over else end, *(each for each, _ in places if each > start)])
        size = border - start
        told = text.startswith(self._begins, start) or _beside(text, border, places)
        told = told or (alone and border == end and size <= _LONGEST // 2)
        return (start, border) if told and _LEAST <= size <= _LONGEST else None

    def _words(self, text: str, start: int, places: Sequence[Span]) -> Span | None:
        """A name in spaced words: those with capitals, or one behind first syllables of names."""
        words = list(self._of_a_name(text, start, places))
        if not words:
            return None
        if text[start].isupper():
            kept = list(takewhile(lambda word: word[0][0].isupper(), words))
        else:
            known = takewhile(lambda word: word[0].lower() in self._begins, words)
            kept = words[: len(list(known)) + 1]
        end = kept[-1].end()
        told = text[start].isupper() or self._begun(kept[0][0].lower())
        return (start, end) if told or _beside(text, end, places) else None

    def _of_a_name(self, text: str, start: int, places: Sequence[Span]) -> Iterator[re.Match[str]]:
        at = start
        for _ in range(_MOST_WORDS):
            word = _WORD.match(text, at)
            if word is None or not word[0].isascii() or word[0].lower() in self._ends:
                return
            if any(begin <= word.start() < end for begin, end in places) and at != start:
                return
            yield word
            at = word.end() + 1
            if text[word.end() : at] != " ":
                return

    def _begun(self, word: str) -> bool:
        """Whether names begin like this; a short word must be such a syllable itself."""
        return word in self._begins or (len(word) >= _LONG_WORD and word.startswith(self._begins))

    def _ahead(self, text: str, free: int, mark: int) -> Span | None:
        """A name before the word for it: "Dongdok village"."""
        words = [word for word in _WORD.finditer(text, free, mark) if word[0].isascii()][-_MOST_WORDS:]
        name: list[re.Match[str]] = []
        for word in reversed(words):
            if text[word.end() : name[0].start() if name else mark] != " " or word[0].lower() in self._ends:
                break
            if name and not word[0][0].isupper() and word[0].lower() not in self._begins:
                break
            name.insert(0, word)
        if not name or not (name[0][0][0].isupper() or self._begun(name[0][0].lower())):
            return None
        return name[0].start(), name[-1].end()


def _beside(text: str, end: int, places: Sequence[Span]) -> bool:
    """Whether a place follows, perhaps behind the word for its level."""
    return any(end <= start <= end + _LEVEL for start, _ in places) and bool(_APART.match(text, end))
