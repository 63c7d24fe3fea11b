"""nlu.yml of a Rasa project: the examples with their entities, exact words, danger, names as look-ups and synonyms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.nlu.data import Example, TrainingData
from bot.nlu.lexicon import Lexicon
from bot.nlu.whole import INTENTS
from bot.rasa.names import rasa_name

# Eight digits, as a person parts them; Rasa cannot look at the check digit.
_REFERENCE = (r"\d{8}", r"\d{4}[ -]\d{4}", r"\d{2}[ -]\d{2}[ -]\d{2}[ -]\d{2}")
# A shorter name is in the middle of other words, where no spaces part them.
_LEAST_NAME = 4
# Of a phrase whose words stand apart; Rasa looks up whole phrases only.
APART = "…"
_MARKS = frozenset("[]{}()\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What is understood by examples: those of the chosen languages, with the words and names of these.

    `names` are, by entity, (value, name) pairs.
    """

    data: TrainingData
    lexicon: Lexicon
    names: Mapping[str, Sequence[tuple[str, str]]]

    @property
    def intents(self) -> frozenset[str]:
        """All intents that have an example."""
        return frozenset(example.intent for example in self._examples())

    @property
    def entities(self) -> frozenset[str]:
        """All entities that are marked, looked up or matched."""
        marked = {mark["entity"] for example in self._examples() for mark in example.entities}
        return frozenset(marked.union(self.names, ("reference",)))

    def document(self) -> dict[str, Any]:
        """The file; each section in the order of its name, each example once, in its own order."""
        lines: dict[str, dict[str, None]] = {}
        for example in self._examples():
            lines.setdefault(example.intent, {})[_marked(example)] = None
        sections = [
            {"intent": rasa_name(intent), "examples": _listed(several)}
            for intent, several in sorted(lines.items())
        ]
        sections += [
            {"synonym": value, "examples": _listed(words)}
            for value, words in sorted(self._synonyms().items())
        ]
        for entity, named in sorted(self.names.items()):
            words = dict.fromkeys(name for _, name in named if len(name) >= _LEAST_NAME)
            sections.append({"lookup": entity, "examples": _listed(words)})
        sections.append({"regex": "reference", "examples": _listed(_REFERENCE)})
        return {"version": "3.1", "nlu": sections}

    def _examples(self) -> Iterable[Example]:
        yield from self.data.examples
        for intent in INTENTS:
            for language, word in self.lexicon.words(intent.rpartition("/")[2]):
                yield Example(text=word, intent=intent, language=language)
        for language, kind, phrase in self.lexicon.table("danger"):
            if APART not in phrase:
                mark = {"entity": "danger", "value": kind, "start": 0, "end": len(phrase), "confidence": 1.0}
                yield Example(text=phrase, intent="danger", language=language, entities=(mark,))  # type: ignore[arg-type]  # a dict display of mixed values

    def _synonyms(self) -> dict[str, dict[str, None]]:
        """Names by value; a name that several values share would be any of them, so it is none."""
        values: dict[str, set[str]] = {}
        pairs = [(value, name) for named in self.names.values() for value, name in named]
        pairs += [(value, word) for value, words in self.data.synonyms.items() for word in words]
        for value, name in pairs:
            values.setdefault(name, set()).add(value)
        synonyms: dict[str, dict[str, None]] = {}
        for value, name in pairs:
            if len(values[name]) == 1 and not _MARKS.intersection(name):
                synonyms.setdefault(value, {})[name] = None
        return synonyms


def _listed(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _marked(example: Example) -> str:
    """The example in Rasa's way of writing, its entities in brackets."""
    text, end = "", 0
    for mark in example.entities:
        about = json.dumps({"entity": mark["entity"], "value": mark["value"]}, ensure_ascii=False)
        text += f"{example.text[end : mark['start']]}[{example.text[mark['start'] : mark['end']]}]{about}"
        end = mark["end"]
    return text + example.text[end:]
