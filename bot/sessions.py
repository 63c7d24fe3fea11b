"""Sessions: what a person types screen by screen (USSD), each request answered once by one screen.

What the next request hangs on lies in the tracker, and is committed with the answer: a repeated
request finds the same screen, in this process or another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

import orjson

from bot.answers import Answer, Answers
from bot.clock import Chance, Clock, to_ms
from bot.engine import OFFERED_ANEW
from bot.hops import TOP, Hop, new_session
from bot.messages import Capabilities, InboundMessage, OutboundMessage, SessionEvent
from bot.rendering import Draft
from bot.screens import BACK, HOME, MORE, screens
from bot.text.choices import numbered
from bot.text.digits import ascii_digits
from bot.trackers import Session, TrackerState
from bot.turns import Turn

MENU = "menu"
_ANSWERS = ("/inform", "/affirm", "/deny", "/cancel")
_LIST_DEPTH = 2  # menus on the way to the first list that a form's question opens: the top and this
_MOST_SCREENS = 6  # a longer answer goes by SMS, where one can
_UNSEEN_MS = 24 * 3600 * 1000  # so long an answer that nobody saw is worth showing


class Sessions:
    """Answers the requests of sessions; their state in the tracker is its to change."""

    def __init__(
        self, answers: Answers, clock: Clock, chance: Chance, capabilities: Mapping[str, Capabilities]
    ) -> None:
        self._answers = answers
        self._clock = clock
        self._chance = chance
        self._capabilities = capabilities

    def again(self, state: TrackerState, message: InboundMessage) -> OutboundMessage:
        """The screen that was shown last, for a request that brings nothing new; nothing is stored."""
        session = state.session
        if session is None or not session.pages:
            return self._notice("utter_screen_over", message, state.language)
        return self._addressed(message, _shown(session))

    def told(self, message: InboundMessage, language: str, *, follows: bool) -> OutboundMessage:
        """A screen in place of an answer: it `follows` by SMS, or is to be asked for again."""
        return self._notice("utter_screen_later" if follows else "utter_screen_again", message, language)

    def _notice(self, key: str, message: InboundMessage, language: str) -> OutboundMessage:
        can = self._capabilities[message.channel]
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
        session = state.session or new_session(state, hop.message)
        talk = _Talk(self._answers, state, session, self._capabilities[hop.message.channel])
        turns = await talk.hold(hop, now)
        session.hop += 1
        session.shown_at = to_ms(now)
        session.unseen = not waits and not (sms and turns)  # a page that was turned goes by no SMS
        answer = self._screen(talk, turns, sms) if waits else self._late(talk, turns, sms, to_ms(now))
        talk.end()
        effects = tuple(chain.from_iterable(turn.effects for turn in turns))
        unclear = tuple(chain.from_iterable(turn.unclear for turn in turns))
        return replace(answer, effects=effects, unclear=unclear)

    def _screen(self, talk: _Talk, turns: Sequence[Turn], sms: str) -> Answer:
        """What is shown now, and what goes by SMS besides: what matters, and what is too long for screens."""
        copies: tuple[Draft, ...] = ()
        if sms and turns and len(talk.session.pages) > _MOST_SCREENS:
            copies = (
                *self._copies(talk.state, turns[:-1], sms),
                *self._whole(turns[-1], sms).drafts,
            )
            talk.say_by_sms()
        elif sms:
            copies = self._copies(talk.state, turns, sms)
        return Answer(state=talk.state, drafts=(_shown(talk.session),), copies=copies, copied_to=sms)

    def _late(self, talk: _Talk, turns: Sequence[Turn], sms: str, now: int) -> Answer:
        """What goes by SMS, or where nothing may, is shown to who dials again."""
        state = talk.state
        if not (sms and turns):
            return Answer(state=state, drafts=())
        late = self._whole(turns[-1], sms)
        # What it asks stands there now, and is answered there.
        state.seen[sms] = now
        return replace(late, drafts=(*self._copies(state, turns[:-1], sms), *late.drafts), channel=sms)

    def _whole(self, turn: Turn, sms: str) -> Answer:
        return self._answers.worded(turn, self._capabilities[sms])

    def _copies(self, state: TrackerState, turns: Sequence[Turn], sms: str) -> tuple[Draft, ...]:
        """What matters of some turns, as messages."""
        said = tuple(chain.from_iterable(turn.responses for turn in turns))
        return self._answers.copies(said, state.language, self._capabilities[sms])


class _Talk:
    """One request's turns, each laid out over screens, in a language that these can show."""

    def __init__(self, answers: Answers, state: TrackerState, session: Session, can: Capabilities) -> None:
        self.state = state
        self.session = session
        self._answers = answers
        self._can = can
        self._spoken = state.language

    def end(self) -> None:
        """Leave the language as it is spoken where all letters can be shown."""
        self.state.slots["language"] = self._spoken

    async def hold(self, hop: Hop, now: datetime) -> list[Turn]:
        """The turns that the request leads to; leafing through pages is none."""
        session, state = self.session, self.state
        state.choices = session.choices
        if hop.dialled and session.unseen and to_ms(now) - session.shown_at < _UNSEEN_MS:
            return []  # what nobody saw comes first
        asks = bool(state.form) and not state.paused
        if hop.dialled and (asks or not hop.typed):
            # With a question open, what was typed behind the code would answer another one than it was meant for.
            return [await self._turn(hop.message, TOP)]
        turns = []
        if hop.dialled:
            turns.append(await self._turn(_continued(hop.message), TOP))
        for typed in hop.typed:
            number = ascii_digits(typed).strip()
            if _leafed(session, number) or not (hop.dialled or _seen(session, number)):
                continue
            payload = _payload(state, session, number)
            message = replace(_continued(hop.message), text="" if payload else typed)
            turns.append(await self._turn(message, payload))
            if session.over or not turns[-1].understood:
                break  # what was typed behind it was meant for another screen
        return turns

    async def _turn(self, message: InboundMessage, payload: str) -> Turn:
        state, session = self.state, self.session
        shown = self._show_in_letters(state.language)
        turn = await self._answers.turn(state, replace(message, payload=payload))
        if state.language != shown or turn.wish["intent"]["name"] == "language":
            self._spoken = state.language
        asked = state.language
        if self._show_in_letters(asked) != asked:
            turn = await self._menu_in_letters(turn, message)
        _follow(session, turn)
        session.aside = turn.aside
        answer = self._answers.worded(turn, self._can)
        session.choices = state.choices
        self._lay_out("\n".join(draft.text for draft in answer.drafts), turn)
        return turn

    async def _menu_in_letters(self, turn: Turn, message: InboundMessage) -> Turn:
        """The turn, with a menu that was named in letters which cannot be shown named anew."""
        if turn.wish.get("intent_response_key") != MENU:
            return turn
        again = await self._answers.turn(self.state, replace(message, text="", payload=_way_to(turn)))
        return replace(again, responses=(*turn.responses[:-1], *again.responses))

    def _show_in_letters(self, language: str) -> str:
        shown = self._answers.language(language, self._can)
        self.state.slots["language"] = shown
        return shown

    def _lay_out(self, text: str, turn: Turn) -> None:
        state, session = self.state, self.session
        frame = self._answers.frame(state.language, self._can)
        asks = bool(state.form) or bool(turn.responses and state.choices)
        done = bool(turn.effects) or not text
        text = text or self._answers.said("utter_screen_over", state.language, self._can)[0].text
        alone = screens(text, frame, back=False)
        session.over = len(alone) == 1 and not asks and done
        first = _at_top(session) and not state.form
        back = not (session.over or first or state.resuming)
        session.pages, session.page = (screens(text, frame, back=True) if back else alone), 0

    def say_by_sms(self) -> None:
        """A screen with the answers to choose from alone, and where all else is to be read."""
        language, session = self.state.language, self.session
        told = self._answers.said("utter_screen_by_sms", language, self._can)[0].text
        labels = numbered([choice["title"] for choice in self.state.choices])
        frame = self._answers.frame(language, self._can)
        session.pages, session.page = screens(f"{told}\n{labels}", frame, back=True), 0


def _continued(message: InboundMessage) -> InboundMessage:
    return replace(message, session=SessionEvent.CONTINUE)


def _shown(session: Session) -> Draft:
    return Draft(text=session.pages[session.page], session_end=session.over)


def _leafed(session: Session, number: str) -> bool:
    """Whether that is an answer to turn a page by, and it is turned."""
    if number == MORE and session.pages:
        session.page = min(
            session.page + 1, len(session.pages) - 1
        )  # once too often leads nowhere, and on a single page too
    elif number == BACK and session.page:
        session.page -= 1
    else:
        return False
    return True


def _seen(session: Session, number: str) -> bool:
    """Whether one may take the answer of that number; if it has not been shown, its page is turned up in place of it.

    What is asked next may be known by heart; what is agreed to, or given for an answer, is to be read first.
    """
    if session.menu or not (number.isdecimal() and 1 <= int(number) <= len(session.choices)):
        return True
    if not session.choices[int(number) - 1]["payload"].startswith(_ANSWERS):
        return True
    pages = [index for index, page in enumerate(session.pages) if f"\n{int(number)} " in f"\n{page}"]
    if not pages or pages[0] <= session.page:
        return True
    session.page = pages[0]
    return False


def _payload(state: TrackerState, session: Session, number: str) -> str:
    """What going back, or up to the top, means where the person stands; empty for any other answer.

    A form is never given up by it: back from the menu at the top is to its question.
    """
    if number == HOME:
        return TOP
    if number != BACK or state.resuming:
        return ""
    listed = session.listed and len(session.trail) <= _LIST_DEPTH
    if state.form and (listed or _at_top(session) or (session.aside and not session.menu)):
        state.resuming = True
        return "/continue_session"
    if state.form and not session.menu:
        return TOP
    if session.menu and len(session.trail) > 1:
        session.trail.pop()
    return session.trail[-1]


def _way_to(turn: Turn) -> str:
    """The menu of a turn, as a payload."""
    values = {each["entity"]: each["value"] for each in turn.wish["entities"]}
    return f"{TOP}{orjson.dumps(values).decode()}" if values else TOP


def _at_top(session: Session) -> bool:
    return session.menu and len(session.trail) == 1


def _follow(session: Session, turn: Turn) -> None:
    """Keep the way through the menus, so that one can go back on it."""
    if any(said.key == OFFERED_ANEW for said in turn.responses):
        return  # the same screen, with how far its numbers go
    before, session.menu = session.menu, turn.wish.get("intent_response_key") == MENU
    if not session.menu:
        session.listed = False
        if turn.state.form:
            del session.trail[1:]
        return
    payload = _way_to(turn)
    session.listed = payload != TOP and (session.listed or bool(turn.state.form and not before))
    if payload in session.trail:
        del session.trail[session.trail.index(payload) + 1 :]
    else:
        session.trail.append(payload)
