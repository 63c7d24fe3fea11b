"""However long and strange a message is, the work that it makes is bounded: counted here, not timed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.nlu.entities import EntityFinder, PlaceMatch
from bot.nlu.features import LONGEST, Reading, grams
from bot.nlu.interpreter import READ, LightInterpreter
from bot.nlu.mentions import ServiceNames
from bot.nlu.model import Model
from bot.nlu.numbers import Numbers
from bot.nlu.parse_data import ParseContext
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack

LONG = 10_000
_ANY = random.Random(6)  # noqa: S311 (it must repeat itself)
_SCRIPTS = "".join(chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000)
FLOODS = {
    "one letter": "a",
    "one letter of Lao": "ກ",
    "one lead vowel": "ເ",
    "one tone": "\u0ec9",
    "any script": "".join(_ANY.choices(_SCRIPTS, k=LONG)),
    "Thai": "".join(map(chr, _ANY.choices(range(0x0E01, 0x0E3A), k=LONG))),
    "controls": "".join(map(chr, _ANY.choices(range(0x20), k=LONG))),
    "joiners": "\u200d",
    "marks on a letter": "a" + "\u0301" * LONG,
    "digits": "".join(_ANY.choices("0123456789", k=LONG)),
    "digits apart": "1 ",
    "numbers": "5k-",
    "names": "passport ",
    "negations": "do not ",
    "borders": "and, ",
    "emoji": "😡",
    "spaces": " ",
}


class NoPlaces:
    """A gazetteer of nothing, which remembers how much it was asked to read."""

    def __init__(self) -> None:
        self.asked = 0

    def find(self, text: str, vouched: Sequence[tuple[int, int]] = ()) -> Sequence[PlaceMatch]:
        del vouched
        self.asked = max(self.asked, len(text))
        return ()


@pytest.mark.parametrize("flood", FLOODS)
def test_of_a_long_message_so_much_is_read(
    interpreter: LightInterpreter, model_path: Path, pack: Pack, flood: str
) -> None:
    places, lexicon = NoPlaces(), lexicon_of(pack)
    watched = LightInterpreter(
        Model.load(model_path),
        entities=EntityFinder(
            lexicon=lexicon,
            services=ServiceNames({}),
            numbers=Numbers(lexicon, is_reference=lambda _: False, phone=lambda _: None),
            places=places,
        ),
    )
    text = (FLOODS[flood] * LONG)[:LONG]
    for expects in ("", "complaint_text"):
        assert watched.read(text, ParseContext(expects=expects))["text"] == text
        parsed = interpreter.read(text, ParseContext(expects=expects))
        assert parsed["text"] == text
        assert all(0 <= each["start"] < each["end"] <= LONG for each in parsed["entities"])
    assert 0 < places.asked <= READ
    assert all(len(block) <= 3 * LONGEST for block in grams(Reading(text[:READ], lexicon.sounds)))


@pytest.mark.parametrize(
    "flood", ["one letter", "one letter of Lao", "any script", "controls", "joiners", "emoji"]
)
def test_what_says_nothing_is_not_ours(interpreter: LightInterpreter, flood: str) -> None:
    intent = interpreter.read((FLOODS[flood] * LONG)[:LONG], ParseContext())["intent"]
    assert intent["name"] == "out_of_scope"
    assert intent["confidence"] > 0.5


@pytest.mark.parametrize(
    ("last", "entity"),
    [("my child is drowning", "danger"), ("ໄຟໄໝ້ ຊ່ວຍແດ່", "danger"), ("call me 020 5551 2345", "phone")],
)
def test_a_long_story_is_heard_to_its_last_words(
    interpreter: LightInterpreter, last: str, entity: str
) -> None:
    story = "the road is broken and nobody comes to repair it. " * 100
    found = interpreter.read(story + last, ParseContext())["entities"]
    (heard,) = [each for each in found if each["entity"] == entity]
    assert (story + last)[heard["start"] : heard["end"]] in last
    assert heard["start"] >= len(story)
