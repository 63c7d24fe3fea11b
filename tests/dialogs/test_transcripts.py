"""Every transcript is held by the whole product: understanding, rules, actions, texts; only the stores are in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import app
from bot.config import Config
from bot.engine import Engine, Turn
from bot.messages import InboundMessage
from bot.nlu.interpreter import Interpreter, ParseContext
from bot.rendering import Renderer
from bot.text.parts import count
from bot.trackers import TrackerState
from bot.urns import Urn
from channels.terminal import CAPABILITIES
from complaints.cases import CaseState
from complaints.filing import FileCase
from dialogs.discover import discover
from services.application_numbers import normalise
from services.layers import Overlay
from services.record import Notice
from services.registers import ApplicationState
from tests.dialogs.actions.kit import (
    FICTIONAL,
    PACK,
    PHONE,
    CasesInMemory,
    RegisterInMemory,
    application,
    case,
    ports,
)
from tests.dialogs.actions.reminding import RemindersInMemory
from tests.pinned import START, PinnedTime

HERE = Path(__file__).parent
TRANSCRIPTS = [
    pytest.param(transcript, id=f"{file.stem}: {transcript['name']}")
    for file in sorted(HERE.glob("*.yml"))
    for transcript in yaml.safe_load(file.read_text(encoding="utf-8"))
]


ROOTS = {"lao": PACK, "fictional": FICTIONAL}


@pytest.fixture(scope="module")
async def interpreters(models: Path) -> Mapping[str, Interpreter]:
    return {
        name: await app.understanding(Config(data_dir=models.parent, pack=root), app.Country.load(root))
        for name, root in ROOTS.items()
    }


@pytest.mark.parametrize("transcript", TRANSCRIPTS)
async def test_a_conversation_goes_as_written(
    interpreters: Mapping[str, Interpreter], transcript: dict[str, Any]
) -> None:
    conversation = _conversation(interpreters, transcript)
    for number, step in enumerate(transcript["steps"]):
        turn, reply = await conversation.say(step, number)
        _check(turn, reply, step)


@dataclass(kw_only=True)
class Conversation:
    """One person and the service, with time pinned between them."""

    engine: Engine
    interpreter: Interpreter
    renderer: Renderer
    pinned: PinnedTime
    channel: str
    state: TrackerState
    cases: CasesInMemory
    reminders: RemindersInMemory

    async def say(self, step: Mapping[str, Any], number: int) -> tuple[Turn, str]:
        """One turn, and its reply in the words of the channel."""
        self.pinned.advance(step.get("after", 1) * 60)
        turn = await (self._hear(step, number) if "user" in step else self._begin(step["system"]))
        for effect in turn.effects:
            if isinstance(effect, FileCase):
                self.cases.cases[effect.reference] = case(effect.reference, "me")
            self.reminders.take(effect)
        rendered = self.renderer.render(turn.responses, turn.state.language, CAPABILITIES[self.channel])
        self.state = TrackerState.load(turn.state.dump(), version=number + 1)
        self.state.choices = [{"title": each.label, "payload": each.payload} for each in rendered.choices]
        return turn, "\n".join(draft.text for draft in rendered.drafts)

    async def _begin(self, intent: str) -> Turn:
        """A turn that the system starts, about the reminder that is due."""
        now = self.pinned.clock.now()
        about = {"reminder": self.reminders.due(now).id}
        return await self.engine.originate(self.state, intent, about, now)

    async def _hear(self, step: Mapping[str, Any], number: int) -> Turn:
        message = InboundMessage(
            channel=self.channel,
            external_id=str(number),
            urn=Urn("tel", PHONE),
            text=str(step["user"]),
            received_at=self.pinned.clock.now(),
        )
        context = ParseContext(
            language=self.state.language,
            service=str(self.state.slots.get("service") or ""),
            expects=self.state.expects,
        )
        parsed = await self.interpreter.parse(message.text, context)
        return await self.engine.respond(self.state, message, dict(parsed))


def _conversation(interpreters: Mapping[str, Interpreter], transcript: dict[str, Any]) -> Conversation:
    pack, pinned = transcript.get("pack", "lao"), PinnedTime()
    cases = CasesInMemory()
    for reference, about in transcript.get("cases", {}).items():
        known = case(str(reference), about["filed_by"], CaseState(about["state"]))
        cases.cases[str(reference)] = replace(known, filed_at=pinned.clock.now() - timedelta(days=1))
    reminders = RemindersInMemory()
    country = app.Country.load(ROOTS[pack])
    world = ports(pinned, cases, ROOTS[pack], _register(transcript), reminders)
    world.services.put(_notices(transcript))
    return Conversation(
        engine=app.engine_of(country, discover(world)),
        interpreter=interpreters[pack],
        renderer=Renderer(country.pack, app.budgets()),
        pinned=pinned,
        channel=transcript["channel"],
        state=TrackerState(contact_id="me"),
        cases=cases,
        reminders=reminders,
    )


def _register(transcript: dict[str, Any]) -> RegisterInMemory:
    """The applications that offices have told of."""
    register = RegisterInMemory(
        check_digit=transcript.get("check_digit", ""), down=transcript.get("register_down", False)
    )
    for number, about in transcript.get("applications", {}).items():
        key = normalise(str(number))
        told = {name: value for name, value in about.items() if name not in ("phone", "state")}
        register.applications[key] = application(
            str(number), state=ApplicationState(about.get("state", "ready")), **told
        )
        if about.get("phone") == "me":
            register.phones[key] = PHONE
    return register


def _notices(transcript: dict[str, Any]) -> Iterator[Overlay]:
    """What staff say about services while the transcript is held: outages with no words, or news."""
    for service, words in transcript.get("notices", {}).items():
        notice = Notice(id=service, outage=not words, text=words or {}, since=START.date())
        yield Overlay(id=service, service=service, live=True, notice=notice)


def _check(turn: Turn, reply: str, step: Mapping[str, Any]) -> None:
    said = [response.key for response in turn.responses]
    assert said == [each["response"] for each in step["bot"]], f"{step.get('user')}\n{reply}"
    for each in step["bot"]:
        for part in each.get("contains", ()):
            assert part in reply, f"{part} is missing in:\n{reply}"
        for part in each.get("not_contains", ()):
            assert part not in reply, f"{part} is in:\n{reply}"
        if "parts_max" in each:
            assert count(reply) <= each["parts_max"], f"{count(reply)} parts:\n{reply}"
    for name, value in step.get("slots", {}).items():
        assert turn.state.slots.get(name) == value, name
    if "effects" in step:
        assert len(turn.effects) == len(step["effects"])
        for effect, wanted in zip(turn.effects, step["effects"], strict=True):
            for name, value in wanted.items():
                found = type(effect).__name__ if name == "type" else getattr(effect, name)
                assert found == value, name
