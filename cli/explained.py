"""An explanation of what was understood: as data, and for people, in a terminal of any script.

Figures stand before words: the width of Lao letters in a terminal is anybody's guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bot.nlu.decider import Decider
from bot.nlu.explain import Explanation, Tongue

_WHY = {
    Decider.DANGER: "danger to life, which comes before every intent",
    Decider.NOTHING: "there is nothing to read",
    Decider.WHOLE: "the whole message is in a word list",
    Decider.REFUSAL: "what it says not to want",
    Decider.ASIDE: "what it says beside thanks, haste or anger",
    Decider.SLIP: "a slip of a word for STOP, which is asked about",
    Decider.NUMBER: "a number alone",
    Decider.FACT: "nothing but what it mentions",
    Decider.EXAMPLE: "an example of the pack says just this",
    Decider.FEATURES: "the features together",
}


def data(why: Explanation) -> dict[str, Any]:
    """All but the parse data itself."""
    return {name: value for name, value in asdict(why).items() if name != "parsed"}


def lines(why: Explanation) -> Iterator[str]:
    """The explanation, line by line; what would break a line, or steer the terminal, is a space."""
    for line in _lines(why):
        yield "".join(letter if letter.isprintable() else " " for letter in line)


def _lines(why: Explanation) -> Iterator[str]:
    parsed = why.parsed
    yield f"text         {parsed['text']}"
    yield f"normalised   {why.normalised}"
    if why.judged != why.normalised:
        yield f"judged       {' '.join(why.judged.split())}"
    if why.mended != why.judged:
        yield f"mended       {' '.join(why.mended.split())}"
    yield f"tokens       {' | '.join(why.tokens)}"
    yield f"sound        {why.sound}"
    wish = parsed.get("intent_response_key", parsed["intent"]["name"])
    yield f"understood   {Decider.DANGER.value if why.decider is Decider.DANGER else wish}"
    yield f"decided by   {_WHY[why.decider]}"
    yield ""
    for each in parsed["intent_ranking"]:
        yield f"{each['confidence']:8.4f}  {each['name']}"
    for further in parsed.get("further", ()):
        yield f"{further['intent']['confidence']:8.4f}  {further['intent']['name']}, which is asked besides"
    yield from _features(why)
    yield from _entities(why)
    yield from _names(why)
    yield from _language(why)


def _features(why: Explanation) -> Iterator[str]:
    yield ""
    yield f"{why.familiarity:8.4f}  familiarity: the share of the message that the examples know"
    yield f"{why.trust:8.4f}  trust: the share left to the intents for that"
    if why.unknown:
        yield f"          no example has: {' | '.join(why.unknown)}"
    yield ""
    yield f"features, in logarithms of odds: towards {why.first}, towards {why.second}"
    yield f"{why.base[0]:+8.2f}{why.base[1]:+8.2f}  before any of them"
    yield f"{why.total[0]:+8.2f}{why.total[1]:+8.2f}  with all of them; the weightiest:"
    for each in why.features:
        gram = f"word {each.gram}" if each.block == "words" else f"sound {each.gram.replace(' ', '_')}"
        yield f"{each.first:+8.2f}{each.second:+8.2f}  {gram}"


def _entities(why: Explanation) -> Iterator[str]:
    text = why.parsed["text"]
    if why.parsed["entities"]:
        yield ""
        yield "mentioned"
    for each in why.parsed["entities"]:
        spelt = text[each["start"] : each["end"]]
        yield f"{each['confidence']:8.3f}  {each['entity']} {each['value']}: {spelt}"


def _names(why: Explanation) -> Iterator[str]:
    if why.names:
        yield ""
        yield "nearest names of services, by sound; * became an entity"
    for each in why.names:
        yield f"{each.score:8.3f} {'*' if each.taken else ' '}{each.service}: {each.name}"


def _language(why: Explanation) -> Iterator[str]:
    yield ""
    yield f"language     {why.parsed['language']}"
    for script, letters in why.letters.items():
        yield f"{letters:8}  {script.capitalize()} letters"
    for tongue in why.tongues:
        yield f"{tongue.weight:8.2f}  {tongue.language}{_speaking(tongue)}"


def _speaking(tongue: Tongue) -> str:
    return (
        f": {', '.join(f'{gram!r} {weight:+}' for gram, weight in tongue.grams.items())}"
        if tongue.grams
        else ""
    )
