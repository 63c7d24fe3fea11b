"""A disk that loses what was not synced, replayed from the system calls that strace recorded.

The model is harsher than a real disk: a name in the directory is kept only once the directory was
synced, and of the writes that were not synced any may be missing, whatever their order was.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Short process ids are padded to five places.
_CALL = re.compile(r"^(\d+) +(\w+)\((.*?)(?:\) += (-?\d+).*| <unfinished \.\.\.>)$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)")
_DESCRIPTOR = re.compile(r"^\d+<([^>]*)>")
_STRING = re.compile(r'"([^"]*)"')

TRACED = "openat,pwrite64,write,fsync,fdatasync,ftruncate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One system call on a file of the directory; `name` is empty for the directory itself."""

    kind: str  # create | write | append | truncate | sync
    name: str
    offset: int = 0
    data: bytes = b""
    # What is written before this ordinal is on the disk when the sync is over.
    since: int = 0


@dataclass(slots=True)
class _File:
    durable: bytes
    is_named: bool
    pending: list[tuple[int, Call]] = field(default_factory=list)


def calls(log: Path, directory: Path) -> Iterator[Call]:
    """The calls of the log that concern files of the directory, a sync where it ended."""
    syncing: dict[str, Call] = {}
    count = 0
    with log.open() as lines:
        for line in lines:
            if (resumed := _RESUMED.match(line)) and (call := syncing.pop(resumed[1], None)):
                yield call
            match = _CALL.match(line.rstrip("\n"))
            call = _call(match[2], match[3], directory, count) if match and match[4] != "-1" else None
            if call is None or match is None:
                continue
            if call.kind == "sync" and match[4] is None:
                syncing[match[1]] = call
                continue
            count += call.kind != "sync"
            yield call


class Disk:
    """The directory as the calls leave it: what is on the disk, and what only the system's cache knows."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = {name: _File(durable=content, is_named=True) for name, content in files.items()}
        self._count = 0

    def apply(self, call: Call) -> None:
        """Let the call happen."""
        if call.kind == "sync" and call.name == "":
            for each in self._files.values():
                each.is_named = True
            return
        file = self._files.setdefault(call.name, _File(durable=b"", is_named=False))
        if call.kind in ("write", "truncate"):
            file.pending.append((self._count, call))
        elif call.kind == "sync":
            synced = [each for ordinal, each in file.pending if ordinal < call.since]
            file.durable = _written(file.durable, synced)
            file.pending = [(ordinal, each) for ordinal, each in file.pending if ordinal >= call.since]
        self._count += call.kind != "sync"

    def after_power_cut(self, chance: random.Random | None) -> dict[str, bytes]:
        """What is found afterwards: only what was synced, or with `chance` any part of the rest as well."""
        found = {}
        for name, file in self._files.items():
            survived = [call for _ordinal, call in file.pending if chance and chance.random() < 0.5]
            if file.is_named or survived:
                found[name] = _written(file.durable, survived)
        return found


def _call(kind: str, arguments: str, directory: Path, since: int) -> Call | None:
    path = _path(kind, arguments)
    if path is None or directory not in (path, path.parent):
        return None
    name = "" if path == directory else path.name
    match kind:
        case "openat":
            return Call(kind="create", name=name) if "O_CREAT" in arguments else None
        case "pwrite64":
            offset = int(arguments.rpartition(", ")[2])
            return Call(kind="write", name=name, data=_bytes(arguments), offset=offset)
        case "write":
            return Call(kind="append", name=name, data=_bytes(arguments))
        case "ftruncate":
            return Call(kind="truncate", name=name, offset=int(arguments.rpartition(", ")[2]))
        case _:
            return Call(kind="sync", name=name, since=since)


def _path(kind: str, arguments: str) -> Path | None:
    found = _STRING.search(arguments) if kind == "openat" else _DESCRIPTOR.match(arguments)
    return Path(bytes.fromhex(found[1].replace("\\x", "")).decode()) if found else None


def _bytes(arguments: str) -> bytes:
    found = _STRING.search(arguments)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def _written(content: bytes, changes: list[Call]) -> bytes:
    result = bytearray(content)
    for change in changes:
        end = change.offset + len(change.data)
        if change.kind == "truncate":
            del result[change.offset :]
        result.extend(bytes(max(0, end - len(result))))
        result[change.offset : end] = change.data
    return bytes(result)
