"""Every transcript is held by the whole product: what is said, remembered and caused, what it costs; and what none shows.

Both in one file: a talk is held once for either.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.messages import Capabilities
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from bot.rules import Rules
from bot.text.gsm import is_gsm
from bot.text.parts import count
from bot.turns import Turn
from channels.terminal import CAPABILITIES
from tests.dialogs.actions.kit import DIALOGS, PACK
from tests.dialogs.conftest import Holder
from tests.dialogs.conversation import TRANSCRIPTS, Held, Said, Transcript, World

LEAST_TALKS = 120  # conversations of two steps and more
RULES = Rules.load(DIALOGS / "rules")


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


@dataclass(kw_only=True)
class Shown:
    """What the transcripts of the real country show; dialogs may be shown in any country."""

    ran: set[str] = field(default_factory=set)
    wishes: set[tuple[str, str]] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    scripts: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)

    def add(self, transcript: Transcript, held: Held) -> None:
        """Count one conversation."""
        self.ran |= {*held.ran, *(said.form for said in held.said)}
        if "pack" in transcript:
            return
        self.channels.add(transcript["channel"])
        for step, said in zip(transcript["steps"], held.said, strict=False):
            state = said.turn.state
            self.wishes |= {(wish, state.language) for wish in said.wishes}
            self.services.add(str(state.slots.get("service")))
            self.scripts |= _scripts(str(step.get("user", "")))


def _scripts(text: str) -> set[str]:
    """The scripts of its letters and digits, by their names in Unicode."""
    return {unicodedata.name(each).partition(" ")[0] for each in text if each.isalnum()}


@pytest.fixture(scope="module")
async def shown(held: Holder) -> Shown:
    """What all transcripts together show."""
    found = Shown()
    for transcript in TRANSCRIPTS.values():
        found.add(transcript, await held(transcript))
    return found


@pytest.fixture(scope="module")
def goals() -> frozenset[str]:
    """What people can want, and the finer wishes within it: what rules begin with and examples teach."""
    taught = {example.intent for example in examples_of(Pack.load(PACK)).examples}
    return frozenset(taught & RULES.by_intent.keys()) | {"danger"}


def test_every_action_and_form_runs(shown: Shown) -> None:
    _none({*RULES.domain["actions"], *RULES.forms} - shown.ran)


def test_every_goal_is_reached_in_every_language(shown: Shown, goals: frozenset[str]) -> None:
    languages = Pack.load(PACK).languages
    wanted = {(goal, language) for goal in goals for language in languages}
    _none(f"{goal} in {language}" for goal, language in wanted - shown.wishes)


def test_every_script_of_the_texts_is_written(shown: Shown, worlds: Mapping[str, World]) -> None:
    texts = worlds["lao"].country.pack.texts
    _none(_scripts("".join(text.text for each in texts.values() for text in each.values())) - shown.scripts)


def test_every_service_is_asked_about(shown: Shown, worlds: Mapping[str, World]) -> None:
    _none(worlds["lao"].ports.catalogue.services.keys() - shown.services)


def test_the_dearest_and_the_smallest_channel_are_shown(shown: Shown) -> None:
    _none({"sms", "ussd"} - shown.channels)


def test_most_transcripts_are_talks() -> None:
    talks = [each for each in TRANSCRIPTS.values() if len(each["steps"]) > 1]
    assert len(talks) >= LEAST_TALKS


def _none(missing: Iterable[str]) -> None:
    listed = sorted(missing)
    assert not listed, f"no transcript shows {', '.join(listed)}"
