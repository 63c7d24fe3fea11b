"""Sessions: what a person types screen by screen (USSD), each request answered once by one screen.

A gateway repeats requests, tells hops apart or not, and repeats all that was typed or the last of it.
What the next request hangs on lies in the tracker, and is committed with the answer: a repeated
request finds the same screen, in this process or another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

import orjson

from bot.answers import Answer, Answers
from bot.clock import Chance, Clock, to_ms
from bot.crypto import Vault
from bot.messages import Capabilities, InboundMessage, OutboundMessage, SessionEvent
from bot.rendering import Draft
from bot.screens import BACK, HOME, MORE, screens
from bot.text.choices import numbered
from bot.text.digits import ascii_digits
from bot.trackers import Session, TrackerState
from bot.turns import Turn

MENU = "menu"
_TOP = f"/{MENU}"
_BETWEEN = "*"
# A gateway that tells nothing of hops asks again at once when a connection breaks; no person reads and
# types so fast. Who dials anew gets the same first screen for longer.
_REPEATED_MS, _REDIALLED_MS = 2_000, 10_000
_MOST_EARLIER = 3  # sessions of one phone that may be open at once, or nearly
_MOST_AHEAD = 10  # more than this typed ahead is no dial string
_MOST_SCREENS = 6  # a longer answer goes by SMS, where one can


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One request of a session: the message under a name of its own, and what was typed, step by step."""

    message: InboundMessage
    typed: tuple[str, ...]

    @property
    def dialled(self) -> bool:
        """Whether the session begins with it."""
        return self.message.session is SessionEvent.NEW


class Sessions:
    """Answers the requests of sessions; their state in the tracker is its to change."""

    def __init__(
        self,
        answers: Answers,
        vault: Vault,
        clock: Clock,
        chance: Chance,
        capabilities: Mapping[str, Capabilities],
        routes: Mapping[str, str],
    ) -> None:
        """`routes` name the SMS channel by which goes what no screen of a channel can show."""
        self._answers = answers
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._capabilities = capabilities
        self._routes = routes

    def place(self, state: TrackerState, message: InboundMessage) -> Hop | None:
        """What is new in a request; None when it repeats the one that was answered last."""
        told = self._vault.lookup(message.session_id)[:32]
        session = state.session
        if session is None or (session.channel, session.id) != (message.channel, told):
            return _begun(state, message, told)
        if message.session is SessionEvent.NEW:
            return None if _redialled(session, message) else _begun(state, message, told)
        typed = _typed(session, message)
        if typed is None:
            return None
        return _begun(state, message, told) if session.over else _next(session, message, (typed,))

    def left(self, message: InboundMessage) -> Hop:
        """A request that was placed before, and left to be answered later."""
        dialled = message.session is SessionEvent.NEW
        return Hop(message=message, typed=_ahead(message.text) if dialled else (message.text,))

    def again(self, state: TrackerState, message: InboundMessage) -> OutboundMessage:
        """The screen that was shown last, for a request that asks for it again; nothing is stored."""
        return self._addressed(message, _shown(state))

    def told(self, message: InboundMessage, language: str, *, kept: bool) -> OutboundMessage:
        """A screen that says, in place of an answer, that it follows where the request was kept, or to dial again."""
        can = self._capabilities[message.channel]
        key = "utter_screen_later" if kept and message.channel in self._routes else "utter_screen_again"
        (draft,) = self._answers.said(key, self._answers.language(language, can), can)
        return self._addressed(message, replace(draft, session_end=True))

    def _addressed(self, message: InboundMessage, draft: Draft) -> OutboundMessage:
        now = self._clock.now()
        return OutboundMessage(
            id=self._chance.id(now),
            channel=message.channel,
            urn=message.urn,
            text=draft.text,
            session_end=draft.session_end,
            cause=message.key,
            created_at=now,
        )

    async def answer(self, state: TrackerState, hop: Hop, now: datetime, *, sms: str, waits: bool) -> Answer:
        """The screen for a request, or where none `waits` for it any longer, the answer as a message.

        `sms` names the channel by which goes what no screen can show; empty where nothing may.
        """
        session = state.session or _session(state, hop.message, "")
        can = self._capabilities[hop.message.channel]
        spoken, romanised = state.language, self._answers.language(state.language, can)
        state.slots["language"] = romanised
        turns = [turn async for turn in self._turns(state, session, hop, can)]
        session.hop += 1
        session.shown_at = to_ms(now)
        session.unseen = not (waits or sms)
        leaving = self._screen(state, turns, sms) if waits else self._message(state, turns, sms)
        if state.language == romanised:
            state.slots["language"] = spoken
        return leaving

    async def _turns(
        self, state: TrackerState, session: Session, hop: Hop, can: Capabilities
    ) -> AsyncIterator[Turn]:
        """The turns that the request leads to; leafing through pages is none."""
        if hop.dialled and not (hop.typed or session.unseen):
            yield await self._turn(state, hop.message, _TOP, can)
            return
        if hop.dialled and hop.typed:
            yield await self._turn(state, replace(hop.message, session=SessionEvent.CONTINUE), _TOP, can)
        for typed in hop.typed:
            number = ascii_digits(typed).strip()
            if _leafed(session, number):
                continue
            payload = _payload(state, session, number)
            message = replace(hop.message, text="" if payload else typed, session=SessionEvent.CONTINUE)
            turn = await self._turn(state, message, payload, can)
            yield turn
            if not turn.understood:
                # What was typed behind it was meant for another screen.
                return

    async def _turn(
        self, state: TrackerState, message: InboundMessage, payload: str, can: Capabilities
    ) -> Turn:
        """One turn, laid out over the screens of the session."""
        turn = await self._answers.turn(state, replace(message, payload=payload))
        session = state.session
        assert session is not None  # it was placed before
        _follow(session, turn)
        answer = self._answers.worded(turn, can)
        asks = bool(state.form) or bool(turn.responses and state.choices)
        text = "\n".join(draft.text for draft in answer.drafts)
        if not text:
            text = self._answers.said("utter_screen_over", state.language, can)[0].text
        frame = self._answers.frame(state.language, can)
        alone = screens(text, frame, back=False)
        session.over = len(alone) == 1 and not asks and (bool(turn.effects) or not answer.drafts)
        back = not session.over and (bool(state.form) or not session.menu or len(session.trail) > 1)
        session.pages, session.page = (screens(text, frame, back=True) if back else alone), 0
        return turn

    def _screen(self, state: TrackerState, turns: Sequence[Turn], sms: str) -> Answer:
        """What is shown now, and what goes by SMS besides: what matters, and what is too long for screens."""
        session = _of(state)
        said = tuple(chain.from_iterable(turn.responses for turn in turns))
        copies: tuple[Draft, ...] = ()
        if sms and turns and len(session.pages) > _MOST_SCREENS:
            copies = self._answers.worded(turns[-1], self._capabilities[sms]).drafts
            self._say_by_sms(state)
        elif sms:
            copies = self._answers.copies(said, state.language, self._capabilities[sms])
        return Answer(
            state=state, drafts=(_shown(state),), effects=_effects(turns), copies=copies, copied_to=sms
        )

    def _say_by_sms(self, state: TrackerState) -> None:
        """A screen with the answers to choose from alone, and where all else is to be read."""
        session = _of(state)
        can = self._capabilities[session.channel]
        told = self._answers.said("utter_screen_by_sms", state.language, can)[0].text
        labels = numbered([choice["title"] for choice in state.choices])
        frame = self._answers.frame(state.language, can)
        session.pages, session.page = screens(f"{told}\n{labels}", frame, back=True), 0

    def _message(self, state: TrackerState, turns: Sequence[Turn], sms: str) -> Answer:
        """What goes by SMS, or where nothing may, is shown to who dials again."""
        if not (sms and turns):
            return Answer(state=state, drafts=(), effects=_effects(turns))
        late = self._answers.worded(turns[-1], self._capabilities[sms])
        return replace(late, effects=_effects(turns), channel=sms)


def _shown(state: TrackerState) -> Draft:
    session = state.session
    if session is None or not session.pages:
        return Draft(text="", session_end=True)
    return Draft(text=session.pages[session.page], session_end=session.over)


def _of(state: TrackerState) -> Session:
    assert state.session is not None  # it was placed before
    return state.session


def _effects(turns: Sequence[Turn]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(turn.effects for turn in turns))


def _begun(state: TrackerState, message: InboundMessage, told: str) -> Hop:
    """The first request of a session; what was typed where nobody knows the question, is not."""
    before = state.session
    session = _session(state, message, told)
    if before and before.unseen and before.channel == message.channel and not message.text:
        session.pages, session.unseen, session.over = before.pages, True, before.over
    # Some gateways do not say that a session is new: all that was typed in one that we never saw was typed ahead.
    # In one that another has taken the place of, it was answered before.
    ahead = message.session is SessionEvent.NEW or (message.accumulated and told not in session.earlier)
    hop = _next(session, replace(message, session=SessionEvent.NEW), _ahead(message.text) if ahead else ())
    session.typed = message.text
    return hop


def _session(state: TrackerState, message: InboundMessage, told: str) -> Session:
    before = state.session
    earlier = [*before.earlier, before.id][-_MOST_EARLIER:] if before else []
    began = to_ms(message.received_at)
    state.session = Session(channel=message.channel, id=told, began=began, trail=[_TOP], earlier=earlier)
    return state.session


def _next(session: Session, message: InboundMessage, typed: tuple[str, ...]) -> Hop:
    session.typed, session.told_by = message.text, message.external_id
    name = f"{session.id}:{session.began}:{session.hop}"
    own = replace(message, external_id=name, text=_BETWEEN.join(typed), accumulated=False)
    return Hop(message=own, typed=typed)


def _ahead(text: str) -> tuple[str, ...]:
    """What was typed behind the code: each answer between two stars."""
    return tuple(text.strip("*#").split(_BETWEEN))[:_MOST_AHEAD] if text.strip("*#") else ()


def _redialled(session: Session, message: InboundMessage) -> bool:
    """Whether it is the dialling that was answered last, asked again."""
    if session.hop != 1 or message.text != session.typed:
        return False
    if message.external_id:
        return message.external_id == session.told_by
    return to_ms(message.received_at) - session.shown_at < _REDIALLED_MS


def _typed(session: Session, message: InboundMessage) -> str | None:
    """What was typed since the last request; None when it is that one, asked again."""
    if message.external_id:
        return None if message.external_id == session.told_by else _latest(session, message)
    since = to_ms(message.received_at) - session.shown_at
    if not message.accumulated and message.text == session.typed and since < _REPEATED_MS:
        return None
    return _latest(session, message)


def _latest(session: Session, message: InboundMessage) -> str | None:
    return _added(session.typed, message.text) if message.accumulated else message.text


def _added(before: str, text: str) -> str | None:
    """What a gateway that repeats everything adds to it; None when it repeats what was there."""
    if before.startswith(text) and (text or before):
        return None
    if not before:
        return text
    if text.startswith(before + _BETWEEN):
        return text[len(before) + 1 :]
    return text.rpartition(_BETWEEN)[2]


def _leafed(session: Session, number: str) -> bool:
    """Whether that is an answer to turn a page by, and it is turned."""
    step = {MORE: 1, BACK: -1}.get(number, 0)
    if not step or not 0 <= session.page + step < len(session.pages):
        return False
    session.page += step
    return True


def _payload(state: TrackerState, session: Session, number: str) -> str:
    """What going back, or up to the top, means where the person stands; empty for any other answer."""
    if number == HOME:
        return _TOP  # what a form has is kept: the menu leads back to it
    if number != BACK:
        return ""
    if state.form and not session.menu:
        return "/go_back" if state.form.answered else "/cancel"
    if session.menu and len(session.trail) > 1:
        session.trail.pop()
    return session.trail[-1]


def _follow(session: Session, turn: Turn) -> None:
    """Keep the way through the menus, so that one can go back on it."""
    session.menu = turn.wish.get("intent_response_key") == MENU
    if not session.menu:
        if turn.state.form:
            del session.trail[1:]  # what a question offers as a list lies below the menu at the top
        return
    values = {each["entity"]: each["value"] for each in turn.wish["entities"]}
    payload = f"{_TOP}{orjson.dumps(values).decode()}" if values else _TOP
    if payload in session.trail:
        del session.trail[session.trail.index(payload) + 1 :]
    else:
        session.trail.append(payload)
