"""Training examples in Rasa's NLU YAML: read strictly, so that a slip is a message with file and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict

from bot.errors import PackError
from bot.nlu.classifier import OUT_OF_SCOPE
from bot.nlu.marks import MarkBroken, read_marks
from bot.pack import Yaml, load_yaml

# "CamelCase", "snake_case" and "a/kind" alike.
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_LINE = re.compile(r"\s*-\s+(?P<example>.*\S)\s*")
_SECTIONS = ("intent", "synonym", "lookup", "regex")
# What else a project of Rasa keeps in such files.
_RASAS = frozenset(
    (
        "stories",
        "rules",
        "responses",
        "intents",
        "entities",
        "slots",
        "forms",
        "actions",
        "e2e_actions",
        "session_config",
    )
)


class Entity(TypedDict):
    """A stretch of the text that means something: code points `start` to `end`, as Rasa has it.

    Of a number that its check digit tells to be `mistyped` the value is as written. `currency` is the
    ISO 4217 code of an amount that is not in the money of the country.
    """

    entity: str
    value: Any
    start: int
    end: int
    confidence: float
    mistyped: NotRequired[bool]
    currency: NotRequired[str]


class Place(NamedTuple):
    """Where something is written: a file and its line, from 1."""

    file: str
    line: int


_NOWHERE = Place("", 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One thing that people say: its words, what they want by it, and what it mentions."""

    text: str
    intent: str
    language: str = ""
    entities: tuple[Entity, ...] = ()
    place: Place = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingData:
    """The examples of a language or of a pack, and other spellings of entity values, each list with its place."""

    examples: tuple[Example, ...]
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def surfaces(self, entity: str) -> Iterator[tuple[str, str]]:
        """(value, words) of every marked entity of that name and of every synonym."""
        for example in self.examples:
            for mark in example.entities:
                if mark["entity"] == entity:
                    yield str(mark["value"]), example.text[mark["start"] : mark["end"]]
        for value, words in self.synonyms.items():
            for word in words:
                yield value, word


def read_data(path: Path, language: str = "") -> TrainingData:
    """Read one nlu.yml, or every .yml and .yaml file of a folder; raises the first PackError.

    A folder's files are read in the order of their names. In a pack the parent folder's name is
    the language; elsewhere the examples carry the `language` that is given.
    """
    problems: list[PackError] = []
    data = gather(path, language, problems)
    if problems:
        raise problems[0]
    return data


def read_rasa(path: Path) -> TrainingData:
    """The same of any project of Rasa: what is not about understanding is passed over, file by file."""
    problems: list[PackError] = []
    data = gather(path, "", problems, beside=_RASAS)
    if problems:
        raise problems[0]
    if not data.examples:
        raise PackError(str(path), 1, "no examples", "Write nlu: and below it - intent: … sections.")
    return data


def gather(
    path: Path, language: str, problems: list[PackError], beside: Collection[str] = ()
) -> TrainingData:
    """What can be read; all that cannot goes to `problems`. Nobody minds the keys `beside` those of examples."""
    if not path.is_dir():
        return _File(path, language, problems).read(beside)
    files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"})
    return join([_File(file, language, problems).read(beside) for file in files])


def join(parts: Iterable[TrainingData]) -> TrainingData:
    """One set of examples out of several, in their order."""
    examples: list[Example] = []
    synonyms: dict[str, tuple[str, ...]] = {}
    places: dict[str, Place] = {}
    for part in parts:
        examples.extend(part.examples)
        places = {**part.places, **places}
        for value, words in part.synonyms.items():
            synonyms[value] = (*synonyms.get(value, ()), *words)
    return TrainingData(examples=tuple(examples), synonyms=synonyms, places=places)


def with_names(data: TrainingData) -> TrainingData:
    """The same with the words of each intent's name as one more example of it: it tells much where few are given.

    What belongs to no intent has no name that anybody would say.
    """
    languages: dict[str, str] = {}
    for each in data.examples:
        languages.setdefault(each.intent, each.language)
    named = [
        Example(text=words, intent=intent, language=language)
        for intent, language in languages.items()
        if intent != OUT_OF_SCOPE and (words := " ".join(_WORD.findall(intent)))
    ]
    return TrainingData(examples=(*data.examples, *named), synonyms=data.synonyms)


class _File:
    """One file of examples, as it is read."""

    def __init__(self, path: Path, language: str, problems: list[PackError]) -> None:
        self._path, self._file = path, str(path)
        self._language, self._problems = language, problems

    def read(self, beside: Collection[str]) -> TrainingData:
        try:
            document = load_yaml(self._path)
        except PackError as error:
            self._problems.append(error)
            return TrainingData(examples=())
        content = document.data if isinstance(document.data, dict) else {}
        for key in content:
            if key not in {"version", "nlu", *beside}:
                self._tell(document.error(f"nobody reads {key}", "Known here: version, nlu.", key))
        if "nlu" not in content and content.keys() & set(beside):
            return TrainingData(examples=())
        sections = content.get("nlu")
        if not isinstance(sections, list) or not sections:
            remedy = "Write nlu: and below it - intent: … sections."
            self._tell(document.error("no examples", remedy, "nlu"))
            return TrainingData(examples=())
        return join([self._section(document, index, each) for index, each in enumerate(sections)])

    def _section(self, document: Yaml, index: int, section: Any) -> TrainingData:
        where, nothing = ("nlu", index), TrainingData(examples=())
        kinds = [kind for kind in _SECTIONS if isinstance(section, dict) and kind in section]
        if len(kinds) != 1:
            remedy = f"Begin it with one of {', '.join(_SECTIONS)}."
            self._tell(document.error("a section of no known kind", remedy, *where))
            return nothing
        kind = kinds[0]
        for key in section:
            if key not in {kind, "examples", "metadata"}:
                remedy = f"Known here: {kind}, examples."
                self._tell(document.error(f"nobody reads {key}", remedy, *where, key))
        name = section[kind]
        if not isinstance(name, str) or not name.strip():
            self._tell(document.error(f"{kind} has no name", f"Write - {kind}: name.", *where, kind))
            return nothing
        before = len(self._problems)
        lines = list(self._lines(document, where, section.get("examples")))
        if not lines and len(self._problems) == before:
            remedy = "Write examples: | and - lines below."
            self._tell(document.error(f"{name} has no examples", remedy, *where))
        if kind == "intent":
            examples = (self._example(line, text, name) for line, text in lines)
            return TrainingData(examples=tuple(each for each in examples if each))
        # Lookup tables and patterns are read so that any Rasa file is accepted; words found by them
        # are the pack's gazetteers and lexicons here.
        if kind != "synonym":
            return nothing
        place = Place(document.file, document.line(*where, kind))
        words = tuple(text for _, text in lines)
        return TrainingData(examples=(), synonyms={name: words}, places={name: place})

    def _lines(
        self, document: Yaml, where: tuple[str | int, ...], examples: Any
    ) -> Iterator[tuple[int, str]]:
        """The examples with their lines: a block of "- " lines, or a list of texts or {text: …}."""
        if isinstance(examples, str):
            yield from self._block(document, (*where, "examples"), examples)
        elif isinstance(examples, list):
            for number, item in enumerate(examples):
                text = item.get("text") if isinstance(item, dict) else item
                if isinstance(text, str) and text.strip():
                    yield document.line(*where, "examples", number), text.strip()
                    continue
                place = (*where, "examples", number)
                self._tell(document.error("an example without text", "Write - text: …", *place))

    def _block(
        self, document: Yaml, where: tuple[str | int, ...], examples: str
    ) -> Iterator[tuple[int, str]]:
        style, first = document.style(*where), document.line(*where)
        if style == ">":
            self._tell(document.error("lines are folded into one", "Write examples: | instead of >.", *where))
            return
        for number, raw in enumerate(examples.split("\n"), 1):
            line = first + number if style == "|" else first
            match = _LINE.fullmatch(raw)
            if match:
                yield line, match["example"]
            elif raw.strip() == "-":
                remedy = "Write words, or delete the line."
                self._tell(PackError(document.file, line, "an empty example", remedy))
            elif raw.strip():
                problem = f"not an example: {raw.strip()[:40]}"
                self._tell(PackError(document.file, line, problem, 'Begin the line with "- ".'))

    def _example(self, line: int, marked: str, intent: str) -> Example | None:
        place = Place(self._file, line)
        try:
            text, marks = read_marks(marked)
        except MarkBroken as error:
            self._tell(PackError(*place, error.problem, error.remedy))
            return None
        entities = tuple(
            Entity(entity=each.name, value=each.value, start=each.start, end=each.end, confidence=1.0)
            for each in marks
        )
        return Example(text=text, intent=intent, language=self._language, entities=entities, place=place)

    def _tell(self, problem: PackError) -> None:
        self._problems.append(problem)
