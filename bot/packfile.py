"""One file of the pack: YAML or CSV in, plain values out, and the line that every value stands on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.errors import PackError
from bot.yaml_read import SAFE_LOADER

_Key = str | int


@dataclass(frozen=True, kw_only=True, slots=True)
class Yaml:
    """A YAML file: `data` as plain values (mapping keys are always strings), `line` for messages."""

    file: str
    data: Any
    node: yaml.Node | None = field(repr=False)

    def line(self, *keys: _Key) -> int:
        """Where the value under `keys` starts, from 1; the nearest parent's line if it is missing."""
        node, line = self.node, 1
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            line, node = found
        return line

    def style(self, *keys: _Key) -> str:
        """How the text under `keys` is written: as a block (| or >), in quotes, or plain; plain is empty."""
        node = self.node
        for key in keys:
            found = _child(node, key)
            node = found[1] if found else None
        return node.style or "" if isinstance(node, yaml.ScalarNode) else ""

    def error(self, problem: str, remedy: str, *keys: _Key) -> PackError:
        """A PackError that points at the value under `keys`."""
        return PackError(file=self.file, line=self.line(*keys), problem=problem, remedy=remedy)


def load_yaml(path: Path) -> Yaml:
    """Read a YAML file by the 1.2 core rules; raises PackError.

    Unlike YAML 1.1, `no` and `on` are words, `020` is a string and `8:30` is not a number, so
    word lists and phone prefixes need no quotes. A key that occurs twice is an error.
    """
    file, text = str(path), _read(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return Yaml(file=file, data=_Values(file).of(node), node=node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        tabs = "\t" in "".join(text.split("\n")[line - 1 : line])
        remedy = "Indent with spaces: this line has a tab." if tabs else "Correct the line or quote it."
        raise PackError(file, line, f"not YAML: {error.problem}", remedy) from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        problem = f"not YAML: {error.reason} (U+{error.character:04X})"
        raise PackError(
            file, line, problem, "Delete that character, and save the file as UTF-8 text."
        ) from error


def sources(folder: Path, name: str) -> list[Path]:
    """The file `name`.yml of the folder and the files of its folder `name`, by their names.

    A few lines fit in one file, a country's in one file for each goal. Where there is neither, the file
    that should be there.
    """
    one = folder / f"{name}.yml"
    several = sorted((folder / name).glob("*.yml"))
    return [one, *several] if one.exists() or not several else several


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of a CSV file, its cells by column name, stripped."""

    file: str
    line: int
    cells: Mapping[str, str]

    def error(self, problem: str, remedy: str) -> PackError:
        """A PackError that points at this line."""
        return PackError(file=self.file, line=self.line, problem=problem, remedy=remedy)

    def list(self, column: str) -> tuple[str, ...]:
        """The values of a cell that holds several, parted by semicolons."""
        return tuple(part.strip() for part in self.cells.get(column, "").split(";") if part.strip())


def load_csv(path: Path, columns: Collection[str]) -> tuple[Row, ...]:
    """Read a CSV file that must have these columns; raises PackError."""
    file = str(path)
    reader = csv.DictReader(io.StringIO(_read(path)), restkey="")
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise PackError(file, 1, f"no column {', '.join(sorted(missing))}", "Add it to the first line.")
    rows = []
    for cells in reader:
        if "" in cells or None in cells.values():
            problem = f"not {len(reader.fieldnames or ())} cells"
            raise PackError(file, reader.line_num, problem, 'Quote a cell that has a comma: "a, b".')
        rows.append(
            Row(
                file=file,
                line=reader.line_num,
                cells={name: cell.strip() for name, cell in cells.items()},
            )
        )
    return tuple(rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A mapping inside a YAML file, read field by field; what is wrong goes to `problems`.

    Every reader returns an empty value where the file is wrong, so that one pass finds all
    problems of a file. Whoever loads for use raises the first of them.
    """

    yaml: Yaml
    problems: list[PackError] = field(repr=False)
    keys: tuple[_Key, ...] = ()
    data: Any = None

    @classmethod
    def open(cls, path: Path, problems: list[PackError]) -> Section:
        """The whole file as a section; an unreadable one is empty, and only that is noted of it."""
        try:
            document = load_yaml(path)
        except PackError as error:
            problems.append(error)
            return cls(yaml=Yaml(file=str(path), data={}, node=None), problems=[], data={})
        return cls._of(document, problems, (), document.data)

    def problem(self, problem: str, remedy: str, *keys: _Key) -> None:
        """Note what is wrong with the value under `keys` of this section."""
        self.problems.append(self.yaml.error(problem, remedy, *self.keys, *keys))

    def section(self, key: str) -> Section:
        """The mapping under `key`; empty if there is none."""
        return self._of(self.yaml, self.problems, (*self.keys, key), self.data.get(key) or {})

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Each key of this mapping with the mapping under it."""
        for key, value in self.data.items():
            yield key, self._of(self.yaml, self.problems, (*self.keys, key), value)

    def rows(self, key: str) -> list[Section]:
        """The list of mappings under `key`; empty if there is none."""
        value = self.data.get(key) or []
        if not isinstance(value, list):
            self.problem(f"{key} is not a list", 'Begin each entry with "- ".', key)
            return []
        return [
            self._of(self.yaml, self.problems, (*self.keys, key, index), row)
            for index, row in enumerate(value)
        ]

    def string(self, key: str, default: str = "", *, required: bool = False) -> str:
        """The words under `key`; numbers become words."""
        value = self.data.get(key)
        if value is None or value == "":
            if required:
                self.problem(f"{key} is missing", f"Add {key}: …")
            return default
        if isinstance(value, (dict, list)):
            self.problem(f"{key} is not text", "Write it on one line, in quotes if need be.", key)
            return default
        return str(value)

    def strings(self, key: str) -> tuple[str, ...]:
        """The list of words under `key`."""
        value = self.data.get(key) or []
        if not isinstance(value, list) or any(isinstance(item, (dict, list)) for item in value):
            self.problem(f"{key} is not a list of words", "Write [one, two].", key)
            return ()
        return tuple(str(item) for item in value if item is not None)

    def integer(self, key: str, *, least: int = 0) -> int | None:
        """The whole number under `key`; None where it is absent or `null`."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.problem(f"{key} is not a whole number of at least {least}", "Write digits only.", key)
            return None
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """The true or false under `key`."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.problem(f"{key} is neither true nor false", "Write true or false.", key)
            return default
        return value

    def day(self, key: str) -> date | None:
        """The date under `key`, written 2025-12-17; None where it is absent."""
        value = self.string(key)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.problem(f"{key} is not a date", "Write year-month-day: 2025-12-17.", key)
            return None

    def names(self, key: str, languages: Collection[str], *, required: bool = False) -> Mapping[str, str]:
        """Words by language under `key`; every language must be one of the pack's."""
        value = self.section(key)
        if required and not self.data.get(key):
            self.problem(f"{key} is missing", f"Add {key}: with one line a language.")
        value.only(languages, f"Write one of {', '.join(languages)}, or add the language to pack.yml.")
        return {name: words for name in value.data if (words := value.string(name))}

    def only(self, known: Iterable[str], remedy: str = "") -> None:
        """Note keys that nobody reads: they are nearly always misspelt."""
        names = tuple(known)
        for key in self.data:
            if key not in names:
                self.problem(f"nobody reads {key}", remedy or f"Known here: {', '.join(names)}.", key)

    @classmethod
    def _of(cls, document: Yaml, problems: list[PackError], keys: tuple[_Key, ...], data: Any) -> Section:
        if isinstance(data, dict):
            return cls(yaml=document, problems=problems, keys=keys, data=data)
        if data is not None:
            # What it lacks follows from that: it goes to a list that nobody reads.
            problems.append(document.error("not a mapping", "Write key: value lines.", *keys))
            problems = []
        return cls(yaml=document, problems=problems, keys=keys, data={})


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise PackError(str(path), 1, f"cannot be read: {error.strerror}", "Create the file.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PackError(str(path), line, "not UTF-8", "Save the file as UTF-8 text.") from error


_TAG = "tag:yaml.org,2002:"
_STR, _MAP, _SEQ = f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq"
# Only what begins with one of these can be anything but a string.
_NOT_A_WORD = re.compile(
    r"(?P<null>~|null|)|(?P<bool>true|false)|(?P<int>-?(?:0|[1-9][0-9]{0,17}))|(?P<float>-?(?:0|[1-9][0-9]*)\.[0-9]+)"
)
_FIRSTS = frozenset("~ntf-0123456789")
# No pack is written so; a file that is would take all of the stack, or of the memory.
_DEEPEST, _MOST = 50, 1_000_000


class _Loader(SAFE_LOADER):  # type: ignore[misc]
    """Finds the nodes; what a plain scalar is follows the core rules, in half the time of PyYAML's own."""

    _depth = 0

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            if not implicit[0] or (value and value[0] not in _FIRSTS):
                return _STR
            match = _NOT_A_WORD.fullmatch(value or "")
            return f"{_TAG}{match.lastgroup}" if match else _STR
        return _MAP if kind is yaml.MappingNode else _SEQ

    def descend_resolver(self, *_: Any) -> None:
        """Nothing depends on where a node stands, but for how deep that may be."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="too deep", problem_mark=self.peek_event().start_mark)

    def ascend_resolver(self) -> None:
        """See `descend_resolver`."""
        self._depth -= 1


_SCALARS: Mapping[str, Callable[[str], Any]] = {
    _STR: str,
    f"{_TAG}null": lambda _: None,
    f"{_TAG}int": int,
    f"{_TAG}bool": lambda word: word == "true",
    f"{_TAG}float": float,
}
_TAGS = {*_SCALARS, _MAP, _SEQ}


class _Values:
    """The plain values of a file's nodes; those that are named again and again are counted each time."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._left = _MOST

    def of(self, node: yaml.Node | None, depth: int = 0) -> Any:
        """The value of a node; raises PackError."""
        if node is None:
            return None
        self._left -= 1
        if node.tag == _STR:
            return node.value
        if node.tag not in _TAGS:
            raise self._error(node, f"unknown tag {node.tag}", "Remove what begins with !.")
        if self._left <= 0 or depth > _DEEPEST:
            raise self._error(node, "it repeats itself without end", "Write out what is named with *.")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item, depth + 1) for item in node.value]
        return _SCALARS[node.tag](node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key that is not one word", "Quote the text before the colon.")
            if key.value in values:
                raise self._error(key, f"{key.value} occurs twice", "Keep one of the two.")
            values[key.value] = self.of(value, depth + 1)
        return values

    def _error(self, node: yaml.Node, problem: str, remedy: str) -> PackError:
        return PackError(self._file, node.start_mark.line + 1, problem, remedy)


def _child(node: yaml.Node | None, key: _Key) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line + 1, node.value[key]
    return None
