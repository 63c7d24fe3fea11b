"""The intake: what every event goes through, whichever way its provider brought it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Protocol

import structlog

from bot.early_receipts import EarlyReceipts
from bot.errors import Conflict, DatabaseUnavailable
from bot.messages import (
    Attachment,
    DeliveryReport,
    Ignored,
    InboundEvent,
    InboundMessage,
    OutboundMessage,
    Reachability,
)
from bot.metrics import Metrics
from bot.receipts import Receipts
from bot.repeats import Repeats
from bot.text.clean import clean
from bot.text.graphemes import cut
from channels.base import Accepted
from channels.optouts import OptOuts

TEXT_LIMIT = 5_000  # code points of a message that are read
ATTACHMENTS = 10  # of one message that are looked at
_LONGEST = 4_000  # code points of an address that is fetched
_CATCH_UP_SECONDS = 0.5

log = structlog.get_logger()


class Handling(Protocol):
    """What became of a message, as the pipeline tells it."""

    @property
    def kind(self) -> str:
        """`done`, `pending`, `duplicate` or `limited`."""

    @property
    def messages(self) -> tuple[OutboundMessage, ...]:
        """The replies, for channels that show them inline."""


class Accepting(Protocol):
    """The pipeline's side of the door."""

    async def accept(self, message: InboundMessage) -> Handling:
        """Take a message; durable on return. Raises DatabaseUnavailable."""


class Intake:
    """Takes events one by one; `attached` is called when a message came with more than words."""

    def __init__(
        self,
        *,
        pipeline: Accepting,
        receipts: Receipts,
        early: EarlyReceipts,
        repeats: Repeats,
        opt_outs: OptOuts,
        metrics: Metrics,
        attached: Callable[[], None] = lambda: None,
    ) -> None:
        self._pipeline = pipeline
        self._receipts = receipts
        self._early = early
        self._repeats = repeats
        self._opt_outs = opt_outs
        self._metrics = metrics
        self._inbound = cache(metrics.inbound.labels)
        self._attached = attached

    async def take(self, channel: str, event: InboundEvent) -> Accepted:
        """Take one event of a channel, in a commit of its own; durable on return. Raises DatabaseUnavailable."""
        if isinstance(event, InboundMessage) and _is_ours(event):
            event = Ignored(reason="own_address")
        if isinstance(event, InboundMessage):
            message = readable(event)
            if not message.external_id and message.session is None:
                message = await self._repeats.named(message)
            handling = await self._pipeline.accept(message)
            kind = str(handling.kind)
            self._inbound(channel, kind).inc()
            if event.attachments:
                self._attached()
            return Accepted(event=event, kind=kind, messages=handling.messages)
        if isinstance(event, DeliveryReport):
            reason = await self._report(event)
        elif isinstance(event, Reachability):
            reason = "" if await self._opt_outs.hear(event) else "unknown_person"
        else:
            reason = event.reason
        if reason:
            self._metrics.ignored.labels(channel, reason).inc()
        return Accepted(event=event, kind="ignored" if reason else "done", reason=reason)

    async def run(self) -> None:
        """Apply, until cancelled, what providers told of messages whose ids had not come yet."""
        while True:
            try:
                while await self.catch_up():
                    pass
            except DatabaseUnavailable:
                log.warning("intake.no_database")
            except Exception:
                log.exception("intake.fault")
            await asyncio.sleep(_CATCH_UP_SECONDS)

    async def catch_up(self) -> int:
        """Apply what can be now; how much that was."""
        matched = await self._early.matched()
        await asyncio.gather(*map(self._take_late, matched))
        return len(matched)

    async def _take_late(self, report: DeliveryReport) -> None:
        await self.take(report.channel, report)
        await self._early.forget(report)

    async def _report(self, report: DeliveryReport) -> str:
        """Apply a delivery report; the reason why it changes nothing, or the empty string."""
        try:
            reported = await self._receipts.apply(report)
            if reported is None and report.provider_id:
                await self._early.keep(report)
                # Its message may have become known meanwhile; from now on it is found as one that came early.
                reported = await self._receipts.apply(report)
        except Conflict:
            raise DatabaseUnavailable from None
        if reported is None:
            return "unknown_message"
        if report.opted_out:
            await self._opt_outs.record(
                told_in=reported.id,
                contact_id=reported.contact_id,
                urn_lookup=reported.urn_lookup,
                channel=report.channel,
                code=report.error_code,
            )
        return "" if reported.moved else "late_report"


def _is_ours(message: InboundMessage) -> bool:
    """Whether a phone number wrote to itself: what we sent came back, and would for ever."""
    sender, recipient = message.urn.address.removeprefix("+"), message.recipient.strip().removeprefix("+")
    return message.urn.scheme == "tel" and message.session is None and sender == recipient


def readable(message: InboundMessage) -> InboundMessage:
    """The message with all that a person or a provider worded cleaned, and cut to what is read of it."""
    text, _ = cut(clean(message.text), TEXT_LIMIT)
    payload, _ = cut(clean(message.payload), TEXT_LIMIT)
    recipient, language = clean(message.recipient)[:255], clean(message.language)
    cleaned = (text, payload, recipient, language)
    if message.attachments:
        message = replace(message, attachments=tuple(map(_told, message.attachments[:ATTACHMENTS])))
    if cleaned == (message.text, message.payload, message.recipient, message.language):
        return message
    return replace(message, text=text, payload=payload, recipient=recipient, language=language)


def _told(attachment: Attachment) -> Attachment:
    """What is told of an attachment, cleaned; a reference that had to be changed would lead elsewhere."""
    reference = clean(attachment.reference)
    return replace(
        attachment,
        reference=reference if reference == attachment.reference and len(reference) <= _LONGEST else "",
        media_type=clean(attachment.media_type)[:120],
        name=clean(attachment.name)[:120],
    )
