"""Hops: what is new in a request of a session, and the name under which it is taken once.

Gateways repeat requests, and say which one it is or do not; they repeat all that was typed or the last of
it; they name a session, or give the phone number for its name. A request that was answered before, or that
belongs to a session which another has taken the place of, is nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.clock import to_ms
from bot.crypto import Vault
from bot.inbox import Inbox
from bot.messages import InboundMessage, SessionEvent
from bot.trackers import Session, TrackerState
from bot.urns import Urn

TOP = "/menu"
_BETWEEN = "*"
# A gateway that tells nothing of hops asks again at once when a connection breaks; no person reads and
# types so fast. Who dials anew gets the same first screen for longer.
_REPEATED_MS, _REDIALLED_MS = 2_000, 10_000
# No operator keeps a session open so long; after it, the same name is another session's.
_LONGEST_MS = 600_000
_MOST_AHEAD = 10  # more than this typed ahead is no dial string
_SHORTEST_NAME = 6  # characters; a shorter name comes again within minutes
_LAST_DIGITS = 8  # of a phone number, the same with and without its country's code
_MOST_TOLD = 8  # numbers of requests that may still come again


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One request of a session: the message under a name of its own, and what was typed, step by step."""

    message: InboundMessage
    typed: tuple[str, ...]

    @property
    def dialled(self) -> bool:
        """Whether the session begins with it."""
        return self.message.session is SessionEvent.NEW


class Hops:
    """Places requests in their sessions; the one in the tracker is its to change."""

    def __init__(self, vault: Vault, inbox: Inbox) -> None:
        self._vault = vault
        self._inbox = inbox

    async def place(self, state: TrackerState, message: InboundMessage) -> Hop | None:
        """What is new in a request, or None where nothing is."""
        # Some gateways tell only the sessions of one phone apart.
        named = self._vault.lookup(f"{message.urn} {message.session_id}")[:32]
        now = to_ms(message.received_at)
        unique = not _comes_again(message.session_id, message.urn)
        session = state.session
        if session is None or (session.channel, session.id) != (message.channel, named):
            since = f"{named}:{now - _LONGEST_MS:013d}"
            if unique and await self._inbox.has_any(message.channel, since, f"{named};"):
                return None
            return _begun(state, message, named)
        if message.session is SessionEvent.NEW:
            again = now - session.began < _LONGEST_MS if unique else _redialled(session, message, now)
            return None if again else _begun(state, message, named)
        typed = _typed(session, message, now)
        if typed is None:
            return None
        return _begun(state, message, named) if session.over else _next(session, message, (typed,))


def left(message: InboundMessage) -> Hop:
    """A request that was placed before, and left to be answered later."""
    dialled = message.session is SessionEvent.NEW
    return Hop(message=message, typed=_ahead(message.text) if dialled else (message.text,))


def new_session(state: TrackerState, message: InboundMessage, named: str = "") -> Session:
    """A session, in place of the one before."""
    began = to_ms(message.received_at)
    state.session = Session(channel=message.channel, id=named, began=began, trail=[TOP])
    return state.session


def _comes_again(name: str, urn: Urn) -> bool:
    """Whether a session is called by the number of its phone, as every other one of it is, or by a few digits."""
    digits = name.strip().removeprefix("+")
    if len(name) < _SHORTEST_NAME:
        return True
    return len(digits) >= _LAST_DIGITS and digits.isdecimal() and urn.address.endswith(digits[-_LAST_DIGITS:])


def _begun(state: TrackerState, message: InboundMessage, named: str) -> Hop:
    """The first request of a session; what answers a question that nobody knows any more, is not taken."""
    before, session = state.session, new_session(state, message, named)
    if before and before.unseen and before.channel == message.channel:
        session.pages, session.unseen, session.over = before.pages, before.unseen, before.over
        session.choices, session.shown_at, session.page = before.choices, before.shown_at, before.page
    # Some gateways do not say that a session is new: all that was typed in one that we never saw was typed ahead.
    ahead = message.session is SessionEvent.NEW or message.accumulated
    hop = _next(session, replace(message, session=SessionEvent.NEW), _ahead(message.text) if ahead else ())
    session.typed = message.text
    return hop


def _next(session: Session, message: InboundMessage, typed: tuple[str, ...]) -> Hop:
    session.typed = message.text
    session.told = [*session.told, message.external_id][-_MOST_TOLD:]
    name = f"{session.id}:{session.began:013d}:{session.hop}"
    own = replace(message, external_id=name, text=_BETWEEN.join(typed), accumulated=False)
    return Hop(message=own, typed=typed)


def _ahead(text: str) -> tuple[str, ...]:
    """What was typed behind the code: each answer between two stars."""
    return tuple(text.strip("*#").split(_BETWEEN))[:_MOST_AHEAD] if text.strip("*#") else ()


def _redialled(session: Session, message: InboundMessage, now: int) -> bool:
    """Whether it is the dialling that was answered last, asked again."""
    if session.hop != 1 or message.text != session.typed:
        return False
    if message.external_id and message.external_id not in session.told:
        return False
    return now - session.shown_at < _REDIALLED_MS


def _typed(session: Session, message: InboundMessage, now: int) -> str | None:
    """What was typed since the last request; None when it is an earlier one, asked again."""
    if message.external_id:
        return None if message.external_id in session.told else _latest(session, message)
    if not message.accumulated and message.text == session.typed and now - session.shown_at < _REPEATED_MS:
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
