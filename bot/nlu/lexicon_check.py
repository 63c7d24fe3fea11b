"""What is wrong with the word lists of a pack: entries that nobody reads, and what could not be read when a message comes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bot.calendar import WEEKDAYS
from bot.errors import PackError
from bot.nlu.faults import Known, such_as
from bot.nlu.noise import LETTERS, SPACES
from bot.nlu.understanding import lexicon_of
from bot.nlu.whole import INTENTS
from bot.pack import Pack, Section

# Entries that are one list of words.
LISTS = frozenset((
    *(intent.rpartition("/")[2] for intent in INTENTS),
    "amount_not", "besides", "between", "centre_words", "currency", "danger_not", "generic", "item_words", "linking",
    "months_also_words", "multipliers_also_words", "not", "not_between", "not_ours", "occasions_not", "particles", "phone_words",
    "reference_words", "service_not", "thanks_for",
))  # fmt: skip
# Entries that are lists by a name of the pack's own.
NAMED = frozenset(("concepts", "currencies", "danger", "languages"))
# Those by one of these names.
FIXED: Mapping[str, tuple[str, ...]] = {
    "date_units": ("day", "week", "month", "year"),
    "date_words": (
        "ahead", "from_now", "ago", "last", "gone", "next", "done", "month_mark", "day_mark", "ordinal",
    ),
    "days": (
        "today", "tomorrow", "day_after_tomorrow", "yesterday", "day_before_yesterday", "next_week", "last_week",
        "next_month", "last_month", *WEEKDAYS, *(f"last_{day}" for day in WEEKDAYS),
    ),
    "months": tuple(map(str, range(1, 13))),
    "neighbours": INTENTS,
    "village_words": ("before", "after", "begins", "ends"),
}  # fmt: skip
# Those by a whole number.
NUMBERS = frozenset(("multipliers", "number_words", "small_numbers"))
# Those by an intent that is answered, those by a service, and what is no list.
INTENT, SERVICE, NOISE, SOUND, TENTHS = "not_wanted", "occasions", "noise", "sound", "tenths_follow"
ENTRIES = LISTS | NAMED | FIXED.keys() | NUMBERS | {INTENT, SERVICE, NOISE, SOUND, TENTHS}

_KEYBOARD, _KINDS = "keyboard", ("words", "spellings")


def check(pack: Pack, known: Known) -> list[PackError]:
    """All problems of every lexicon.yml; `known` are the intents and, as values of `service`, the services there are."""
    problems: list[PackError] = []
    for language, words in pack.lexicons.items():
        if words:  # of a file that cannot be read the pack itself has told
            entries = Section.open(pack.root / language / "lexicon.yml", problems)
            for name, value in entries.data.items():
                if value is None:
                    entries.problem(f"{name} is empty", "Write its words, or delete the line.", name)
                else:
                    _entry(entries, name, known)
    return sorted([*problems, *_sounds(pack)], key=lambda each: (each.file, each.line))


def _entry(entries: Section, name: str, known: Known) -> None:
    if name in LISTS:
        _words(entries, name)
    elif name == NOISE:
        _noise(entries.section(name))
    elif name == SOUND:
        entries.string(name)
    elif name == TENTHS:
        entries.flag(name)
    elif name in ENTRIES:
        _table(entries.section(name), name, known)
    else:
        remedy = f"Write the name of an entry that is read{such_as(name, sorted(ENTRIES))}, or delete it."
        entries.problem(f"nobody reads {name}", remedy, name)


def _table(lists: Section, name: str, known: Known) -> None:
    if name in FIXED:
        lists.only(FIXED[name])
    for key in lists.data:
        if name in NUMBERS and not key.isdecimal():
            lists.problem(f"{key} is not a whole number", "Write what the words say in digits: 1000.", key)
        elif name == INTENT and key not in known.intents:
            remedy = f"Write one that a rule answers{such_as(key, known.intents)}."
            lists.problem(f"no rule answers the intent {key}", remedy, key)
        elif name == SERVICE:
            _service(lists, key, known.values.get("service"))
        _words(lists, key)


def _service(lists: Section, service: str, services: Collection[str] | None) -> None:
    if services is not None and service not in services:
        remedy = f"Write the id of one that is there{such_as(service, services)}."
        lists.problem(f"no service {service}", remedy, service)


def _words(lists: Section, key: str) -> None:
    words = lists.data[key]
    if not isinstance(words, list) or any(isinstance(word, (dict, list)) for word in words):
        lists.problem(f"{key} is not a list of words", "Write [one, two].", key)
        return
    for index, word in enumerate(words):
        if word is None or not str(word).strip():
            lists.problem("an empty word", "Delete it; null and ~ are words in quotes only.", key, index)


def _noise(noise: Section) -> None:
    noise.only((_KEYBOARD, *_KINDS))
    if not _are_texts(noise.data.get(_KEYBOARD, [])):
        noise.problem(
            "keyboard is not rows of letters", "Write [qwertyuiop, …], digits in quotes.", _KEYBOARD
        )
    for several in map(noise.section, _KINDS):
        for kind, groups in several.data.items():
            if kind in (LETTERS, SPACES):
                several.problem(f"{kind} is a kind that every language has", "Give it another name.", kind)
            if not isinstance(groups, list):
                several.problem(f"{kind} is not a list", 'Begin each group with "- ".', kind)
                continue
            for index, group in enumerate(groups):
                lists: Iterable[Any] = group.values() if isinstance(group, dict) else [group]
                if not all(map(_are_texts, lists)):
                    remedy = "Write [one, other], or {one: [other]}, digits in quotes."
                    several.problem(f"a group of {kind} is not words", remedy, kind, index)


def _are_texts(words: Any) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _sounds(pack: Pack) -> Iterable[PackError]:
    """What is wrong with the tables of sounds, of which all languages share one."""
    if all(isinstance(words.get(SOUND, ""), str) for words in pack.lexicons.values()):
        try:
            lexicon_of(pack)
        except PackError as error:
            yield error
