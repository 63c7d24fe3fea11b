"""What is wrong with examples that can be read: each fault with file, line and remedy, before anything learns from it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.errors import PackError
from bot.nlu.data import Example, TrainingData
from bot.nlu.features import LONGEST
from bot.nlu.normalise import compact, fold

# Letters, digits and symbols, such as emoji, by the first letter of their category.
_SAID = "LNS"
_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What examples may name: `intents` that are answered, and by entity the values that there are.

    An entity that may have any value has None.
    """

    intents: Collection[str]
    values: Mapping[str, Collection[str] | None]


def faults(data: TrainingData, known: Known, *, whole: bool = True) -> list[PackError]:
    """All of them, as they stand in the files; `whole` where nothing else is taught beside these examples."""
    found = [
        *_unread(data.examples),
        *_unanswered(data.examples, known),
        *_unnamed(data, known),
        *_twice(data.examples),
        *contradictions(data.examples),
        *([*lonely(data.examples), *_wordless(data.examples)] if whole else ()),
    ]
    return sorted(found, key=lambda each: (each.file, each.line))


def contradictions(examples: Iterable[Example]) -> Iterator[PackError]:
    """Words that are to mean two things, however they are spelt and in whatever language."""
    first: dict[str, Example] = {}
    for each in examples:
        other = first.setdefault(compact(each.text), each)
        if other.intent != each.intent:
            problem = f"{_quoted(each)} is {each.intent} here and {other.intent} in {_where(other)}"
            yield PackError(*each.place, problem, "Keep it where it is meant, and delete the other.")


def lonely(examples: Iterable[Example]) -> Iterator[PackError]:
    """Intents with one example: nothing can be learnt from it, and nothing held back to judge by."""
    by_intent: dict[str, dict[str, Example]] = {}
    for each in examples:
        by_intent.setdefault(each.intent, {}).setdefault(compact(each.text), each)
    for intent, several in by_intent.items():
        if len(several) == 1:
            (only,) = several.values()
            remedy = "Write some more, as different as people are; forty are good."
            yield PackError(*only.place, f"{intent} has only one example", remedy)


def such_as(name: str, there: Iterable[str]) -> str:
    """A guess at what was meant, to be put into a remedy."""
    close = get_close_matches(name, there, n=2)
    return f", such as {' or '.join(close)}" if close else ""


def _unread(examples: Iterable[Example]) -> Iterator[PackError]:
    for each in examples:
        if len(each.text) > LONGEST:
            problem = f"an example of {len(each.text):,} characters: {_quoted(each)}"
            remedy = f"Keep what says the wish: {LONGEST} are read of a message."
            yield PackError(*each.place, problem, remedy)
        elif "[" in each.text or "]" in each.text:
            remedy = 'Write [words](name) or [words]{"entity": "name"}, or round brackets.'
            yield PackError(*each.place, f"a bracket that marks nothing: {_quoted(each)}", remedy)


def _wordless(examples: Iterable[Example]) -> Iterator[PackError]:
    """Of labels it may be as true as of anything that people send."""
    for each in examples:
        if "?" not in each.text and not any(unicodedata.category(one)[0] in _SAID for one in each.text):
            problem = f"an example without a word: {_quoted(each)}"
            yield PackError(*each.place, problem, "Write what people say, or delete the line.")


def _unanswered(examples: Iterable[Example], known: Known) -> Iterator[PackError]:
    """The first example of each intent in each file."""
    told = set[tuple[str, str]]()
    for each in examples:
        key = (each.place.file, each.intent)
        if each.intent not in known.intents and key not in told:
            told.add(key)
            remedy = f"Write one that a rule answers{such_as(each.intent, known.intents)}, or a rule in dialogs/rules."
            yield PackError(*each.place, f"no rule answers the intent {each.intent}", remedy)


def _unnamed(data: TrainingData, known: Known) -> Iterator[PackError]:
    for each in data.examples:
        for mark in each.entities:
            name, value = mark["entity"], str(mark["value"])
            if name not in known.values:
                remedy = f"Known here: {', '.join(sorted(known.values))}."
                yield PackError(*each.place, f"no entity {name}", remedy)
                continue
            values = known.values[name]
            if values is not None and value not in values:
                remedy = f"Write the id of one that is there{such_as(value, values)}."
                yield PackError(*each.place, f"no {name} {value}", remedy)
    every = {value for values in known.values.values() for value in values or ()}
    for value, place in data.places.items():
        if value not in every:
            remedy = f"Write the id of one that is there{such_as(value, every)}."
            yield PackError(*place, f"a synonym of {value}, which nothing is called", remedy)


def _twice(examples: Iterable[Example]) -> Iterator[PackError]:
    """Words that stand there a second time letter for letter; the same without tones or spaces is another example."""
    first: dict[tuple[str, str, str], Example] = {}
    for each in examples:
        other = first.setdefault((fold(each.text), each.intent, each.language), each)
        if other is not each:
            problem = f"{_quoted(each)} is in {_where(other)} too"
            yield PackError(*each.place, problem, "Delete one of the two.")


def _quoted(example: Example) -> str:
    text = example.text
    return f"“{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}”"


def _where(example: Example) -> str:
    return f"{example.place.file}:{example.place.line}"
