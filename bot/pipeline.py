"""The straight line: a message is understood, answered, and everything it caused is committed once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from bot.answers import Answer, Answers
from bot.clock import Chance, Clock, to_ms
from bot.contacts import People, Person
from bot.conversation import Conversation
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import Effects
from bot.engine import Engine
from bot.errors import DatabaseUnavailable, Duplicate, Stale, Taken
from bot.hops import Hop, Hops, left
from bot.inbox import Inbox, Waiting
from bot.learning.learning import Learning
from bot.locks import Locks, acquire
from bot.messages import Capabilities, InboundMessage, OutboundMessage, SessionEvent
from bot.nlu.parse_data import Interpreter
from bot.outbox import Outbox, set_urn_state
from bot.patience import Patience
from bot.rendering import Renderer
from bot.replies import count_copy, may_copy, may_reply
from bot.sessions import Sessions
from bot.spending import Spending
from bot.urns import Urn

LOCK_SECONDS = 30
CROWD = 8  # requests under way at once: more than a steady stream that is kept up with
_ROUNDS = 5  # a turn that others overtake is run again this often
_COMMIT_SECONDS = 1.0  # the patience of the database

log = structlog.get_logger()


class Handled(StrEnum):
    """What became of a message: answered, answered before, left to the worker, or taken without a reply."""

    DONE = "done"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    LIMITED = "limited"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a message was handled, and the replies that it led to (for channels that show them inline)."""

    kind: Handled
    messages: tuple[OutboundMessage, ...] = ()


# A request of a session that is not taken: the screen says to dial again.
_NOT_NOW = Outcome(kind=Handled.LIMITED)


@dataclass(kw_only=True, slots=True)
class Visit:
    """A message's row in the inbox, and whether the request that brought it still waits for its answer.

    `showing` while replies are being stored as shown by this very request: nobody else will show them.
    `unasked` when nobody wrote, and the system starts the turn. `left` when it was left to the worker.
    `placed` is a request of a session under the name that it was given, `by_sms` tells that its answer
    may go so, and `language` is that of the person, as soon as they are known.
    """

    row_id: str
    waits: bool = True
    showing: bool = False
    unasked: bool = False
    left: bool = False
    placed: InboundMessage | None = None
    by_sms: bool = False
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the pipeline is made of; composition/installation.py puts it together."""

    db: Database
    vault: Vault
    locks: Locks
    clock: Clock
    chance: Chance
    people: People
    inbox: Inbox
    conversation: Conversation
    outbox: Outbox
    interpreter: Interpreter
    engine: Engine
    renderer: Renderer
    effects: Effects
    spending: Spending
    capabilities: Mapping[str, Capabilities]
    may_answer: Callable[[Urn], bool]
    turn_seconds: float
    # By the name of a channel, the SMS channel by which goes what it cannot show or deliver.
    routes: Mapping[str, str] = field(default_factory=dict)
    # What notices and keeps messages that were not understood; None where nothing is to be kept of them.
    learning: Learning | None = None


class Pipeline:
    """Takes messages from every channel; one turn at a time a person."""

    def __init__(self, parts: Parts, *, committed: Callable[[], None], waiting: Callable[[], None]) -> None:
        """`committed` is called when messages lie in the outbox, `waiting` when one lies in the inbox."""
        self._parts = parts
        listener = parts.learning.listener if parts.learning else None
        self._answers = Answers(parts.interpreter, parts.engine, parts.renderer, listener)
        self._hops = Hops(parts.vault, parts.inbox)
        self._sessions = Sessions(self._answers, parts.clock, parts.chance, parts.capabilities)
        self._committed = committed
        self._waiting = waiting
        self._requests = 0
        self._turns = Patience(parts.turn_seconds, _let_go)
        self._commits = Patience(_COMMIT_SECONDS, _let_go)
        self._late: set[asyncio.Task[Outcome]] = set()
        self._queued: set[str] = set()  # people with messages left to the worker by this process
        self._keeping: Counter[str] = Counter()  # those of them whose messages are not stored yet

    async def accept(self, message: InboundMessage) -> Outcome:
        """Answer now, or keep for the worker what cannot be answered at once; durable on return.

        Raises DatabaseUnavailable, and then nothing was taken.
        """
        self._requests += 1
        try:
            return await self._accept(message)
        finally:
            self._requests -= 1

    @property
    def crowded(self) -> bool:
        """Whether so many requests wait for their answers that work which can wait should."""
        return self._requests >= CROWD

    async def _accept(self, message: InboundMessage) -> Outcome:
        visit = Visit(row_id=self._parts.inbox.row_id(self._parts.clock.now()))
        lookup = self._parts.vault.lookup(str(message.urn))
        if message.session:
            return await self._accept_hop(message, lookup, visit)
        token = await self._parts.locks.try_acquire(lookup, LOCK_SECONDS)
        if token is None:
            return await self._keep(message, lookup, visit)
        if lookup in self._keeping:
            await self._release(lookup, token)
            return await self._keep(message, lookup, visit)
        return await self._await_turn(message, lookup, token, visit)

    async def _accept_hop(self, message: InboundMessage, lookup: str, visit: Visit) -> Outcome:
        """A request of a session always gets a screen; one that repeats another waits for the same."""
        if message.session is SessionEvent.END:
            return Outcome(kind=Handled.DONE)
        patience = self._parts.turn_seconds
        token = await acquire(self._parts.locks, lookup, LOCK_SECONDS, patience)
        kind = Handled.LIMITED
        if token is not None:
            outcome = await self._await_turn(message, lookup, token, visit)
            if outcome.messages:
                return outcome
            kind = outcome.kind
        follows = kind is Handled.PENDING and visit.by_sms
        told = self._sessions.told(message, visit.language, follows=follows)
        return Outcome(kind=kind, messages=(told,))

    async def _await_turn(self, message: InboundMessage, lookup: str, token: str, visit: Visit) -> Outcome:
        """Run the turn; where the request cannot wait so long, the turn goes on without it."""
        task = asyncio.create_task(self._turn_and_release(message, lookup, token, visit))
        done = await _ended(task, self._turns)
        while not done and visit.showing:
            done = await _ended(task, self._commits)
        if done:
            return await self._outcome_of(task, message, lookup, visit)
        visit.waits = False
        self._late.add(task)
        task.add_done_callback(self._end_late)
        return await self._keep(message, lookup, visit)

    async def work(self, waiting: Waiting) -> Outcome | None:
        """Answer a message from the inbox; None when its person is busy. A fault is noted for later.

        Raises DatabaseUnavailable, which does not count as an attempt.
        """
        message = waiting.message
        lookup = self._parts.vault.lookup(str(message.urn))
        token = await self._parts.locks.try_acquire(lookup, LOCK_SECONDS)
        if token is None:
            return None
        try:
            return await self._turn(message, lookup, Visit(row_id=waiting.id, waits=False, left=True))
        except DatabaseUnavailable:
            raise  # it says nothing about the message
        except Exception as error:
            log.exception("pipeline.fault", channel=message.channel, error=type(error).__name__)
            return await self._fault(waiting, lookup, type(error).__name__)
        finally:
            await self._release(lookup, token)

    async def originate(
        self, urn: Urn, channel: str, intent: str, slots: Mapping[str, Any], cause: str
    ) -> Outcome:
        """Run a turn that the system starts; `cause` names it once, so that a repetition has no effect.

        The turn is kept as an inbox row, as if the event had written to us. One whose words may not
        be sent now is LIMITED and leaves no trace: it can be started again later.
        """
        way = self._way_to(channel)
        if not way:
            return Outcome(kind=Handled.LIMITED)
        message = InboundMessage(
            channel=way, external_id=cause, urn=urn, text="", received_at=self._parts.clock.now()
        )
        lookup = self._parts.vault.lookup(str(urn))
        visit = Visit(row_id=self._parts.inbox.row_id(message.received_at), waits=False, unasked=True)
        return await self._turn(message, lookup, visit, (intent, slots))

    async def close(self) -> None:
        """Let turns that outlast their request finish."""
        if self._late:
            await asyncio.wait(self._late, timeout=LOCK_SECONDS)

    async def _outcome_of(
        self, task: asyncio.Task[Outcome], message: InboundMessage, lookup: str, visit: Visit
    ) -> Outcome:
        error = task.exception()
        if error is None:
            return task.result()
        if not isinstance(error, Exception) or isinstance(error, DatabaseUnavailable):
            raise error
        log.error("pipeline.fault", channel=message.channel, error=type(error).__name__, exc_info=error)
        return await self._keep(message, lookup, visit)

    def _end_late(self, task: asyncio.Task[Outcome]) -> None:
        self._late.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, DatabaseUnavailable):
            log.warning("pipeline.late_unavailable")
        elif error is not None:
            log.error("pipeline.late_fault", error=type(error).__name__, exc_info=error)
        self._waiting()

    async def _fault(self, waiting: Waiting, lookup: str, error: str) -> Outcome:
        """Note the attempt; with the last one the person is told that it was our fault."""
        now = self._parts.clock.now()
        writes, apology = WriteSet(), WriteSet()
        if self._parts.inbox.fault(waiting, now, error, writes):
            try:
                await self._apologise(waiting.message, lookup, now, apology)
            except DatabaseUnavailable:
                raise
            except Exception as fault:
                # What cannot even be apologised for must not come back for ever and hold up the others.
                log.exception("pipeline.no_apology", error=type(fault).__name__)
                apology = WriteSet()
        try:
            await self._parts.db.commit(writes, apology)
        except Duplicate:
            return Outcome(
                kind=Handled.DUPLICATE
            )  # another process has answered it: nothing to apologise for
        if len(apology):
            self._committed()
        return Outcome(kind=Handled.PENDING)

    async def _apologise(self, message: InboundMessage, lookup: str, now: datetime, writes: WriteSet) -> None:
        way = self._way_to(message.channel)
        if not way or not await self._may_write(replace(message, channel=way)):
            return
        person = await self._parts.people.load(message.urn, lookup, now)
        drafts = self._answers.said("utter_sorry", person.state.language, self._parts.capabilities[way])
        heard = to_ms(message.received_at)
        self._parts.conversation.add(person, message, drafts, now, writes, heard=heard, channel=way)

    def _way_to(self, channel: str) -> str:
        """The channel by which something is said there unasked: a session that is over shows nothing any more."""
        return self._parts.routes.get(channel, "") if self._parts.capabilities[channel].session else channel

    async def _may_write(self, message: InboundMessage) -> bool:
        """Whether the address is one that we write to, and the day's budget still pays for it."""
        if not self._parts.may_answer(message.urn):
            return False
        return not self._parts.capabilities[message.channel].sms or await self._parts.spending.allows()

    async def _keep(self, message: InboundMessage, lookup: str, visit: Visit) -> Outcome:
        if message.session and not visit.placed:
            return _NOT_NOW  # it has no name yet under which it could be kept
        message = visit.placed or message
        writes = WriteSet()
        self._parts.inbox.wait(visit.row_id, message, lookup, self._parts.clock.now(), writes)
        self._queued.add(lookup)
        self._keeping[lookup] += 1
        try:
            await self._parts.db.commit(writes)
        finally:
            self._keeping[lookup] -= 1
            if not self._keeping[lookup]:
                del self._keeping[lookup]
        self._waiting()
        return Outcome(kind=Handled.PENDING)

    async def _release(self, lookup: str, token: str) -> None:
        await self._parts.locks.release(lookup, token)
        if lookup in self._queued:
            self._queued.discard(lookup)
            self._waiting()

    async def _turn_and_release(
        self, message: InboundMessage, lookup: str, token: str, visit: Visit
    ) -> Outcome:
        try:
            return await self._turn(message, lookup, visit)
        finally:
            await self._release(lookup, token)

    async def _turn(
        self,
        message: InboundMessage,
        lookup: str,
        visit: Visit,
        event: tuple[str, Mapping[str, Any]] | None = None,
    ) -> Outcome:
        for _ in range(_ROUNDS):
            visit.showing = False
            now = self._parts.clock.now()
            person = await self._parts.people.load(message.urn, lookup, now, visit.row_id)
            hop = await self._placed(person, message, visit) if message.session else None
            if message.session and hop is None:
                return Outcome(
                    kind=Handled.DUPLICATE, messages=(self._sessions.again(person.state, message),)
                )
            if person.pending and visit.waits:
                # What is asked on a screen hangs on what is answered before: it is asked again.
                return await self._keep(message, lookup, visit) if hop is None else _NOT_NOW
            if hop:
                waited = visit.waits
                answer = await self._answer_hop(person, hop, now, visit)
                if waited and not visit.waits:
                    continue  # the screen that it was made for is gone
            else:
                answer = await self._answer(person, message, event, now)
            try:
                return await self._commit(person, visit.placed or message, answer, now, visit)
            except Duplicate:
                repeated = tuple(await self._parts.outbox.replies_to((visit.placed or message).key))
                return Outcome(kind=Handled.DUPLICATE, messages=repeated)
            except (Stale, Taken):
                continue
        raise Stale

    async def _placed(self, person: Person, message: InboundMessage, visit: Visit) -> Hop | None:
        """The request as it stands in its session; None when it brings nothing new."""
        visit.language = person.state.language
        hop = left(message) if visit.left else await self._hops.place(person.state, message)
        visit.placed = hop.message if hop else None
        return hop

    async def _answer_hop(self, person: Person, hop: Hop, now: datetime, visit: Visit) -> Answer:
        sms = await self._sms_for(person, hop, now)
        visit.by_sms = bool(sms)
        return await self._sessions.answer(person.state, hop, now, sms=sms, waits=visit.waits)

    async def _sms_for(self, person: Person, hop: Hop, now: datetime) -> str:
        """The channel by which what no screen shows may go to the one who dials; empty where nothing may."""
        sms = self._parts.routes.get(hop.message.channel, "")
        # A menu that came too late is dialled again; nobody needs it by SMS.
        worth = bool(hop.typed) and not person.unreached and may_copy(person.state, to_ms(now))
        return sms if sms and worth and await self._may_write(replace(hop.message, channel=sms)) else ""

    async def _answer(
        self,
        person: Person,
        message: InboundMessage,
        event: tuple[str, Mapping[str, Any]] | None,
        now: datetime,
    ) -> Answer:
        can = self._parts.capabilities[message.channel]
        if event:
            return await self._answers.originated(person.state, *event, now, can)
        return await self._answers.to(person.state, message, can)

    async def _commit(
        self, person: Person, message: InboundMessage, answer: Answer, now: datetime, visit: Visit
    ) -> Outcome:
        """One commit for all that the message caused: its own row, the tracker, effects and replies."""
        state = answer.state
        if answer.copies or answer.channel:
            count_copy(state, to_ms(now))
        answered = bool(message.session) or (
            may_reply(state, to_ms(now), message.text, understood=answer.understood)
            and await self._may_write(message)
        )
        if visit.unasked and not answered:
            return Outcome(kind=Handled.LIMITED)
        writes = WriteSet()
        self._parts.inbox.take(visit.row_id, message, person.lookup, now, writes)
        self._parts.people.save(person, state, now, writes)
        if person.unreached and not (visit.unasked or message.session):
            # Who writes to us can be reached again; what they do not want to hear about is in the ledger.
            set_urn_state(writes, person.lookup, "active")
        drafts = answer.drafts if answered else ()
        replies = self._parts.conversation.add(
            person,
            message,
            drafts,
            now,
            writes,
            answered=visit.waits,
            heard=state.seen.get(message.channel, 0),
            channel=answer.channel,
        )
        if answer.copies:
            self._parts.conversation.copy(
                person, message, answer.copies, now, writes, channel=answer.copied_to
            )
        if answer.unclear and self._parts.learning:
            can = self._parts.capabilities[message.channel]
            await self._parts.learning.kept.add(person.contact_id, answer.unclear, can, now, writes)
        # After the words of this turn: an effect may be that they are forgotten.
        self._parts.effects.add(
            answer.effects,
            writes,
            contact_id=person.contact_id,
            cause=message.key,
            channel=message.channel,
            urn=person.urn,
        )
        visit.showing = visit.waits and self._parts.capabilities[message.channel].inline
        await self._parts.db.commit(writes)
        if replies or answer.copies:
            self._committed()
        return Outcome(kind=Handled.DONE if answered else Handled.LIMITED, messages=replies)


async def _ended(task: asyncio.Task[Outcome], patience: Patience) -> bool:
    """Whether the turn ends while there is patience; it goes on if it does not. What `asyncio.wait` does, at half its cost."""
    over = asyncio.get_running_loop().create_future()

    def end(_: asyncio.Task[Outcome]) -> None:
        if not over.done():
            over.set_result(None)

    task.add_done_callback(end)
    patience.watch(over)
    try:
        await over
    finally:
        task.remove_done_callback(end)
    return task.done()


def _let_go(over: asyncio.Future[None]) -> None:
    over.set_result(None)
