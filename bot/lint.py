"""The content of a pack, judged as a reader and a payer would: nothing here stops the service from starting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.dispatcher import Response
from bot.errors import PackError
from bot.messages import Capabilities
from bot.pack import Pack, Text, TextPlaces, fill, placeholders
from bot.rendering import DEFAULT_BUDGET, Renderer
from bot.text.gsm import is_gsm
from bot.text.parts import count

_SMS = Capabilities(max_units=1600, sms=True)
# A text of the GSM alphabet but for so small a share of its letters has them by accident.
_ACCIDENT = 0.2
# What WhatsApp, Messenger and LINE show on a button, in characters; longer answers are told by numbers there.
_BUTTON = 20


def lint(pack: Pack, budgets: Mapping[str, int], widths: Mapping[str, int]) -> Iterator[PackError]:
    """What should be mended in the texts: missing translations, dear characters, answers over budget.

    `budgets` are parts by text, `widths` the usual length of a value by placeholder, in characters;
    a text with another placeholder is judged by the answers that use it, not here.
    """
    places = TextPlaces(pack.root)
    yield from _missing(pack, places)
    renderer = Renderer(pack, budgets)
    for table, languages in (("responses", pack.texts), ("labels", pack.labels)):
        for language, texts in languages.items():
            for key, text in texts.items():
                for problem, remedy in _dear(text):
                    yield places.error(language, table, key, problem, remedy)
    for language, texts in pack.texts.items():
        for key, text in texts.items():
            names = placeholders(text.text)
            if not names <= widths.keys():
                continue
            filler = "x" if is_gsm(text.text) else "ກ"
            values: dict[str, Any] = {name: filler * widths[name] for name in names}
            said = renderer.render([Response(key=key, values=values)], language, _SMS).drafts[0].text
            parts, budget = count(said), budgets.get(key) or DEFAULT_BUDGET
            if parts > budget:
                problem = f"{key} costs {parts} parts, {budget} are allowed"
                remedy = "Write it shorter, or give it a short: wording."
                yield places.error(language, "responses", key, problem, remedy)


def _missing(pack: Pack, places: TextPlaces) -> Iterator[PackError]:
    for language, key in pack.missing():
        table = "responses" if any(key in texts for texts in pack.texts.values()) else "labels"
        problem = f"{key} has no words in {language}"
        yield places.error(
            language, table, key, problem, "Translate it; until then another language is said."
        )


def strange_letters(words: str) -> list[str]:
    """The characters that make every part of an otherwise cheap text short; none for one in another script."""
    bare = fill(words, dict.fromkeys(placeholders(words), ""))
    letters = [letter for letter in bare if not letter.isspace()]
    strange = [letter for letter in letters if not is_gsm(letter)]
    return sorted(set(strange)) if len(strange) < _ACCIDENT * len(letters) else []


def _dear(text: Text) -> Iterable[tuple[str, str]]:
    """What to say of such characters in a text and its answers, and of answers that no button holds."""
    for words in (text.text, text.short, text.screen, *(button.title for button in text.buttons)):
        if strange := strange_letters(words):
            named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in strange)
            yield (
                f"{named} makes every SMS part of this text hold 67 letters, not 153",
                "Write it with other letters.",
            )
    for button in text.buttons:
        if len(button.title) > _BUTTON:
            yield (
                f"the answer {button.title!r} has {len(button.title)} characters, a button holds {_BUTTON}",
                "Write it shorter.",
            )
