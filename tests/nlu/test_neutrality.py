"""A country of its own script, without a sound table, is understood by the same code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import Config
from bot.errors import PackError
from bot.nlu.asides import Asides
from bot.nlu.features import Reading
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.lexicon import Lexicon
from bot.nlu.noise import LETTERS, Noise
from bot.nlu.parse_data import ParseContext
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack
from composition.country import Country
from composition.understanding import understanding

FICTIONAL = Path("tests/packs/fictional")


@pytest.fixture(scope="module")
async def foreign(models: Path) -> LightInterpreter:
    return await understanding(Config(data_dir=models.parent, pack=FICTIONAL), Country.load(FICTIONAL))


@pytest.mark.parametrize(
    ("text", "language", "service"),
    [
        ("ტაობ ეკნეკილ", "qav", "boat-licence"),
        ("ტაობ ეკნეკლ", "qav", "boat-licence"),
        ("what papers for a boat licence", "en", "boat-licence"),
        ("boat licens fee", "en", "boat-licence"),
        ("how much is the licence", "en", None),
    ],
)
async def test_another_country_is_understood(
    foreign: LightInterpreter, text: str, language: str, service: str | None
) -> None:
    parsed = await foreign.parse(text, ParseContext())
    found = [each["value"] for each in parsed["entities"] if each["entity"] == "service"]
    if service:
        assert found == [service]
    if text.startswith("what") or not text.isascii():
        assert parsed["language"] == language


@pytest.mark.parametrize(
    ("text", "entity", "values"),
    [
        ("we build a bigger house", "service", ["house-permit"]),
        ("ew დლიუბ ა ესუოჰ", "service", ["house-permit"]),
        ("build a house of birds", "service", []),
        ("დლიუბ ა ესუოჰ ფო სდრიბ", "service", []),
        ("we go fishing every day", "service", ["boat-licence"]),
        ("ოგ გნიჰსიფ", "service", ["boat-licence"]),
        ("the road in Mossy hamlet is bad", "village", ["Mossy"]),
        ("ტელმაჰ ფო პოტისო", "village", ["პოტისო"]),
    ],
)
async def test_occasions_and_villages_are_heard_there(
    foreign: LightInterpreter, text: str, entity: str, values: list[str]
) -> None:
    parsed = await foreign.parse(text, ParseContext())
    assert [each["value"] for each in parsed["entities"] if each["entity"] == entity] == values


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("not the price", "price"),
        ("do not want the fee", "fee"),
        ("ტონ ეჰტ ეკირპ", "ეკირპ"),
        ("ოდ ტონ ტნავ ეჰტ ეეფ", "ეეფ"),
        ("ტონი ეჰტ ეკირპ", ""),
    ],
)
def test_what_is_not_wanted_there(text: str, unwanted: str) -> None:
    found = Asides(lexicon_of(Pack.load(FICTIONAL))).refusals(Reading(text))
    assert "".join(text[each.at : each.end] for each in found) == unwanted
    assert all(each.intents == {"fee"} for each in found)


def test_mistakes_are_made_in_letters_of_its_own() -> None:
    rows = ["ქწერტყუიოპ", "ასდფგჰჯკლ", "ზხცვბნმ"]
    noise = Noise.of({"keyboard": rows, "spellings": {"doubled": [{"ლლ": ["ლ"]}]}})
    assert noise.typed("ლლევ", {"doubled": 1.0}) == "ლევ"
    typed = {noise.typed("ტაობ ეკნეკილ", {LETTERS: 1.0}, seed) for seed in range(20)}
    assert len(typed) > 1
    assert set("".join(typed)) <= set("".join(rows)) | {" "}


def test_only_the_pack_says_what_is_compared_by_sound() -> None:
    assert lexicon_of(Pack.load(FICTIONAL)).sounds == ""
    lexicon = lexicon_of(Pack.load("nlu_data"))
    assert (lexicon.sounds, lexicon.sounding) == ("lao", frozenset(("lo", "lo-Latn")))
    assert Lexicon(languages={"xx": {"sound": "lao"}}).sounding == {"xx"}


def test_no_code_asks_for_a_language_by_name() -> None:
    codes = re.compile(r"""["'](?:lo|lo-Latn|en)["']""")
    assert [file.name for file in Path("bot/nlu").glob("*.py") if codes.search(file.read_text("utf-8"))] == []


def test_an_unknown_sound_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "lexicon.yml").write_text("sound: elvish\n", "utf-8")
    pack = Pack(
        root=tmp_path, id="x", name={}, languages=("xx",), fallback="xx", timezone="UTC", currency="XXX",
        numbers=Pack.load(FICTIONAL).numbers, texts={}, labels={}, lexicons={"xx": {"sound": "elvish"}},
    )  # fmt: skip
    with pytest.raises(PackError, match="elvish"):
        lexicon_of(pack)
