"""The answer to a message: understood, decided and put into words; nothing is stored or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.dispatcher import Response
from bot.engine import Engine
from bot.learning.listener import Listener
from bot.learning.unclear import Unclear
from bot.messages import Capabilities, InboundMessage
from bot.nlu.parse_data import Interpreter, ParseContext
from bot.rendering import Draft, Renderer
from bot.screens import Frame
from bot.trackers import TrackerState
from bot.turns import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a message led to; `state` is the conversation after it.

    `drafts` go by `channel`, or where that is empty by the one that the message came by; `copies`, of what
    matters, go by `copied_to`. `understood` is false when nothing but "say it again" could be answered; `unclear`
    is what is to be kept of such messages.
    """

    state: TrackerState
    drafts: tuple[Draft, ...]
    effects: tuple[Any, ...] = ()
    understood: bool = True
    channel: str = ""
    copies: tuple[Draft, ...] = ()
    copied_to: str = ""
    unclear: tuple[Unclear, ...] = ()


class Answers:
    """Answers messages; the conversation's state is its to change."""

    def __init__(
        self,
        interpreter: Interpreter,
        engine: Engine,
        renderer: Renderer,
        listener: Listener | None = None,
    ) -> None:
        """`listener` notices what is unclear."""
        self._interpreter = interpreter
        self._engine = engine
        self._renderer = renderer
        self._listener = listener

    async def to(self, state: TrackerState, message: InboundMessage, can: Capabilities) -> Answer:
        """The answer to a person's message, for a channel that can show so much."""
        return self.worded(await self.turn(state, message), can)

    async def originated(
        self, state: TrackerState, intent: str, slots: Mapping[str, Any], now: datetime, can: Capabilities
    ) -> Answer:
        """What the system says by itself."""
        return self.worded(await self._engine.originate(state, intent, slots, now), can)

    async def turn(self, state: TrackerState, message: InboundMessage) -> Turn:
        """What is to be said, by the keys of its texts."""
        in_menu = message.session and state.session and state.session.menu and not state.session.listed
        context = ParseContext(
            language=state.language,
            service=str(state.slots.get("service") or ""),
            expects="" if in_menu else state.expects,
        )
        parsed = await self._interpreter.parse(message.text, context)
        if self._listener is None:
            return await self._engine.respond(state, message, dict(parsed))
        before = self._listener.before(state)
        turn = await self._engine.respond(state, message, dict(parsed))
        unclear = self._listener.heard(before, turn, message)
        return replace(turn, unclear=unclear) if unclear else turn

    def worded(self, turn: Turn, can: Capabilities) -> Answer:
        """The turn in words; where nothing is said, what was offered before still stands."""
        state = turn.state
        rendered = self._renderer.render(turn.responses, state.language, can)
        if turn.responses:
            state.choices = [{"title": each.label, "payload": each.payload} for each in rendered.choices]
        return Answer(
            state=state,
            drafts=rendered.drafts,
            effects=turn.effects,
            understood=turn.understood,
            unclear=turn.unclear,
        )

    def language(self, spoken: str, can: Capabilities) -> str:
        """The language in which somebody is answered where only so much can be shown; empty for any."""
        return self._renderer.language(spoken, can)

    def frame(self, language: str, can: Capabilities) -> Frame:
        """What a screen holds, and the words below it."""
        return self._renderer.frame(language, can)

    def said(self, key: str, language: str, can: Capabilities) -> tuple[Draft, ...]:
        """One text, beside any conversation."""
        return self._renderer.render([Response(key=key)], language, can).drafts

    def copies(self, responses: Sequence[Response], language: str, can: Capabilities) -> tuple[Draft, ...]:
        """Those of the responses that are worth an SMS, as that."""
        matter = [each for each in responses if self._renderer.matters(each)]
        return self._renderer.render(matter, language, can).drafts
