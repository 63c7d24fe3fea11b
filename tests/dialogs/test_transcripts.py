"""Every transcript is held by the whole product: what is said, remembered and caused, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.messages import Capabilities
from bot.text.gsm import is_gsm
from bot.text.parts import count
from bot.turns import Turn
from channels.terminal import CAPABILITIES
from tests.dialogs.conftest import Holder
from tests.dialogs.conversation import TRANSCRIPTS, Said, Transcript


@pytest.mark.parametrize("transcript", [pytest.param(each, id=name) for name, each in TRANSCRIPTS.items()])
async def test_a_conversation_goes_as_written(held: Holder, transcript: Transcript) -> None:
    conversation = await held(transcript)
    can = CAPABILITIES[transcript["channel"]]
    for step, said in zip(transcript["steps"], conversation.said, strict=False):
        assert [message for message in said.messages if len(message) > _limit(message, can)] == []
        _check_words(said, step)
        _check_rest(said.turn, step)
    if conversation.failure:
        raise conversation.failure


def _limit(message: str, can: Capabilities) -> int:
    """What a message may have, in characters: none of ours is longer in septets or UTF-16 units."""
    return can.max_septets if can.session and is_gsm(message) else can.max_units


def _check_words(said: Said, step: Mapping[str, Any]) -> None:
    reply = said.reply
    keys = [response.key for response in said.turn.responses]
    assert keys == [each["response"] for each in step["bot"]], f"{step.get('user')}\n{reply}"
    for part in step.get("screen", ()):
        assert part in said.screen, f"{part} is missing in:\n{said.screen}"
    for each in step["bot"]:
        for part in each.get("contains", ()):
            assert part in reply, f"{part} is missing in:\n{reply}"
        for part in each.get("not_contains", ()):
            assert part not in reply, f"{part} is in:\n{reply}"
        if "parts_max" in each:
            assert count(reply) <= each["parts_max"], f"{count(reply)} parts:\n{reply}"
        if "messages_max" in each:
            assert len(said.messages) <= each["messages_max"], f"{len(said.messages)} messages:\n{reply}"


def _check_rest(turn: Turn, step: Mapping[str, Any]) -> None:
    for name, value in step.get("slots", {}).items():
        assert turn.state.slots.get(name) == value, name
    if "effects" in step:
        assert len(turn.effects) == len(step["effects"])
        for effect, wanted in zip(turn.effects, step["effects"], strict=True):
            for name, value in wanted.items():
                found = type(effect).__name__ if name == "type" else getattr(effect, name)
                assert (list(found) if isinstance(value, list) else found) == value, name
