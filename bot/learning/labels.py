"""Labels: what staff say was meant, as Rasa NLU YAML in the installation's own folder, never in the pack.

`labels/<language>/<intent>.yml`, with a slash of a closer intent as an underscore. Each example carries who said
so and when. The files may be edited by hand: what is read is what stands there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from bot.errors import PackError
from bot.learning.files import alone, write_whole
from bot.nlu.data import TrainingData, gather, join, read_data
from bot.nlu.normalise import compact
from bot.pack import load_yaml

# The folder of the data folder where they lie.
LABELS = "labels"

Section = dict[str, Any]

_BRACKETS = str.maketrans("[]", "()")  # they mark entities in these files
_MARK = re.compile(r"\[([^\]]+)\](?:\{[^}]*\}|\([^)]*\))")


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """An example: its words, what is meant by them, in which language, and on whose word.

    `service` is the public service that is spoken of, `words` the part of the text that names it; empty where
    none does.
    """

    text: str
    intent: str
    language: str
    by: str
    at: datetime
    service: str = ""
    words: str = ""


class Labels:
    """The labels of an installation; several people may add to them at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, label: Label) -> None:
        """Take a label in; one of the same words in that language gives way."""
        path = self.folder / label.language / f"{label.intent.replace('/', '_')}.yml"
        with alone(self.folder):
            self._drop(label.text, label.language)
            sections = _sections(path)
            section = next((each for each in sections if each["intent"] == label.intent), None)
            if section is None:
                section = {"intent": label.intent, "examples": []}
                sections.append(section)
            section["examples"].append(_record(label))
            _write(path, sections)

    def remove(self, text: str, language: str) -> bool:
        """Take the label of these words out; whether there was one."""
        with alone(self.folder):
            return self._drop(text, language)

    def read(self) -> TrainingData:
        """All of them, as training reads examples; raises PackError for a slip of a hand."""
        return read_labels(self.folder)

    def _drop(self, text: str, language: str) -> bool:
        key, dropped = compact(_plain(text)), False
        for path in sorted((self.folder / language).glob("*.yml")):
            sections = _sections(path)
            kept = [{**each, "examples": _others(each["examples"], key)} for each in sections]
            if kept != sections:
                _write(path, [each for each in kept if each["examples"]])
                dropped = True
        return dropped


def read_labels(folder: Path) -> TrainingData:
    """The examples of a folder of labels; none where there is none. Raises the first PackError."""
    problems: list[PackError] = []
    data = gather_labels(folder, problems)
    if problems:
        raise problems[0]
    return data


def gather_labels(folder: Path, problems: list[PackError]) -> TrainingData:
    """Those that can be read; what cannot goes to `problems`."""
    languages = sorted(path for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    return join([gather(path, path.name, problems) for path in languages])


def _write(path: Path, sections: Sequence[Section]) -> None:
    if not sections:
        path.unlink()
        return
    content = yaml.safe_dump(
        {"version": "3.1", "nlu": list(sections)}, allow_unicode=True, sort_keys=False, width=10_000
    )
    write_whole(path, content.encode())


def _sections(path: Path) -> list[Section]:
    """The sections of a file, each example as a mapping, however it was written by hand; none of no file.

    Raises PackError.
    """
    if not path.is_file():
        return []
    read_data(path)
    return [
        {**section, "examples": list(_records(section["examples"]))}
        for section in load_yaml(path).data["nlu"]
    ]


def _records(examples: Any) -> Iterator[dict[str, Any]]:
    lines = examples.splitlines() if isinstance(examples, str) else examples
    for each in lines:
        if isinstance(each, dict):
            yield each
        elif each.strip():
            yield {"text": each.strip().removeprefix("- ")}


def _others(records: Iterable[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [each for each in records if compact(_MARK.sub(r"\1", each["text"])) != key]


def _record(label: Label) -> dict[str, Any]:
    text, words = _plain(label.text), _plain(label.words)
    about = {"service": label.service} if label.service else {}
    if label.service and words:
        mark = json.dumps({"entity": "service", "value": label.service})
        text = text.replace(words, f"[{words}]{mark}", 1)
    at = label.at.isoformat(timespec="seconds")
    return {"text": text, "metadata": {**about, "by": label.by, "at": at}}


def _plain(text: str) -> str:
    """The words without what would mark entities in these files."""
    return text.translate(_BRACKETS)
