"""The history of models: every set of labels that was taught, how well it did, by whom, and which one is in force.

What is in force is a set of labels. The model follows from it, the pack and the release: another release or pack
has its own model of the same labels. The file that names the set is replaced in one step.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from bot.learning.errors import LabelSetUnknown
from bot.learning.files import write_whole
from bot.learning.labels import read_labels
from bot.learning.trial import taught
from bot.nlu.data import TrainingData, join
from bot.nlu.understanding import examples_of
from bot.pack import Pack

# The folder of the data folder where it lies.
LEARNING = "learning"
# The set of those who have no labels yet.
NONE = "none"
_DIGITS = 12


class Did(StrEnum):
    """What an entry is about: the pack as it came, a model that was not worse, one that was, an earlier one again."""

    BEGAN = "began"
    REPLACED = "replaced"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event: `model` is the name of the model's file, `labels` that of the set it was taught.

    `examples` are all that were taught, `labelled` the labels among them and those held back. `figures` are
    those of the trial, and `before` those of what was in force then.
    """

    at: str
    by: str
    did: Did
    model: str
    labels: str
    examples: int
    labelled: int
    figures: Mapping[str, Any]
    before: Mapping[str, Any]


class History:
    """The entries, the sets and the name of the one in force, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pointer = folder / "in_force.json"
        self._entries = folder / "history.jsonl"
        self._sets = folder / "sets"

    def entries(self) -> Sequence[Entry]:
        """All of them, the first one first."""
        if not self._entries.is_file():
            return ()
        lines = self._entries.read_bytes().splitlines()
        told = (orjson.loads(line) for line in lines if line.endswith(b"}"))  # one cut off by a crash is none
        return [Entry(**{**each, "did": Did(each["did"])}) for each in told]

    def in_force(self) -> str:
        """The name of the set of labels in force."""
        if not self._pointer.is_file():
            return NONE
        return str(orjson.loads(self._pointer.read_bytes())["labels"])

    def stamp(self) -> tuple[int, int]:
        """Something that differs as soon as another set was put in force."""
        try:
            found = self._pointer.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns

    def labels(self, name: str) -> TrainingData:
        """The labels of a set; raises LabelSetUnknown."""
        if name == NONE:
            return TrainingData(examples=())
        if not (self._sets / name).is_dir():
            raise LabelSetUnknown(name)
        return read_labels(self._sets / name)

    def labels_folder(self, name: str) -> Path:
        """Where the labels of a set lie; nothing lies there for those who have none."""
        return self._sets / name

    def keep(self, labels: Path) -> str:
        """Keep the labels of a folder as they are now; the name of the set, which follows from what is in it."""
        data = read_labels(labels)
        if not data.examples:
            return NONE
        told = sorted(
            [each.language, each.intent, each.text, *map(str, each.entities)] for each in data.examples
        )
        name = sha256(orjson.dumps(told)).hexdigest()[:_DIGITS]
        if not (self._sets / name).is_dir():
            part = self._sets / f".{name}.{os.getpid()}.part"
            shutil.copytree(labels, part, ignore=shutil.ignore_patterns(".*"))
            part.replace(self._sets / name)
        return name

    def add(self, entry: Entry) -> None:
        """Write an entry down."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._entries.open("ab") as file:
            file.write(orjson.dumps(asdict(entry)) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def put_in_force(self, entry: Entry) -> None:
        """Write it down, and have its labels in force from now on."""
        self.labels(entry.labels)
        self.add(entry)
        write_whole(self._pointer, orjson.dumps({"labels": entry.labels, "model": entry.model}))

    def examples(self, pack: Pack) -> TrainingData:
        """All that is taught with the set in force: the examples of the pack, and the labels not held back."""
        return join((examples_of(pack), taught(self.labels(self.in_force()))))
