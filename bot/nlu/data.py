"""Training examples in Rasa's NLU YAML: read strictly, so that a slip is a message with file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from bot.errors import PackError
from bot.nlu.classifier import OUT_OF_SCOPE
from bot.pack import Yaml, load_yaml

_MARKED = re.compile(
    r"\[(?P<text>[^\]]+)\](?:\{(?P<about>[^}]*)\}|\((?P<name>[^():]+)(?::(?P<value>[^()]+))?\))"
)
# "CamelCase", "snake_case" and "a/kind" alike.
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_LINE = re.compile(r"\s*-\s+(?P<example>.*\S)\s*")
_SECTIONS = ("intent", "synonym", "lookup", "regex")


class Entity(TypedDict):
    """A stretch of the text that means something: code points `start` to `end`, as Rasa has it."""

    entity: str
    value: Any
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One thing that people say: its words, what they want by it, and what it mentions."""

    text: str
    intent: str
    language: str = ""
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingData:
    """The examples of a language or of a pack, and other spellings of entity values."""

    examples: tuple[Example, ...]
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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
    """Read one nlu.yml, or every .yml and .yaml file of a folder; raises PackError.

    A folder's files are read in the order of their names. In a pack the parent folder's name is
    the language; elsewhere the examples carry the `language` that is given.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"})
        return join(read_data(file, language) for file in files)
    document = load_yaml(path)
    content = document.data if isinstance(document.data, dict) else {}
    for key in content:
        if key not in {"version", "nlu"}:
            raise document.error(f"nobody reads {key}", "Known here: version, nlu.", key)
    sections = content.get("nlu")
    if not isinstance(sections, list) or not sections:
        raise document.error("no examples", "Write nlu: and below it - intent: … sections.", "nlu")
    parts = [_section(document, index, section, language) for index, section in enumerate(sections)]
    return join(parts)


def join(parts: Iterable[TrainingData]) -> TrainingData:
    """One set of examples out of several, in their order."""
    examples: list[Example] = []
    synonyms: dict[str, tuple[str, ...]] = {}
    for part in parts:
        examples.extend(part.examples)
        for value, words in part.synonyms.items():
            synonyms[value] = (*synonyms.get(value, ()), *words)
    return TrainingData(examples=tuple(examples), synonyms=synonyms)


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


def _section(document: Yaml, index: int, section: Any, language: str) -> TrainingData:
    where = ("nlu", index)
    kinds = [kind for kind in _SECTIONS if isinstance(section, dict) and kind in section]
    if len(kinds) != 1:
        raise document.error(
            "a section of no known kind", f"Begin it with one of {', '.join(_SECTIONS)}.", *where
        )
    kind = kinds[0]
    for key in section:
        if key not in {kind, "examples", "metadata"}:
            raise document.error(f"nobody reads {key}", f"Known here: {kind}, examples.", *where, key)
    name = section[kind]
    if not isinstance(name, str) or not name:
        raise document.error(f"{kind} has no name", f"Write - {kind}: name.", *where, kind)
    lines = list(_lines(document, where, section.get("examples")))
    if not lines:
        raise document.error(f"{name} has no examples", "Write examples: | and - lines below.", *where)
    if kind == "intent":
        examples = tuple(_example(document, line, text, name, language) for line, text in lines)
        return TrainingData(examples=examples)
    # Lookup tables and patterns are read so that any Rasa file is accepted; words found by them
    # are the pack's gazetteers and lexicons here.
    synonyms = {name: tuple(text for _, text in lines)} if kind == "synonym" else {}
    return TrainingData(examples=(), synonyms=synonyms)


def _lines(document: Yaml, where: tuple[str | int, ...], examples: Any) -> Iterator[tuple[int, str]]:
    """The examples with their lines: a block of "- " lines, or a list of texts or {text: …}."""
    if isinstance(examples, str):
        first = document.line(*where, "examples") + 1
        for offset, raw in enumerate(examples.split("\n")):
            if not raw.strip():
                continue
            match = _LINE.fullmatch(raw)
            if match is None:
                problem = f"not an example: {raw.strip()[:40]}"
                raise PackError(document.file, first + offset, problem, 'Begin the line with "- ".')
            yield first + offset, match["example"]
    elif isinstance(examples, list):
        for number, item in enumerate(examples):
            text = item.get("text") if isinstance(item, dict) else item
            if not isinstance(text, str) or not text.strip():
                raise document.error("an example without text", "Write - text: …", *where, "examples", number)
            yield document.line(*where, "examples", number), text.strip()


def _example(document: Yaml, line: int, marked: str, intent: str, language: str) -> Example:
    text, entities, position = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[position : match.start()]
        name, value = _about(document, line, match)
        start = len(text)
        text += match["text"]
        entities.append(Entity(entity=name, value=value, start=start, end=len(text), confidence=1.0))
        position = match.end()
    text += marked[position:]
    return Example(text=text, intent=intent, language=language, entities=tuple(entities))


def _about(document: Yaml, line: int, match: re.Match[str]) -> tuple[str, str]:
    if match["name"]:
        return match["name"], match["value"] or match["text"]
    try:
        about = json.loads("{" + match["about"] + "}")
        return str(about["entity"]), str(about.get("value", match["text"]))
    except (ValueError, KeyError) as error:
        problem = f"not an entity: {match.group()[:60]}"
        remedy = 'Write [words]{"entity": "name", "value": "value"}.'
        raise PackError(document.file, line, problem, remedy) from error
