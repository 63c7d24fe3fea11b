"""How a USSD gateway talks: a ready dialect, with what a section of channels.toml changes in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from bot.yaml_read import read_yaml
from channels.blanks import check_template

_READ = ("form", "json", "query", "xmlrpc")
_ANSWER = ("text", "json", "xmlrpc", "vodacom")
_CHARSETS = ("utf-8", "iso-8859-1", "windows-1252", "us-ascii")
_FIELDS = frozenset({"session", "number", "text", "code", "hop"})
_CHOICES = {
    "read": _READ,
    "answer": _ANSWER,
    "typed": ("last", "accumulated"),
    "ahead": ("read", "ignored"),
    "first": ("may_end", "stays_open"),
    "charset": _CHARSETS,
}
_TABLES = frozenset({"fields", "screen", "last", "headers", "done", "checked", "error"})
_ROOM = {"units": 40, "septets": 80}  # less holds no line of an answer beside those for more and back
_MOST = 1_000
_SCREEN, _REASON = ("text", "state"), ("reason",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """By which calls are told apart: `empty`, `dialled`, or a field that has one of some words, or any.

    `otherwise` is the rule for calls in which that field is missing.
    """

    kind: str
    field: str = ""
    words: frozenset[str] = frozenset()
    any: bool = False
    otherwise: Rule | None = None

    @classmethod
    def read(cls, where: str, text: str) -> Rule:
        """Read `empty`, `dialled`, `Type=initiation|begin`, `clean=*` or `response=false, dialled`.

        Raises ValueError that names the setting.
        """
        first, comma, rest = text.partition(",")
        if text in ("empty", "dialled"):
            return cls(kind=text)
        name, _, words = first.strip().partition("=")
        if not name or not words or not all(words.split("|")):
            raise ValueError(f"{where}: must be empty, dialled, FIELD=word|word or FIELD=*")
        return cls(
            kind="field",
            field=name,
            words=frozenset(words.lower().split("|")),
            any=words == "*",
            otherwise=cls.read(where, rest.strip()) if comma else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """What a gateway sends and wants to read; the members are told at `Settings` in channels/ussd.py.

    `over` and `check` are None where it has no such calls.
    """

    read: str
    fields: Mapping[str, str]
    new: Rule
    answer: str
    path: str = ""
    secret: str = ""
    over: Rule | None = None
    check: Rule | None = None
    typed: str = "last"
    ahead: str = "read"
    first: str = "may_end"
    charset: str = "utf-8"
    goes_on: str = ""
    ends: str = ""
    body: str = ""
    echo: tuple[str, ...] = ()
    screen: Mapping[str, str] = field(default_factory=dict)
    last: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    done: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, str] = field(default_factory=dict)
    units: int = 80
    septets: int = 182

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}: must be one of {', '.join(choices)}")
        for name, least in _ROOM.items():
            if not least <= getattr(self, name) <= _MOST:
                raise ValueError(f"{name}: must be between {least} and {_MOST}")
        if not {"number", "text"} <= self.fields.keys() <= _FIELDS:
            raise ValueError("fields: must name number and text, and may name session, code and hop")
        self._check_answer()

    @property
    def tells_code(self) -> bool:
        """Whether the gateway says which code was dialled, or nothing of the dial string comes at all."""
        return "code" in self.fields or self.new.kind == "empty" or self.ahead == "ignored"

    def _check_answer(self) -> None:
        """Refuse answers that could not be made, or would not show what there is to say."""
        if self.answer != "vodacom" and not (self.goes_on and self.ends):
            raise ValueError(f"{'ends' if self.goes_on else 'goes_on'}: is missing: their word for it")
        _check("body", {"": self.body}, _SCREEN)
        for name in ("screen", "last", "headers"):
            _check(name, getattr(self, name), _SCREEN)
        for name in ("done", "checked"):
            _check(name, getattr(self, name), ())
        _check("error", self.error, _REASON)
        shown = self.body if self.answer == "text" else " ".join(self.screen.values())
        if self.answer != "vodacom" and "{text}" not in shown:
            raise ValueError(f"{'body' if self.answer == 'text' else 'screen'}: has no place for {{text}}")
        if any("{text}" in each or not each.isprintable() for each in self.headers.values()):
            raise ValueError("headers: may hold {state} and words of one line")


@cache
def dialects() -> Mapping[str, Mapping[str, Any]]:
    """The ready ones by name, as they are written."""
    path = Path(__file__).with_name("ussd_dialects.yml")
    found: dict[str, dict[str, Any]] = read_yaml(path)
    return {
        name: {key: value for key, value in each.items() if key != "source"} for name, each in found.items()
    }


def dialect(name: str, changes: Mapping[str, Any]) -> Dialect:
    """The ready dialect of this name, or none for "", with changes; those that are empty change nothing.

    Of tables the members are changed one by one, and "" takes one away. Raises ValueError whose text begins with
    the setting that is wrong.
    """
    ready = dialects()
    if name and name not in ready:
        raise ValueError(f"dialect: must be one of {', '.join(sorted(ready))}, or left out")
    values = dict(ready.get(name, {}))
    for key, change in changes.items():
        if change:
            values[key] = {**values.get(key, {}), **change} if key in _TABLES else change
    for key in _TABLES & values.keys():
        values[key] = {each: told for each, told in values[key].items() if told}
    for key in ("read", "fields", "new", "answer"):
        if not values.get(key):
            raise ValueError(f"{key}: is missing: without `dialect` it has to be told")
    for key in ("new", "over", "check"):
        if key in values:
            values[key] = Rule.read(key, values[key])
    if "echo" in values:
        values["echo"] = tuple(values["echo"])
    return Dialect(**values)


MEMBERS = tuple(each.name for each in fields(Dialect))


def _check(where: str, templates: Mapping[str, str], filled: Collection[str]) -> None:
    for name, template in templates.items():
        check_template(f"{where}.{name}" if name else where, template, filled)
