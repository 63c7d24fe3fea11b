"""Every wording of the pack that people read: found for a review, checked, and changed where it stands.

A wording is one text in several languages: an answer, its short form, a button, a label, or a name or
note in a data file. Word lists and examples, which nobody reads, are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.lint import strange_letters
from bot.pack import Pack, load_yaml, placeholders, sources
from bot.yaml_edit import Keys, Value, edited

_COMMENT = re.compile(r"#\s*(.+)")
_BRACE = re.compile(r"[{}]")
_PLACEHOLDER = re.compile(r"\{[a-z][a-z0-9_]*\}")
_REVIEWED = "reviewed"
# Wordings of an answer for some channels, which may leave a value out.
_OTHERS = ("short", "screen")
_Spot = tuple[str, Keys]
_Flag = tuple[Keys, bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A wording in one language: the words, where they stand, and the flag that says whether they are reviewed.

    `flag` is where that flag stands, or would; None where the file has none.
    """

    words: str
    file: str
    keys: Keys
    flag: Keys | None
    reviewed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """`key` and `part` name it in the pack; `where` says in words where it is used."""

    key: str
    part: str
    where: str
    said: Mapping[str, Said]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a reviewer says of a wording in a language: `words` is the new wording, None to keep it."""

    wording: Wording
    language: str
    reviewed: bool
    words: str | None = None

    @property
    def said(self) -> Said:
        """The wording as it was."""
        return self.wording.said[self.language]


def wordings(pack: Pack) -> list[Wording]:
    """All wordings of the pack, the answers first; raises PackError."""
    return [*_answers(pack), *_names(pack)]


def problem(wording: Wording, language: str, words: str) -> str:
    """Why these words cannot take the place of a wording; empty if they can."""
    said = wording.said[language]
    if not words.strip():
        return "the new wording is empty"
    if _BRACE.search(_PLACEHOLDER.sub("", words)):
        return "a brace stands alone: {name} is replaced by a value, and is written exactly so"
    old, new = placeholders(said.words), placeholders(words)
    lost, added = sorted(old - new), sorted(new - old)
    if added or (lost and wording.part not in _OTHERS):
        marks = [f"{{{name}}} is missing" for name in lost] + [
            f"{{{name}}} is not known here" for name in added
        ]
        return ", ".join(marks)
    dear = strange_letters(words)
    if dear and not strange_letters(said.words):
        named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in dear)
        return f"{named} makes every SMS part of this text hold 67 letters, not 153"
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a review changes: the new content of files by path below the root, and flags that stay false.

    `held` are files whose wordings were all said to be reviewed, as far as the review went.
    """

    files: Mapping[str, str]
    held: Sequence[str]


class Review:
    """Turns verdicts on the wordings of a pack into new files.

    A flag covers all wordings of its entry. It becomes true when each of them is reviewed, in each
    language that it speaks for but the one they are translated from; false when one is not.
    """

    def __init__(self, pack: Pack, known: Sequence[Wording]) -> None:
        self._root, source = pack.root, pack.fallback
        self._covered: dict[_Spot, set[tuple[str, str, str]]] = {}
        self._flags: dict[_Spot, bool] = {}
        for wording in known:
            for language, said in wording.said.items():
                if said.flag is not None:
                    spot = said.file, said.flag
                    self._flags[spot] = said.reviewed
                    self._covered.setdefault(spot, set()).add((wording.key, wording.part, language))
        for covered in self._covered.values():
            if len({language for _, _, language in covered}) > 1:
                covered.difference_update([each for each in covered if each[2] == source])

    def outcome(self, verdicts: Iterable[Verdict]) -> Outcome:
        """What becomes of the files; raises PackError."""
        given = {(each.wording.key, each.wording.part, each.language): each for each in verdicts}
        changes: dict[str, dict[Keys, Value]] = {}
        for each in given.values():
            if each.words is not None and each.words != each.said.words:
                changes.setdefault(each.said.file, {})[each.said.keys] = each.words
        held = []
        for file, flag in self._touched(given):
            said = [given.get(each) for each in self._covered[file, flag]]
            if any(each and not each.reviewed for each in said):
                value = False
            elif all(said):
                value = True
            else:
                held += [] if self._flags[file, flag] else [file]
                continue
            if value != self._flags[file, flag]:
                changes.setdefault(file, {})[flag] = value
        files = {file: edited(_read(self._root / file), each, file) for file, each in changes.items()}
        return Outcome(files=files, held=held)

    def _touched(self, given: Mapping[tuple[str, str, str], Verdict]) -> dict[_Spot, None]:
        """The flags that a verdict has a say in, in the order of the verdicts."""
        spots = {name: (each.said.file, each.said.flag) for name, each in given.items() if each.said.flag}
        return {spot: None for name, spot in spots.items() if name in self._covered[spot]}


def _answers(pack: Pack) -> Iterator[Wording]:
    """The texts and labels of <language>/responses."""
    where: dict[tuple[str, str], str] = {}
    said: dict[tuple[str, str], dict[str, Said]] = {}
    for language in pack.languages:
        for path in sources(pack.root / language, "responses"):
            document, file = load_yaml(path), path.relative_to(pack.root).as_posix()
            for table in ("responses", "labels"):
                for key, entry in (document.data.get(table) or {}).items():
                    for part, keys, words in _parts(entry, label=table == "labels"):
                        where.setdefault((key, part), _purpose(path))
                        said.setdefault((key, part), {})[language] = Said(
                            words=words,
                            file=file,
                            keys=(table, key, *keys),
                            flag=(table, key, _REVIEWED),
                            reviewed=bool(entry.get(_REVIEWED, False)),
                        )
    for (key, part), each in said.items():
        yield Wording(key=key, part=part, where=where[key, part], said=each)


def _parts(entry: Mapping[str, Any], *, label: bool) -> Iterator[tuple[str, Keys, str]]:
    if entry.get("text"):
        yield "label" if label else "text", ("text",), str(entry["text"])
    for other in _OTHERS:
        if entry.get(other):
            yield other, (other,), str(entry[other])
    for number, button in enumerate(entry.get("buttons") or ()):
        yield f"button {number + 1}", ("buttons", number, "title"), str(button["title"])


def _names(pack: Pack) -> Iterator[Wording]:
    """Whatever has one line a language in the files of facts."""
    languages, of_answers = frozenset(pack.languages), {pack.root / each for each in pack.languages}
    for path in sorted(pack.root.rglob("*.yml")):
        if not of_answers.isdisjoint(path.parents):
            continue
        document, file = load_yaml(path).data, path.relative_to(pack.root).as_posix()
        names = document.get("names") if isinstance(document, dict) else None
        where = pack.pick(names, pack.fallback) if isinstance(names, dict) else _purpose(path)
        for keys, words, flag in _by_language(document, languages):
            said = {
                language: Said(
                    words=each,
                    file=file,
                    keys=(*keys, language),
                    flag=flag[0] if flag else None,
                    reviewed=bool(flag and flag[1]),
                )
                for language, each in words.items()
            }
            yield Wording(key=f"{file}: {'/'.join(map(str, keys))}", part="name", where=where, said=said)


def _by_language(
    node: Any, languages: frozenset[str], keys: Keys = (), flag: _Flag | None = None
) -> Iterator[tuple[Keys, Mapping[str, str], _Flag | None]]:
    """Each mapping of languages to words below a node, with the nearest flag around it."""
    if isinstance(node, dict):
        if node and languages.issuperset(node) and all(isinstance(words, str) for words in node.values()):
            yield keys, node, flag
            return
        if isinstance(node.get(_REVIEWED), bool):
            flag = (*keys, _REVIEWED), node[_REVIEWED]
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in children:
        yield from _by_language(each, languages, (*keys, key), flag)


def _purpose(path: Path) -> str:
    """What a file says of itself in its first line, else its name."""
    first = _COMMENT.match(_read(path))
    return first[1].strip() if first else path.stem


def _read(path: Path) -> str:
    # Bytes, not text: the line breaks stay as they are.
    return path.read_bytes().decode()
