"""What was understood a moment ago is given again: the same answer, the caller's own, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.interpreter import LightInterpreter
from bot.nlu.parse_data import ParseContext, ParseData
from bot.nlu.remembered import LONGEST, RememberingInterpreter
from bot.yaml_read import read_yaml

HERE = Path(__file__).parent


class Counting:
    """Counts what is asked of the interpreter behind."""

    def __init__(self, behind: LightInterpreter) -> None:
        self._behind = behind
        self.asked: list[tuple[str, ParseContext]] = []

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """See `Interpreter.parse`."""
        self.asked.append((text, context))
        return await self._behind.parse(text, context)


async def test_every_answer_is_the_one_that_would_have_been_given(interpreter: LightInterpreter) -> None:
    tables = read_yaml(HERE / "heldout.yml")
    texts = [text for intents in tables.values() for said in intents.values() for text in said]
    remembering = RememberingInterpreter(interpreter)
    for context in (ParseContext(), ParseContext(language="lo", service="passport")):
        for text in (*texts, *texts):
            assert await remembering.parse(text, context) == await interpreter.parse(text, context)


async def test_the_same_words_are_worked_out_once_for_each_context(interpreter: LightInterpreter) -> None:
    behind = Counting(interpreter)
    remembering = RememberingInterpreter(behind)
    asked = ParseContext(service="id-card")
    for context in (ParseContext(), asked, ParseContext(), asked):
        await remembering.parse("passport", context)
    assert behind.asked == [("passport", ParseContext()), ("passport", asked)]


async def test_what_a_caller_changes_is_its_own(interpreter: LightInterpreter) -> None:
    remembering = RememberingInterpreter(interpreter)
    for _ in range(3):
        parsed = await remembering.parse("how much is a passport", ParseContext())
        assert parsed == await interpreter.parse("how much is a passport", ParseContext())
        parsed["entities"].clear()
        parsed["intent"]["name"] = "nothing"


@pytest.mark.parametrize(
    ("text", "context"),
    [
        (("the road to our village is broken " * 3)[: LONGEST + 1], ParseContext()),
        ("Bounmy", ParseContext(expects="name")),
        ("my pin is 12 34 56", ParseContext()),
        ("ໂທຫາ 020 5551 2345", ParseContext()),
        ("໑໒໓໔໕໖", ParseContext()),
    ],
)
async def test_stories_answers_and_numbers_are_not_kept(
    interpreter: LightInterpreter, text: str, context: ParseContext
) -> None:
    behind = Counting(interpreter)
    remembering = RememberingInterpreter(behind)
    await remembering.parse(text, context)
    await remembering.parse(text, context)
    assert len(behind.asked) == 2


async def test_the_words_used_longest_ago_are_forgotten(interpreter: LightInterpreter) -> None:
    behind = Counting(interpreter)
    remembering = RememberingInterpreter(behind, most=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        await remembering.parse(text, ParseContext())
    assert [text for text, _ in behind.asked] == ["one", "two", "three", "two"]


async def test_an_answer_that_others_said_unasked_is_kept(interpreter: LightInterpreter) -> None:
    behind = Counting(interpreter)
    remembering = RememberingInterpreter(behind)
    asked = ParseContext(expects="story")
    await remembering.parse("how much", ParseContext())
    first = await remembering.parse("how much", asked)
    assert await remembering.parse("how much", asked) == first
    assert first == await interpreter.parse("how much", asked)
    assert len(behind.asked) == 2
