"""A code that is dialled: each request of its session is answered by one screen, as `bot.sessions` has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answers import Answers
from bot.clock import Chance, Clock
from bot.engine import Engine
from bot.hops import left
from bot.messages import InboundMessage
from bot.nlu.parse_data import Interpreter
from bot.rendering import Renderer
from bot.sessions import Sessions
from bot.trackers import TrackerState
from bot.turns import Turn
from channels.terminal import CAPABILITIES


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a request led to: the last of its turns with the effects of all, and its answer in words.

    `pages` are the screens of the answer, `screen` is the one that is shown.
    """

    turn: Turn
    words: str
    pages: Sequence[str]
    screen: str


async def press(answers: Recorded, clock: Clock, state: TrackerState, message: InboundMessage) -> Shown:
    """Answer one request; `state` is changed."""
    sessions = Sessions(answers, clock, Chance(), CAPABILITIES)
    answers.turns.clear()
    answer = await sessions.answer(state, left(message), message.received_at, sms="", waits=True)
    screen, session = answer.drafts[0].text, answer.state.session
    assert session is not None  # it was answered
    if not answers.turns:  # only leafed
        turn = Turn(state=answer.state, responses=(), effects=())
        return Shown(turn=turn, words=screen, pages=[screen], screen=screen)
    last = answers.turns[-1]
    words = "\n".join(draft.text for draft in answers.worded(last, CAPABILITIES[message.channel]).drafts)
    turn = replace(last, state=answer.state, effects=answer.effects)
    return Shown(turn=turn, words=words, pages=list(session.pages), screen=screen)


class Recorded(Answers):
    """Remembers the turns that a request led to."""

    def __init__(self, interpreter: Interpreter, engine: Engine, renderer: Renderer) -> None:
        super().__init__(interpreter, engine, renderer)
        self.turns: list[Turn] = []

    async def turn(self, state: TrackerState, message: InboundMessage) -> Turn:
        self.turns.append(await super().turn(state, message))
        return self.turns[-1]
