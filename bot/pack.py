"""The country pack: languages, texts, labels and word lists, read once from a folder of data files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import PackError
from bot.packfile import Row, Section, Yaml, load_csv, load_yaml, sources

__all__ = [
    "Button", "Pack", "Row", "Section", "Text", "TextPlaces", "Yaml",
    "check_pack", "fill", "load_csv", "load_yaml", "placeholders", "sources",
]  # fmt: skip

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """An answer that a text offers: what the person reads, and the payload it stands for."""

    title: str
    payload: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One thing to say in one language; `short` is for channels paid by part, and may be empty.

    `screen` is said in place of both in a dialled session, where "here" and "write" mean little; it may be empty.
    """

    text: str
    short: str = ""
    screen: str = ""
    buttons: tuple[Button, ...] = ()
    reviewed: bool = False


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """How amounts are written: `thousands` parts groups of three digits."""

    thousands: str = ","
    decimal: str = "."


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Everything a country decides, as it stands in the folder `root`; facts are read by their domains.

    `languages` begins with the default one. `fallback` is said where even that has no words.
    `romanised` names for a language the one in which it is written with Latin letters.
    """

    root: Path
    id: str
    name: Mapping[str, str]
    languages: tuple[str, ...]
    fallback: str
    timezone: str
    currency: str
    numbers: Numbers
    texts: Mapping[str, Mapping[str, Text]]
    labels: Mapping[str, Mapping[str, Text]]
    lexicons: Mapping[str, Mapping[str, Any]]
    romanised: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | str) -> Pack:
        """Read the folder; raises the first PackError."""
        problems: list[PackError] = []
        pack = _read(Path(path), problems)
        if problems or pack is None:
            raise problems[0]
        return pack

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that people and offices live by."""
        return ZoneInfo(self.timezone)

    def chain(self, language: str) -> tuple[str, ...]:
        """The languages to try, best first: the one wanted, the default, the fallback."""
        return tuple(dict.fromkeys((language, self.languages[0], self.fallback)))

    def text(self, language: str, key: str) -> Text:
        """What to say under `key`, in the nearest language that has it; raises KeyError."""
        return self._nearest(self.texts, language, key)

    def label(self, language: str, key: str) -> str:
        """A word that stands inside texts (unit, status, category), likewise; raises KeyError."""
        return self._nearest(self.labels, language, key).text

    def pick(self, names: Mapping[str, str], language: str) -> str:
        """The name in the nearest language that has one; empty if none has."""
        if language in names:
            return names[language]
        for code in self.chain(language):
            if code in names:
                return names[code]
        return next(iter(names.values()), "")

    def lexicon(self, name: str) -> Mapping[str, Any]:
        """The entry `name` of every language's lexicon.yml, by language; absent where not given."""
        return {language: words[name] for language, words in self.lexicons.items() if name in words}

    def missing(self) -> tuple[tuple[str, str], ...]:
        """(language, key) of every text and label that is said in another language."""
        return tuple(
            (language, key)
            for table in (self.texts, self.labels)
            for key in sorted({key for texts in table.values() for key in texts})
            for language in self.languages
            if key not in table.get(language, {})
        )

    def _nearest(self, table: Mapping[str, Mapping[str, Text]], language: str, key: str) -> Text:
        wanted = table.get(language, {}).get(key)
        if wanted is not None:
            return wanted
        for code in self.chain(language):
            found = table.get(code, {}).get(key)
            if found is not None:
                return found
        raise KeyError(key)


def placeholders(template: str) -> frozenset[str]:
    """The names in braces in a text."""
    return frozenset(_PLACEHOLDER.findall(template))


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put values for `{name}` marks, once and literally; raises KeyError for a value not given."""
    if "{" not in template:
        return template
    return _PLACEHOLDER.sub(lambda mark: str(values[mark[1]]), template)


class TextPlaces:
    """Where the texts of a pack stand; the files of a language are read once, when a problem is told of one."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._documents: dict[str, list[Yaml]] = {}

    def error(self, language: str, table: str, key: str, problem: str, remedy: str) -> PackError:
        """A PackError that points at a text; `table` is responses or labels."""
        if language not in self._documents:
            files = sources(self._root / language, "responses")
            self._documents[language] = [load_yaml(path) for path in files]
        documents = self._documents[language]
        holds = (each for each in documents if key in (each.data or {}).get(table, {}))
        return next(holds, documents[0]).error(problem, remedy, table, key, "text")


def check_pack(
    path: Path | str, checks: Iterable[Callable[[Pack], Iterable[PackError]]] = ()
) -> list[PackError]:
    """All problems of the pack: its texts first, then what each domain finds in its own files."""
    problems: list[PackError] = []
    pack = _read(Path(path), problems)
    if pack is not None:
        for check in checks:
            problems.extend(check(pack))
    return problems


def _read(root: Path, problems: list[PackError]) -> Pack | None:
    about = Section.open(root / "pack.yml", problems)
    languages = about.strings("languages")
    if not languages:
        about.problem("no languages", "Write languages: [xx], the default one first.", "languages")
        return None
    about.only(("id", "name", "languages", "fallback", "romanised", "timezone", "currency", "numbers"))
    texts, labels, lexicons = {}, {}, {}
    for language in languages:
        texts[language], labels[language] = _words(root / language, problems)
        if (root / language / "lexicon.yml").exists():
            lexicons[language] = Section.open(root / language / "lexicon.yml", problems).data
    places = TextPlaces(root)
    _agree(places, "responses", texts, problems)
    _agree(places, "labels", labels, problems)
    numbers = about.section("numbers")
    return Pack(
        root=root,
        id=about.string("id", required=True),
        name=about.names("name", languages, required=True),
        languages=languages,
        fallback=_fallback(about, languages),
        timezone=_timezone(about),
        currency=about.string("currency", required=True),
        numbers=Numbers(
            thousands=numbers.string("thousands", Numbers.thousands),
            decimal=numbers.string("decimal", Numbers.decimal),
        ),
        texts=texts,
        labels=labels,
        lexicons=lexicons,
        romanised=_romanised(about, languages),
    )


def _words(folder: Path, problems: list[PackError]) -> tuple[dict[str, Text], dict[str, Text]]:
    """The texts and the labels of one language, from all files of its `responses`."""
    found: tuple[dict[str, Text], dict[str, Text]] = {}, {}
    for path in sources(folder, "responses"):
        document = Section.open(path, problems)
        document.only(("responses", "labels"))
        for table, entries in zip(found, map(document.section, ("responses", "labels")), strict=True):
            for key in sorted(table.keys() & entries.data.keys()):
                entries.problem(f"{key} is in another file too", "Keep one of the two.", key)
            table.update(_texts(entries))
    return found


def _texts(entries: Section) -> dict[str, Text]:
    return {key: _text(entry) for key, entry in entries.sections()}


def _text(entry: Section) -> Text:
    entry.only(("text", "short", "screen", "buttons", "reviewed"))
    text = entry.string("text", required=True)
    others = {key: entry.string(key) for key in ("short", "screen")}
    for key, words in (("text", text), *others.items()):
        if _BRACE.search(_PLACEHOLDER.sub("", words)):
            entry.problem(f"{key} has a lone brace", "Write {name}: small letters, digits and _.", key)
    for key, words in others.items():
        if unknown := placeholders(words) - placeholders(text):
            entry.problem(f"{key} has {{{min(unknown)}}}, text has not", "Use only what text uses.", key)
    buttons = []
    for button in entry.rows("buttons"):
        button.only(("title", "payload"))
        buttons.append(
            Button(
                title=button.string("title", required=True),
                payload=button.string("payload", required=True),
            )
        )
    return Text(text=text, buttons=tuple(buttons), reviewed=entry.flag("reviewed"), **others)


def _fallback(about: Section, languages: tuple[str, ...]) -> str:
    fallback = about.string("fallback", "en" if "en" in languages else languages[0])
    if fallback not in languages:
        about.problem(f"fallback {fallback} is not a language of the pack", "Name one of them.", "fallback")
    return fallback


def _romanised(about: Section, languages: tuple[str, ...]) -> dict[str, str]:
    section = about.section("romanised")
    section.only(languages)
    found = {language: section.string(language) for language in section.data}
    for language, form in found.items():
        if form not in languages:
            section.problem(f"{form} is not a language of the pack", "Name one of them.", language)
    return found


def _timezone(about: Section) -> str:
    timezone = about.string("timezone", required=True)
    try:
        ZoneInfo(timezone or "UTC")
    except (ValueError, ZoneInfoNotFoundError):
        about.problem(f"no time zone {timezone}", "Write it as Asia/Vientiane.", "timezone")
        return "UTC"
    return timezone


def _agree(
    places: TextPlaces, table: str, texts: Mapping[str, Mapping[str, Text]], problems: list[PackError]
) -> None:
    # A translation that forgets {reference} would take the citizen's reference away: the
    # first language that has a text says what it must carry.
    models: dict[str, tuple[str, Text]] = {}
    for language, entries in texts.items():
        for key, text in entries.items():
            model, wanted = models.setdefault(key, (language, text))
            if placeholders(wanted.text) != placeholders(text.text):
                names = ", ".join(f"{{{name}}}" for name in sorted(placeholders(wanted.text))) or "none"
                problem = f"{key} has other placeholders than in {model}"
                remedy = f"Use exactly those of {model}: {names}."
                problems.append(places.error(language, table, key, problem, remedy))
            if [button.payload for button in wanted.buttons] != [button.payload for button in text.buttons]:
                problem = f"{key} offers other answers than in {model}"
                problems.append(places.error(language, table, key, problem, "Same payloads, same order."))
