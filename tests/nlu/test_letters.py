"""A neighbour's letters are read as ours, one for one, and what is written in them is understood."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.features import Reading
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.letters import READ_AS, read
from bot.nlu.parse_data import ParseContext
from bot.nlu.sound import TABLES, key
from bot.pack import load_yaml

THAI: list[dict[str, Any]] = load_yaml(Path(__file__).with_name("thai.yml")).data
# Under what is measured, which is all 34, all 34 and all 14.
LEAST_UNDERSTOOD, LEAST_OFFERED, LEAST_NAMED = 30, 32, 13


def test_letters_are_those_of_a_sound_table_and_read_once() -> None:
    assert READ_AS.keys() <= TABLES.keys() - {""}
    for table in READ_AS.values():
        assert all(len(letter) == 1 for letter in table.values())
        assert not {ord(letter) for letter in table.values()} & table.keys()
        digits = {chr(ours): letter for ours, letter in table.items() if chr(ours).isdecimal()}
        assert all(unicodedata.decimal(ours) == unicodedata.decimal(read) for ours, read in digits.items())


@given(st.text() | st.text("กขคงจฉซญดตถทนบปผพฟมยรลวสหอะัาำิีึืุูเแโใไๆ็่้์ กาa1"))
def test_every_offset_holds(text: str) -> None:
    ours = read(text, "lao")
    assert len(ours) == len(text)
    assert read(ours, "lao") == ours
    assert read(text, "") == text
    assert Reading(text, "lao").written == text


def test_both_spellings_of_a_word_sound_alike() -> None:
    for thai, lao in (
        ("ใบขับขี่", "ໃບຂັບຂີ່"),
        ("ทะเบียน", "ທະບຽນ"),
        ("เท่าใด", "ເທົ່າໃດ"),
        ("เขา", "ເຂົາ"),
        ("ไทย", "ໄທ"),
        ("อยาก", "ຢາກ"),
        ("ประกัน", "ປະກັນ"),
        ("เด็ก", "ເດັກ"),
    ):
        assert key(thai, "lao") == key(lao, "lao"), thai


def test_what_is_written_in_thai_letters_is_understood(interpreter: LightInterpreter) -> None:
    understood = offered = named = 0
    for row in THAI:
        parsed = interpreter.read(row["text"], ParseContext())
        assert (parsed["text"], parsed["language"]) == (row["text"], "lo")
        found = {each["entity"]: each["value"] for each in reversed(parsed["entities"])}
        intent = "danger" if "danger" in found else parsed["intent"]["name"]
        wanted = row.get("intent", "danger")
        understood += intent == wanted and found.get("danger") == row.get("danger")
        offered += wanted in (intent, *(each["name"] for each in parsed["intent_ranking"][:3]))
        named += "service" in row and found.get("service") == row["service"]
    assert understood >= LEAST_UNDERSTOOD
    assert offered >= LEAST_OFFERED
    assert named >= LEAST_NAMED


def test_what_is_mentioned_in_thai_letters_has_its_words(interpreter: LightInterpreter) -> None:
    text = "ทำบัตรประชาชนที่เมืองปากเซ โทร ๐๒๐ ๕๕๕๑ ๒๓๔๕"
    found = {
        each["entity"]: (each["value"], text[each["start"] : each["end"]])
        for each in interpreter.read(text, ParseContext())["entities"]
    }
    assert found["service"] == ("id-card", "บัตรประชาชน")
    assert found["district"] == ("LA1601", "ปากเซ")
    assert found["phone"] == ("+8562055512345", "๐๒๐ ๕๕๕๑ ๒๓๔๕")
