"""Everything between the two doors of an installation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
from rasa_sdk.interfaces import Action

from bot.addresses import Addresses
from bot.backlog import Backlog
from bot.clock import Chance, Clock
from bot.config import Config
from bot.consent import RecordConsent, write_consent
from bot.contacts import People
from bot.conversation import Conversation
from bot.crypto import Vault
from bot.db import Database
from bot.effects import Effects
from bot.engine import Engine
from bot.erasure import Erasure
from bot.follow_up import FollowUp
from bot.guesses import CarriedGuesses, Guesses
from bot.inbox import Inbox
from bot.learning.kept import KeptMessages
from bot.learning.learning import Learning
from bot.learning.listener import Listener
from bot.learning.serving import InForce
from bot.limits import Limits
from bot.linking import Linking
from bot.locks import Locks
from bot.media import MediaWriter
from bot.messages import Capabilities
from bot.nlu.parse_data import Interpreter
from bot.outbox import Outbox
from bot.phones import PhoneRules
from bot.pipeline import Parts, Pipeline
from bot.spending import Spending
from bot.urns import Urn
from complaints.erasure import erase_cases
from complaints.follows import Follows, FollowWriters, erase_follows, join_follows
from complaints.joining import join_cases
from complaints.retention import held_contacts
from complaints.store import Cases, CaseWriters
from composition.country import Country
from composition.store import open_shared, open_store
from composition.understanding import budgets, engine_of, in_force, remote, renderer_of
from dialogs.discover import discover
from dialogs.follow_up import ShortNotice
from dialogs.phrases import Phrases
from dialogs.ports import Keeping, Ports
from services.erasure import erase_requests
from services.forms import FormFiles
from services.joining import join_requests
from services.judge import Judge
from services.overlays import Overlays
from services.ratings import RatingWriter
from services.registers import EmbeddedRegister
from services.reminders import Reminders, reminder_writers


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What every part stands on."""

    config: Config
    country: Country
    db: Database
    vault: Vault
    clock: Clock
    chance: Chance


@dataclass(frozen=True, kw_only=True, slots=True)
class Ways:
    """The channels of an installation: what each can show, and for some the one that takes what it cannot deliver."""

    capabilities: Mapping[str, Capabilities]
    follow_ups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """An opened installation: what takes messages, and what works behind it."""

    ground: Ground
    limits: Limits
    outbox: Outbox
    follow_up: FollowUp
    interpreter: Interpreter
    in_force: InForce
    actions: Sequence[Action]
    effects: Effects
    pipeline: Pipeline
    backlog: Backlog
    overlays: Overlays


class Wake:
    """Something to call that is known only after what calls it has been built."""

    def __init__(self) -> None:
        self.then: Callable[[], None] = lambda: None

    def __call__(self) -> None:
        """Pass the call on."""
        self.then()


@asynccontextmanager
async def open_installation(
    config: Config,
    ways: Ways,
    committed: Callable[[], None],
    *,
    maintenance: bool = False,
    asked: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Installation]:
    """Open it; `committed` is called when messages lie in the outbox.

    `asked` is called with what became of each question to a Rasa server, where one understands.
    """
    async with AsyncExitStack() as stack:
        country = Country.load(config.pack_root)
        db, vault = await stack.enter_async_context(open_store(config, maintenance=maintenance))
        ground = Ground(config=config, country=country, db=db, vault=vault, clock=Clock(), chance=Chance())
        locks, limits = await open_shared(config, ground.clock, stack)
        overlays = overlays_of(ground)
        if not maintenance:
            await overlays.refresh()
        spending = Spending(db, ground.clock, country.pack.zone, config.daily_parts)
        follow_up = _follow_up(ground, ways, spending)
        actions = discover(_ports(ground, ways))
        ours = await in_force(config, country)
        interpreter: Interpreter = ours
        if config.interpreter == "rasa":
            session = await stack.enter_async_context(ClientSession())
            interpreter = remote(config, country, ours, session, ground.clock, asked)
        parts = _parts(ground, ways, locks, spending, follow_up, interpreter, engine_of(country, actions))
        if config.learning:
            parts = replace(parts, learning=_learning(ground, ours))
        waiting = Wake()
        pipeline = Pipeline(parts, committed=committed, waiting=waiting)
        backlog = Backlog(parts.inbox, pipeline, ground.clock)
        waiting.then = backlog.wake
        stack.push_async_callback(pipeline.close)
        yield Installation(
            ground=ground,
            limits=limits,
            outbox=parts.outbox,
            follow_up=follow_up,
            interpreter=interpreter,
            in_force=ours,
            actions=actions,
            effects=parts.effects,
            pipeline=pipeline,
            backlog=backlog,
            overlays=overlays,
        )


def _parts(
    ground: Ground,
    ways: Ways,
    locks: Locks,
    spending: Spending,
    follow_up: FollowUp,
    interpreter: Interpreter,
    engine: Engine,
) -> Parts:
    """What the pipeline is made of."""
    config, db, vault, clock, chance = ground.config, ground.db, ground.vault, ground.clock, ground.chance
    kept = timedelta(days=config.purge_messages_days)
    return Parts(
        db=db,
        vault=vault,
        locks=locks,
        clock=clock,
        chance=chance,
        people=People(db, vault, chance, timedelta(days=config.purge_contacts_days)),
        inbox=Inbox(db, vault, chance, kept),
        conversation=Conversation(
            vault=vault, chance=chance, capabilities=ways.capabilities, spending=spending, kept=kept
        ),
        outbox=Outbox(db, vault, clock, chance, follow_up.after),
        interpreter=interpreter,
        engine=engine,
        renderer=renderer_of(ground.country),
        effects=Effects(writers=_writers(ground), db=db, vault=vault, clock=clock, chance=chance),
        spending=spending,
        capabilities=ways.capabilities,
        may_answer=_may_answer(ground.country.phones),
        turn_seconds=config.turn_seconds,
        routes=ways.follow_ups,
    )


def _learning(ground: Ground, ours: InForce) -> Learning:
    denials = [word for words in ground.country.pack.lexicon("deny").values() for word in words]
    remote = ground.config.interpreter == "rasa"
    kept = _kept_messages(ground, lambda: "rasa" if remote else ours.name)
    return Learning(listener=Listener(map(str, denials)), kept=kept)


def _kept_messages(ground: Ground, model: Callable[[], str] = str) -> KeptMessages:
    kept = timedelta(days=ground.config.purge_unclear_days)
    return KeptMessages(db=ground.db, vault=ground.vault, kept=kept, model=model)


def overlays_of(ground: Ground) -> Overlays:
    """What staff changed, over the country; whoever waits for a service that is back is told."""
    country = ground.country
    judge = Judge(
        services=country.services,
        centres=country.centres,
        renderer=renderer_of(country),
        budgets=budgets(),
    )
    return Overlays(
        db=ground.db,
        clock=ground.clock,
        chance=ground.chance,
        services=country.services,
        centres=country.centres,
        judge=judge,
        on_back=Reminders(ground.db, ground.vault, ground.clock).service_is_back,
    )


def _ports(ground: Ground, ways: Ways) -> Ports:
    config, country, db, vault, clock = ground.config, ground.country, ground.db, ground.vault, ground.clock
    return Ports(
        pack=country.pack,
        phrases=Phrases.load(country.pack),
        catalogue=country.catalogue,
        services=country.services,
        centres=country.centres,
        forms=FormFiles(country.pack.root, config.public_url),
        cases=Cases(db, vault, clock),
        follows=Follows(db, vault),
        guesses=Guesses(db, vault, clock),
        reminders=Reminders(db, vault, clock),
        addresses=Addresses(db, vault),
        channels=ways.capabilities,
        follow_ups=ways.follow_ups,
        sending=country.sending,
        registers=EmbeddedRegister(db, vault),
        keeping=Keeping(
            messages_days=config.purge_messages_days,
            cases_days=config.purge_cases_days,
            media_hours=config.purge_media_hours,
        ),
        places=country.places,
        calendar=country.calendar,
        phones=country.phones,
        categories=country.categories,
        desks=country.desks,
        clock=clock,
        chance=ground.chance,
    )


def _writers(ground: Ground) -> dict[type, Any]:
    """What stores each kind of effect."""
    config = ground.config
    cases_kept = timedelta(days=config.purge_cases_days)
    kept = _kept_messages(ground)
    linking = Linking(
        CarriedGuesses(ground.db, ground.vault),
        (join_follows, join_cases, join_requests, kept.join),
        timedelta(days=config.purge_contacts_days),
    )
    return {
        RecordConsent: write_consent,
        **MediaWriter(timedelta(hours=config.purge_media_hours)).by_effect(),
        **FollowWriters(ground.db).by_effect(),
        **Erasure(held_contacts(), (erase_follows, erase_cases, erase_requests, kept.erase)).by_effect(),
        **reminder_writers(),
        **CaseWriters(cases_kept).by_effect(),
        **linking.by_effect(),
        **RatingWriter(keep=cases_kept).by_effect(),
    }


def _follow_up(ground: Ground, ways: Ways, spending: Spending) -> FollowUp:
    """What goes to the phone when it could not be delivered."""
    country = ground.country
    return FollowUp(
        db=ground.db,
        vault=ground.vault,
        clock=ground.clock,
        routes=ways.follow_ups,
        hours=country.sending,
        spending=spending,
        may_write=_may_answer(country.phones),
        short=ShortNotice(country.pack).of,
        kept=timedelta(days=ground.config.purge_messages_days),
    )


def _may_answer(rules: PhoneRules) -> Callable[[Urn], bool]:
    """Nobody abroad is answered by SMS: fraud that lives on answers to dear numbers finds none."""

    def may_answer(urn: Urn) -> bool:
        return urn.scheme != "tel" or rules.allowed(urn.phone)

    return may_answer
