"""The composition root: builds an installation from its configuration. Nobody imports this module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import yaml
from aiohttp import ClientSession, web
from rasa_sdk.interfaces import Action

from bot import calendar, phones, places, sending
from bot.addresses import Addresses
from bot.backlog import Backlog
from bot.ballast import Ballast
from bot.calendar import WorkingCalendar
from bot.clock import Chance, Clock
from bot.config import Config, environment, load_config
from bot.consent import ProofKind, Purpose, RecordConsent, write_consent
from bot.contacts import People
from bot.conversation import Conversation
from bot.crypto import Vault, open_vault, read_master
from bot.db import Database, WriteSet, open_database
from bot.effects import Effects
from bot.engine import Engine
from bot.erasure import Erasure
from bot.errors import ConfigurationError, PackError
from bot.files.workshop import Workshop
from bot.follow_up import FollowUp
from bot.guesses import CarriedGuesses, Guesses
from bot.housekeeping import Housekeeping
from bot.inbox import Inbox
from bot.leases import Leases
from bot.limits import Limits, MemoryLimits
from bot.linking import Linking
from bot.lint import lint
from bot.locks import Locks, MemoryLocks
from bot.logs import configure_logs
from bot.media import MediaWriter, media_rule
from bot.messages import Capabilities, MediaKind
from bot.metrics import Metrics
from bot.migrate import upgrade
from bot.nlu.interpreter import Interpreter, LightInterpreter
from bot.nlu.model import Model
from bot.nlu.normalise import compact
from bot.nlu.remembered import RememberingInterpreter
from bot.nlu.understanding import interpreter_of
from bot.outbox import Outbox
from bot.pack import Pack
from bot.phones import PhoneRules
from bot.pipeline import Parts, Pipeline
from bot.places import Places
from bot.receipts import Receipts
from bot.rendering import Renderer
from bot.retention import floor_rules
from bot.rules import Rules
from bot.sending import SendingHours
from bot.shelf import Shelf
from bot.spending import Spending
from bot.urns import Urn
from bot.workers import Workers
from channels.base import Channel, Wiring
from channels.care import ChannelCare
from channels.case_slip import CaseSlips
from channels.chat import ChatPages
from channels.collector import Collector, Taking
from channels.config import build_channels, load_channels
from channels.delivery import Delivery, Figures
from channels.egress import Egress
from channels.follow_ups import follow_ups
from channels.kiosk import Kiosk
from channels.optouts import OptOut, OptOuts
from channels.plain_chat import PlainChat
from channels.terminal import CAPABILITIES
from channels.web import WebChannel
from channels.webhook import Door
from cli.kit import Instance
from cli.main import command
from complaints import categories, references, routing
from complaints.categories import Categories
from complaints.erasure import erase_cases
from complaints.joining import join_cases
from complaints.retention import case_rule, held_contacts
from complaints.routing import Desks
from complaints.sequencer import AnchorFile, Sequencer
from complaints.store import Cases, CaseWriters
from dialogs import reminder_words
from dialogs.discover import discover
from dialogs.follow_up import ShortNotice
from dialogs.phrases import Phrases
from dialogs.ports import Keeping, Ports
from dialogs.words import Words
from services import catalogue, centres, citizens, journeys, local, ministries, offered
from services.catalogue import Catalogue
from services.centres import Centres
from services.erasure import erase_requests
from services.herald import Herald
from services.joining import join_requests
from services.judge import Judge
from services.local import load_local
from services.overlays import Overlays
from services.ratings import RatingWriter
from services.registers import EmbeddedRegister
from services.reminders import CancelReminders, Reminders, reminder_writers
from services.retention import service_rules
from services.view import Services
from web.actions import routes as action_routes
from web.assets import Assets
from web.health import routes as health_routes
from web.metrics import routes as metrics_routes
from web.proxies import Proxies
from web.server import Server
from web.status_page import Parts as StatusParts
from web.status_page import StatusPage

HERE = Path(__file__).parent
BALLAST_BYTES = 16 * 1024 * 1024
PACK_CHECKS = (
    calendar.check,
    places.check,
    phones.check,
    sending.check,
    reminder_words.check,
    citizens.check,
    catalogue.check,
    centres.check,
    local.check,
    ministries.check,
    offered.check,
    journeys.check,
    categories.check,
    routing.check,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """What the pack says, read by those who use it."""

    pack: Pack
    catalogue: Catalogue
    services: Services
    centres: Centres
    places: Places
    calendar: WorkingCalendar
    phones: PhoneRules
    sending: SendingHours
    categories: Categories
    desks: Desks

    @classmethod
    def load(cls, path: Path) -> Country:
        """Read the pack; raises the first PackError."""
        pack = Pack.load(path)
        catalogue, places = Catalogue.load(pack), Places.load(pack)
        centres = Centres.load(pack, places)
        return cls(
            pack=pack,
            catalogue=catalogue,
            services=Services(catalogue=catalogue, places=centres, overlays=load_local(catalogue, centres)),
            centres=centres,
            places=places,
            calendar=WorkingCalendar.load(pack),
            phones=PhoneRules.load(pack),
            sending=SendingHours.load(pack),
            categories=Categories.load(pack),
            desks=Desks.load(pack),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """An opened installation: what takes messages, and what works behind it."""

    config: Config
    clock: Clock
    chance: Chance
    country: Country
    db: Database
    vault: Vault
    limits: Limits
    outbox: Outbox
    follow_up: FollowUp
    interpreter: Interpreter
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
async def open_store(config: Config, *, maintenance: bool = False) -> AsyncIterator[tuple[Database, Vault]]:
    """The database, migrated, and its keys; `maintenance` works beside a server that runs."""
    clock = Clock()
    master = read_master(config.data_dir, config.secret_key)
    db = await open_database(config.database, clock, maintenance=maintenance)
    try:
        if not maintenance:
            await upgrade(db)
        yield db, await open_vault(db, master, clock)
    finally:
        await db.close()


async def understanding(config: Config, country: Country) -> LightInterpreter:
    """The interpreter of the pack; its model is trained, in a process of its own, when the data are new."""
    names = {each: list(country.catalogue.names(each)) for each in country.catalogue.services}
    return await interpreter_of(
        country.pack,
        service_names=names,
        models=config.data_dir / "models",
        places=country.places,
        centres=country.centres,
        is_reference=lambda digits: isinstance(references.check(digits), references.Reference),
        phone=country.phones.normalise,
    )


@asynccontextmanager
async def open_installation(
    config: Config,
    capabilities: Mapping[str, Capabilities],
    committed: Callable[[], None],
    *,
    maintenance: bool = False,
    follow_ups: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Installation]:
    """Everything between the two doors; `committed` is called when messages lie in the outbox.

    `follow_ups` names for a channel the one by which goes what it could not deliver.
    """
    country = Country.load(config.pack_root)
    async with AsyncExitStack() as stack:
        db, vault = await stack.enter_async_context(open_store(config, maintenance=maintenance))
        clock, chance = Clock(), Chance()
        locks, limits = await _shared(config, clock, stack)
        overlays = overlays_of(country, db, vault, clock, chance)
        if not maintenance:
            await overlays.refresh()
        ports = _ports(config, country, db, vault, clock, chance)
        actions = discover(replace(ports, channels=capabilities, follow_ups=follow_ups))
        kept = timedelta(days=config.purge_messages_days)
        writers = {
            RecordConsent: write_consent,
            **MediaWriter(timedelta(hours=config.purge_media_hours)).by_effect(),
            **Erasure(held_contacts(), (erase_cases, erase_requests)).by_effect(),
            **reminder_writers(),
            **CaseWriters(timedelta(days=config.purge_cases_days)).by_effect(),
            **Linking(
                CarriedGuesses(db, vault),
                (join_cases, join_requests),
                timedelta(days=config.purge_contacts_days),
            ).by_effect(),
            **RatingWriter(keep=timedelta(days=config.purge_cases_days)).by_effect(),
        }
        effects = Effects(writers=writers, db=db, vault=vault, clock=clock, chance=chance)
        interpreter = RememberingInterpreter(await understanding(config, country))
        spending = Spending(db, clock, country.pack.zone, config.daily_parts)
        inbox = Inbox(db, vault, chance, kept)
        follow_up = FollowUp(
            db=db,
            vault=vault,
            clock=clock,
            routes=follow_ups,
            hours=country.sending,
            spending=spending,
            may_write=_may_answer(country.phones),
            short=ShortNotice(country.pack).of,
            kept=kept,
        )
        outbox = Outbox(db, vault, clock, chance, follow_up.after)
        parts = Parts(
            db=db,
            vault=vault,
            locks=locks,
            clock=clock,
            chance=chance,
            people=People(db, vault, chance, timedelta(days=config.purge_contacts_days)),
            inbox=inbox,
            conversation=Conversation(
                vault=vault, chance=chance, capabilities=capabilities, spending=spending, kept=kept
            ),
            outbox=outbox,
            interpreter=interpreter,
            engine=engine_of(country, actions),
            renderer=Renderer(country.pack, budgets(), _listed("followed_up")),
            effects=effects,
            spending=spending,
            capabilities=capabilities,
            may_answer=_may_answer(country.phones),
            turn_seconds=config.turn_seconds,
        )
        waiting = Wake()
        pipeline = Pipeline(parts, committed=committed, waiting=waiting)
        backlog = Backlog(inbox, pipeline, clock)
        waiting.then = backlog.wake
        stack.push_async_callback(pipeline.close)
        yield Installation(
            config=config,
            clock=clock,
            chance=chance,
            country=country,
            db=db,
            vault=vault,
            limits=limits,
            outbox=outbox,
            follow_up=follow_up,
            interpreter=interpreter,
            actions=actions,
            effects=effects,
            pipeline=pipeline,
            backlog=backlog,
            overlays=overlays,
        )


async def _shared(config: Config, clock: Clock, stack: AsyncExitStack) -> tuple[Locks, Limits]:
    """Locks and limits: in memory, or in Redis when several processes share them."""
    if not config.redis_url:
        return MemoryLocks(clock), MemoryLimits(clock)
    # Loaded only where they are used: a start is quicker without.
    from bot.redis import connect
    from bot.redis_limits import RedisLimits
    from bot.redis_locks import RedisLocks

    redis = connect(config.redis_url)
    stack.push_async_callback(redis.aclose)
    return RedisLocks(redis, clock), RedisLimits(redis, clock)


def overlays_of(country: Country, db: Database, vault: Vault, clock: Clock, chance: Chance) -> Overlays:
    """What staff changed, over the country; whoever waits for a service that is back is told."""
    judge = Judge(
        services=country.services,
        centres=country.centres,
        renderer=Renderer(country.pack, budgets()),
        budgets=budgets(),
    )
    return Overlays(
        db=db,
        clock=clock,
        chance=chance,
        services=country.services,
        centres=country.centres,
        judge=judge,
        on_back=Reminders(db, vault, clock).service_is_back,
    )


def _ports(
    config: Config, country: Country, db: Database, vault: Vault, clock: Clock, chance: Chance
) -> Ports:
    return Ports(
        pack=country.pack,
        phrases=Phrases.load(country.pack),
        catalogue=country.catalogue,
        services=country.services,
        centres=country.centres,
        cases=Cases(db, vault, clock),
        guesses=Guesses(db, vault, clock),
        reminders=Reminders(db, vault, clock),
        addresses=Addresses(db, vault),
        channels={},
        follow_ups={},
        sending=country.sending,
        registers=EmbeddedRegister(db, vault),
        keeping=Keeping(messages_days=config.purge_messages_days, cases_days=config.purge_cases_days),
        places=country.places,
        calendar=country.calendar,
        phones=country.phones,
        categories=country.categories,
        desks=country.desks,
        clock=clock,
        chance=chance,
    )


def engine_of(country: Country, actions: Sequence[Action]) -> Engine:
    """The engine over the rules of dialogs/ and the words of the pack."""
    pack = country.pack
    item_words = [str(word) for words in pack.lexicon("item_words").values() for word in words]
    return Engine(
        rules=Rules.load(HERE / "dialogs" / "rules"),
        actions=actions,
        languages=pack.languages,
        texts=pack.texts[pack.languages[0]],
        item_words=item_words,
        key=compact,
        parts=Renderer(pack, budgets()).parts,
    )


def budgets() -> dict[str, int]:
    """The parts that an answer may cost, by the key of its text."""
    return _numbers("budgets")


def _listed(name: str) -> frozenset[str]:
    return frozenset(yaml.safe_load((HERE / "dialogs" / f"{name}.yml").read_text(encoding="utf-8")))


def _numbers(name: str) -> dict[str, int]:
    return dict(yaml.safe_load((HERE / "dialogs" / f"{name}.yml").read_text(encoding="utf-8")))


def _may_answer(rules: PhoneRules) -> Callable[[Urn], bool]:
    """Nobody abroad is answered by SMS: fraud that lives on answers to dear numbers finds none."""

    def may_answer(urn: Urn) -> bool:
        return urn.scheme != "tel" or rules.allowed(urn.phone)

    return may_answer


@asynccontextmanager
async def open_server(config: Config, *, maintenance: bool = False) -> AsyncIterator[Server]:
    """An installation with its doors and the work behind them; stops in reverse order.

    `maintenance` opens it to be looked at, beside a server that runs: nothing works behind it.
    """
    metrics, committed = Metrics(), Wake()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        wiring = Wiring(session=session, clock=Clock(), public_url=config.public_url)
        configured = load_channels(config.channels, environment())
        channels = build_channels(configured, wiring)
        capabilities = {name: each.capabilities for name, each in channels.items()}
        routes_on = follow_ups(configured, channels)
        opened = await stack.enter_async_context(
            open_installation(config, capabilities, committed, maintenance=maintenance, follow_ups=routes_on)
        )
        opt_outs = OptOuts(
            db=opened.db,
            vault=opened.vault,
            limits=opened.limits,
            clock=opened.clock,
            on_opt_out=_on_opt_out(opened),
        )
        delivery = Delivery(
            outbox=opened.outbox,
            channels=channels,
            limits=opened.limits,
            clock=opened.clock,
            chance=opened.chance,
            opt_outs=opt_outs,
            metrics=metrics,
            figures=Figures(grace=config.grace_seconds),
            crowded=lambda: opened.pipeline.crowded,
            after_failure=opened.follow_up.after,
        )
        egress = await stack.enter_async_context(Egress())
        collector = Collector(
            shelf=Shelf(opened.db, opened.vault, opened.clock),
            channels=channels,
            egress=egress,
            workshop=Workshop(),
            originate=opened.pipeline.originate,
            chance=opened.chance,
            taking=_taking(config),
        )
        committed.then = _each(delivery.wake, collector.wake)
        door = Door(
            channels=channels,
            pipeline=opened.pipeline,
            receipts=Receipts(opened.db, opened.clock, opened.follow_up.after),
            opt_outs=opt_outs,
            limits=opened.limits,
            metrics=metrics,
        )
        routes = {
            "provider": door.routes(),
            "anyone": [*health_routes(opened.db), *_pages(channels.values(), opened)],
            "operator": metrics_routes(metrics.text),
            "rasa": action_routes(
                opened.actions, config.actions_token, opened.db, opened.vault, opened.effects
            ),
        }
        workers = Workers({**_work(opened, delivery, channels), "collector": collector.run})
        stack.push_async_callback(workers.stop)
        # First: cut off in the middle of a claim, it would leave messages of which nobody knows the outcome.
        stack.push_async_callback(delivery.stop)
        if not maintenance:
            workers.start()
        proxies = Proxies(config.trusted_proxies) if config.trusted_proxies else None
        yield Server(routes, https=config.public_url.startswith("https:"), proxies=proxies)


def _pages(channels: Iterable[Channel], opened: Installation) -> Sequence[web.RouteDef]:
    """What people open in a browser: each web channel's pages, and how a case stands."""
    pack = opened.country.pack
    assets = Assets([HERE / "web" / "static", HERE / "channels" / "static"])
    slips = CaseSlips(
        words for texts in pack.texts.values() for text in texts.values() for words in (text.text, text.short)
    )
    parts = StatusParts(
        cases=Cases(opened.db, opened.vault, opened.clock),
        words=pack,
        assets=assets,
        limits=opened.limits,
        clock=opened.clock,
        date=lambda language, moment: Words(pack=pack, language=language).date(moment),
        public_url=opened.config.public_url,
    )
    routes = [*assets.routes(), *StatusPage(parts).routes()]
    for channel in channels:
        if isinstance(channel, WebChannel):
            channel.slips = slips
            routes += _chat(channel, opened, assets)
    return routes


def _chat(channel: WebChannel, opened: Installation, assets: Assets) -> Sequence[web.RouteDef]:
    """The pages of a web channel: at /chat and /kiosk, and those of others below them."""
    below = "" if channel.name == WebChannel.kind else f"/{channel.name}"
    pack, outbox, limits = opened.country.pack, opened.outbox, opened.limits
    plain = PlainChat(channel, opened.pipeline, outbox, limits, pack, assets, f"/chat{below}")
    routes = [*ChatPages(channel, outbox, limits, pack, assets, f"/chat{below}").routes(), *plain.routes()]
    if channel.settings.kiosk:
        routes += Kiosk(channel, pack, assets, f"/kiosk{below}").routes()
    return routes


def _taking(config: Config) -> Taking:
    megabytes = {
        MediaKind.PHOTO: config.media_photo_mb,
        MediaKind.VOICE: config.media_voice_mb,
        MediaKind.VIDEO: config.media_video_mb,
        MediaKind.DOCUMENT: config.media_document_mb,
    }
    limits = {kind: size * 1024 * 1024 for kind, size in megabytes.items()}
    return Taking(limits=limits, a_day=config.media_daily_files)


def _each(*calls: Callable[[], None]) -> Callable[[], None]:
    """All of them, in one call."""

    def call() -> None:
        for each in calls:
            each()

    return call


def _on_opt_out(opened: Installation) -> Callable[[OptOut, WriteSet], None]:
    """A provider's opt-out is the person's word: into the consent ledger with its proof."""

    def record(opt_out: OptOut, writes: WriteSet) -> None:
        effect = RecordConsent(
            purpose=Purpose.AWARENESS, granted=False, proof=opt_out.proof, proof_kind=ProofKind.PROVIDER
        )
        opened.effects.add(
            [effect, CancelReminders()],
            writes,
            contact_id=opt_out.contact_id,
            cause=opt_out.cause,
            channel=opt_out.channel,
        )

    return record


def _work(
    opened: Installation, delivery: Delivery, channels: Collection[str]
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    config, owner = opened.config, opened.chance.id(opened.clock.now())
    anchors = AnchorFile(config.anchor_file)
    sequencer = Sequencer(opened.db, opened.vault, opened.clock, anchors, owner)
    housekeeping = Housekeeping(
        db=opened.db,
        clock=opened.clock,
        vault=opened.vault,
        leases=Leases(opened.db, opened.clock, owner),
        ballast=Ballast(config.data_dir, BALLAST_BYTES),
        rules=(case_rule(), media_rule(), *service_rules(), *floor_rules(held_contacts())),
    )
    herald = Herald(
        reminders=Reminders(opened.db, opened.vault, opened.clock),
        originate=opened.pipeline.originate,
        channels=channels,
        hours=opened.country.sending,
        clock=opened.clock,
        leases=Leases(opened.db, opened.clock, owner),
        services=opened.country.services,
    )
    return {
        "delivery": delivery.run,
        "backlog": opened.backlog.run,
        "overlays": opened.overlays.run,
        "sequencer": sequencer.run,
        "housekeeping": housekeeping.run,
        "herald": herald.run,
    }


@asynccontextmanager
async def _store_beside(config: Config) -> AsyncIterator[tuple[Database, Vault]]:
    """The database beside a server that runs; where nothing is there to stand beside yet it is made."""
    async with AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(open_store(config, maintenance=True))
        except ConfigurationError:
            opened = await stack.enter_async_context(open_store(config))
        yield opened


class Kit:
    """What the commands are given; see cli/kit.py."""

    checks = PACK_CHECKS
    shown = CAPABILITIES

    def config(self) -> Config:
        """The settings; from here on, logs are written as they say."""
        config = load_config()
        configure_logs(config.log_level)
        return config

    def store(
        self, config: Config, *, maintenance: bool
    ) -> AbstractAsyncContextManager[tuple[Database, Vault]]:
        """The database and its keys."""
        return open_store(config, maintenance=maintenance)

    @asynccontextmanager
    async def talk(self, config: Config, channels: Mapping[str, Capabilities]) -> AsyncIterator[Instance]:
        """The installation with the named channels only, and nothing sent."""
        async with open_installation(config, channels, lambda: None) as opened:
            yield Instance(clock=opened.clock, chance=opened.chance, pipeline=opened.pipeline)

    async def interpreter(self, config: Config, model: Path | None) -> Interpreter:
        """The pack's, or that of a model file alone."""
        if model is not None:
            return LightInterpreter(Model.load(model))
        return await understanding(config, Country.load(config.pack_root))

    def lint(self, pack: Pack) -> Iterable[PackError]:
        """What should be mended in the texts of a pack."""
        return lint(pack, budgets(), _numbers("widths"))

    @asynccontextmanager
    async def overlays(self, config: Config) -> AsyncIterator[Overlays]:
        """The services and centres as they stand, to be looked at and changed beside a server."""
        country = Country.load(config.pack_root)
        async with _store_beside(config) as (db, vault):
            opened = overlays_of(country, db, vault, Clock(), Chance())
            await opened.refresh()
            yield opened

    @asynccontextmanager
    async def channels(self, config: Config) -> AsyncIterator[ChannelCare]:
        """The channels and their providers."""
        async with (
            _store_beside(config) as (db, _),
            ClientSession() as session,
        ):
            wiring = Wiring(session=session, clock=Clock(), public_url=config.public_url)
            channels = build_channels(load_channels(config.channels, environment()), wiring)
            yield ChannelCare(channels, session, db, wiring)

    def server(self, config: Config, *, maintenance: bool = False) -> AbstractAsyncContextManager[Server]:
        """Everything that serves."""
        return open_server(config, maintenance=maintenance)


def main() -> None:
    """Run `patou`."""
    command(Kit())()


if __name__ == "__main__":
    main()
