"""An installation with its doors and the work behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import ClientSession
from aiohttp.web import RouteDef

from bot.ballast import Ballast
from bot.clock import Clock
from bot.config import Config, environment
from bot.consent import ProofKind, Purpose, RecordConsent
from bot.db import WriteSet
from bot.early_receipts import EarlyReceipts
from bot.files.workshop import Workshop
from bot.housekeeping import Housekeeping
from bot.learning.kept import unclear_rules
from bot.leases import Leases
from bot.media import media_rule
from bot.messages import MediaKind
from bot.metrics import Metrics
from bot.receipts import Receipts
from bot.repeats import Repeats
from bot.retention import floor_rules
from bot.shelf import Shelf
from bot.uploads import Uploads
from bot.workers import Workers
from channels.base import Channel, Wiring
from channels.collector import Collector, Taking
from channels.config import build_channels, load_channels
from channels.delivery import Delivery
from channels.egress import Egress
from channels.figures import Figures
from channels.follow_ups import follow_ups
from channels.intake import Intake
from channels.joining import Joining, joining_rule
from channels.links import Links
from channels.optouts import OptOut, OptOuts
from channels.smpp_text import joined
from channels.webhook import Door
from complaints.follows import Follows
from complaints.notices import FollowNotices
from complaints.retention import case_rule, held_contacts
from complaints.sequencer import AnchorFile, Sequencer
from composition.installation import Installation, Wake, Ways, open_installation
from composition.pages import pages
from composition.understanding import rules, values_of
from services.herald import Herald
from services.reminders import CancelReminders, Reminders
from services.retention import service_rules
from web.actions import routes as action_routes
from web.health import routes as health_routes
from web.metrics import routes as metrics_routes
from web.proxies import Proxies
from web.server import Server

BALLAST_BYTES = 16 * 1024 * 1024


@asynccontextmanager
async def open_server(config: Config, *, maintenance: bool = False) -> AsyncIterator[Server]:
    """Open it; it stops in reverse order.

    `maintenance` opens it to be looked at, beside a server that runs: nothing works behind it.
    """
    metrics, committed = Metrics(), Wake()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        wiring = Wiring(session=session, clock=Clock(), public_url=config.public_url)
        configured = load_channels(config.channels, environment())
        channels = build_channels(configured, wiring)
        ways = Ways(
            capabilities={name: each.capabilities for name, each in channels.items()},
            follow_ups=follow_ups(configured, channels),
        )
        opened = await stack.enter_async_context(
            open_installation(
                config,
                ways,
                committed,
                maintenance=maintenance,
                asked=lambda outcome: metrics.remote_parses.labels(outcome).inc(),
            )
        )
        opt_outs = _opt_outs(opened)
        delivery = _delivery(opened, channels, opt_outs, metrics)
        collector = _collector(opened, channels, await stack.enter_async_context(Egress()), metrics)
        committed.then = delivery.wake
        intake = _intake(opened, opt_outs, metrics, collector)
        links = _links(opened, channels, intake, metrics)
        work = {
            **_work(opened, delivery, channels),
            "collector": collector.run,
            "early receipts": intake.run,
            "links": links.run,
        }
        workers = Workers(work)
        stack.push_async_callback(workers.stop)
        # First: cut off in the middle of a claim, it would leave messages of which nobody knows the outcome.
        stack.push_async_callback(delivery.stop)
        if not maintenance:
            workers.start()
        yield _server(opened, channels, intake, metrics, collector.wake)


def _intake(opened: Installation, opt_outs: OptOuts, metrics: Metrics, collector: Collector) -> Intake:
    ground = opened.ground
    return Intake(
        pipeline=opened.pipeline,
        receipts=Receipts(ground.db, ground.clock, opened.follow_up.after),
        early=EarlyReceipts(ground.db, ground.clock),
        repeats=Repeats(ground.db, ground.vault, ground.clock, ground.chance),
        opt_outs=opt_outs,
        metrics=metrics,
        attached=collector.wake,
    )


def _links(opened: Installation, channels: Mapping[str, Channel], intake: Intake, metrics: Metrics) -> Links:
    ground = opened.ground
    return Links(
        channels=channels,
        joining=Joining(intake=intake, db=ground.db, vault=ground.vault, clock=ground.clock, mended=joined),
        leases=Leases(ground.db, ground.clock, ground.chance.id(ground.clock.now())),
        clock=ground.clock,
        metrics=metrics,
    )


def _server(
    opened: Installation,
    channels: Mapping[str, Channel],
    intake: Intake,
    metrics: Metrics,
    attached: Callable[[], None],
) -> Server:
    """Every route, under the role of those who may use it; `attached` is called when a page sent a file."""
    ground = opened.ground
    config = ground.config
    door = Door(channels=channels, intake=intake, limits=opened.limits, metrics=metrics)
    routes = {
        "provider": door.routes(),
        "anyone": [
            *health_routes(ground.db),
            *pages(channels.values(), opened, _taking(config).limits, attached),
        ],
        "operator": metrics_routes(metrics.text),
        "rasa": _action_routes(opened),
    }
    proxies = Proxies(config.trusted_proxies) if config.trusted_proxies else None
    return Server(routes, https=config.public_url.startswith("https:"), proxies=proxies)


def _action_routes(opened: Installation) -> list[RouteDef]:
    ground = opened.ground
    token = ground.config.actions_token
    ours = rules().domain if token else None
    return action_routes(
        opened.actions, token, ground.db, ground.vault, opened.effects, ours, values_of(ground.country)
    )


def _delivery(
    opened: Installation, channels: Mapping[str, Channel], opt_outs: OptOuts, metrics: Metrics
) -> Delivery:
    ground = opened.ground
    return Delivery(
        outbox=opened.outbox,
        channels=channels,
        limits=opened.limits,
        clock=ground.clock,
        chance=ground.chance,
        opt_outs=opt_outs,
        metrics=metrics,
        figures=Figures(grace=ground.config.grace_seconds),
        crowded=lambda: opened.pipeline.crowded,
        after_failure=opened.follow_up.after,
        price=ground.country.phones.price,
    )


def _collector(
    opened: Installation, channels: Mapping[str, Channel], egress: Egress, metrics: Metrics
) -> Collector:
    ground = opened.ground
    return Collector(
        shelf=Shelf(ground.db, ground.vault, ground.clock),
        uploads=Uploads(ground.db, ground.clock, ground.chance),
        channels=channels,
        egress=egress,
        workshop=Workshop(),
        originate=opened.pipeline.originate,
        chance=ground.chance,
        metrics=metrics,
        taking=_taking(ground.config),
    )


def _taking(config: Config) -> Taking:
    megabytes = {
        MediaKind.PHOTO: config.media_photo_mb,
        MediaKind.VOICE: config.media_voice_mb,
        MediaKind.VIDEO: config.media_video_mb,
        MediaKind.DOCUMENT: config.media_document_mb,
    }
    limits = {kind: size * 1024 * 1024 for kind, size in megabytes.items()}
    return Taking(limits=limits, a_day=config.media_daily_files)


def _opt_outs(opened: Installation) -> OptOuts:
    ground = opened.ground
    return OptOuts(
        db=ground.db,
        vault=ground.vault,
        limits=opened.limits,
        clock=ground.clock,
        on_opt_out=_on_opt_out(opened),
    )


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
    ground = opened.ground
    config, owner = ground.config, ground.chance.id(ground.clock.now())
    anchors = AnchorFile(config.anchor_file)
    sequencer = Sequencer(ground.db, ground.vault, ground.clock, anchors, owner)
    housekeeping = Housekeeping(
        db=ground.db,
        clock=ground.clock,
        vault=ground.vault,
        leases=Leases(ground.db, ground.clock, owner),
        ballast=Ballast(config.data_dir, BALLAST_BYTES),
        rules=(
            case_rule(),
            media_rule(),
            joining_rule(),
            *service_rules(),
            *unclear_rules(),
            *floor_rules(held_contacts()),
        ),
    )
    notices = FollowNotices(
        follows=Follows(ground.db, ground.vault),
        originate=opened.pipeline.originate,
        channels=channels,
        hours=ground.country.sending,
        clock=ground.clock,
        leases=Leases(ground.db, ground.clock, owner),
    )
    herald = Herald(
        reminders=Reminders(ground.db, ground.vault, ground.clock),
        originate=opened.pipeline.originate,
        channels=channels,
        hours=ground.country.sending,
        clock=ground.clock,
        leases=Leases(ground.db, ground.clock, owner),
        services=ground.country.services,
    )
    return {
        "delivery": delivery.run,
        "backlog": opened.backlog.run,
        "overlays": opened.overlays.run,
        "understanding": opened.in_force.run,
        "sequencer": sequencer.run,
        "housekeeping": housekeeping.run,
        "herald": herald.run,
        "follow notices": notices.run,
    }
