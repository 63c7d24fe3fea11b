"""A Rasa 3.6 project: the files of it, the same for the same data, and the folder that they are written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

import yaml

from bot.bands import Bands
from bot.errors import ConfigurationError
from bot.nlu.data import TrainingData
from bot.nlu.lexicon import Lexicon
from bot.nlu.understanding import examples_of, lexicon_of
from bot.pack import Pack
from bot.places import Places
from bot.rasa.conversation import rules_of, stories_of
from bot.rasa.domain import domain_of
from bot.rasa.examples import APART, Heard
from bot.rules import Rules

# Lists the files that are ours: a folder with this one may be written again.
MARK = ".patou-export"
_HERE = Path(__file__).parent
_FILLED = ("endpoints.yml", "credentials.yml", "README.md")
_WIDTH = 110


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """What a project is made of; `language` alone is exported, or all of the pack where it is empty.

    `services` are (language, name) pairs by service, `url` is where our actions are. Rasa learns by DIET, its
    default, for so many `epochs`, or where it is to be `light` by logistic regression.
    """

    pack: Pack
    rules: Rules
    places: Places
    services: Mapping[str, Sequence[tuple[str, str]]]
    url: str
    language: str = ""
    epochs: int = 100
    light: bool = False

    def files(self) -> dict[str, str]:
        """The content of every file by its path; raises PackError, ConfigurationError."""
        languages = self._languages()
        heard, texts = self._heard(languages), {key for each in self.pack.texts.values() for key in each}
        documents = {
            "domain.yml": domain_of(self.rules, self.pack, languages, heard.intents, heard.entities),
            "data/nlu.yml": heard.document(),
            "data/rules.yml": rules_of(self.rules, texts, heard.intents),
            "data/stories.yml": stories_of(self.rules),
        }
        return {
            **{path: _dumped(document) for path, document in documents.items()},
            "config.yml": self._filled("config.light.yml" if self.light else "config.yml", languages[0]),
            **{name: self._filled(name, languages[0]) for name in _FILLED},
            "patou_syllables.py": (_HERE / "syllables.py").read_text("utf-8"),
            "patou_tokenizer.py": (_HERE / "project" / "patou_tokenizer.py.txt").read_text("utf-8"),
        }

    def _languages(self) -> tuple[str, ...]:
        if self.language and self.language not in self.pack.languages:
            known = ", ".join(self.pack.languages)
            raise ConfigurationError(f"{self.language} is no language of the pack; it has {known}")
        return (self.language,) if self.language else self.pack.languages

    def _heard(self, languages: Sequence[str]) -> Heard:
        lexicon, data = lexicon_of(self.pack), examples_of(self.pack)
        words = {name: each for name, each in lexicon.languages.items() if name in languages}
        spoken = Lexicon(languages=words)
        return Heard(
            data=_of(data, languages),
            lexicon=spoken,
            names={
                "service": [
                    (service, name)
                    for service, names in self.services.items()
                    for language, name in names
                    if language in languages
                ],
                "danger": [
                    (kind, phrase) for _, kind, phrase in spoken.table("danger") if APART not in phrase
                ],
                **{level: self._named(level, languages) for level in ("province", "district")},
            },
        )

    def _named(self, level: str, languages: Sequence[str]) -> list[tuple[str, str]]:
        return [
            (place.code, name)
            for place in self.places.by_code.values()
            if place.level == level
            for language, name in place.names.items()
            if language in languages
        ]

    def _filled(self, name: str, language: str) -> str:
        template = Template((_HERE / "project" / name).read_text("utf-8"))
        return template.substitute(
            language=language, epochs=self.epochs, threshold=Bands().act, url=f"{self.url}/actions"
        )


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write the files; raises ConfigurationError for a folder that holds what is not from an export.

    What an earlier export wrote and this one does not is removed; models that Rasa trained there stay.
    """
    mark = folder / MARK
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder")
    if folder.exists() and not mark.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty, and no export of Patou wrote it")
    before = mark.read_text("utf-8").splitlines() if mark.exists() else []
    # First: an export that is cut off can be repeated.
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("".join(f"{path}\n" for path in sorted({*before, *files})), "utf-8")
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")
    for path in before:
        old = (folder / path).resolve()
        if path not in files and old.is_relative_to(folder.resolve()):
            old.unlink(missing_ok=True)
    mark.write_text("".join(f"{path}\n" for path in sorted(files)), "utf-8")


def _of(data: TrainingData, languages: Sequence[str]) -> TrainingData:
    return replace(data, examples=tuple(each for each in data.examples if each.language in languages))


class _Dumper(yaml.SafeDumper):
    """Writes several lines as a block, as people do."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's
        """Nothing is told by reference."""
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)


def _dumped(document: Mapping[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
