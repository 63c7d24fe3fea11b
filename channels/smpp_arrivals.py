"""What an SMSC brings: messages, parts of messages, hops of sessions and receipts, each handed in and then answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import DatabaseUnavailable, MalformedUrn
from bot.messages import DeliveryReport, Ignored, InboundEvent, InboundMessage
from bot.urns import Urn
from channels.base import Accepted, InboundPart, Take
from channels.forms import fitted, phone_urn
from channels.smpp_deliveries import Brought, Deliveries
from channels.smpp_pdu import Address, BadPdu, Message, Pdu, Status, Tag, read_message
from channels.smpp_receipts import (
    Form,
    GivenIds,
    Receipt,
    Unclaimed,
    candidates,
    is_receipt,
    learnt,
    read_receipt,
)
from channels.smpp_settings import Settings
from channels.smpp_text import Alphabet, Place, decode, joined, place_of, read_header
from channels.smpp_ussd import Dialect, Hop

_UDHI = 0x40
_NATIONAL = 2
# A store that is away is tried again after these seconds; then the SMSC is asked to bring the message again.
_PAUSES = (0.1, 0.4, 1.0, 2.0, 4.0, 8.0)

_UNKNOWN = "unknown_message"

log = structlog.get_logger()

Show = Callable[[Message], Coroutine[Any, Any, None]]


class Arrivals:
    """Reads what is brought. Nothing is answered as taken that is not stored; what cannot be read is told and counted.

    `show` puts a screen on a phone.
    """

    def __init__(
        self,
        channel: str,
        settings: Settings,
        clock: Clock,
        *,
        dialect: Dialect | None,
        given: GivenIds,
        unclaimed: Unclaimed,
        show: Show,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._alphabet: Alphabet = "gsm" if settings.alphabet == "gsm" else "latin-1"
        self._form: Form = settings.receipt_ids  # type: ignore[assignment]  # checked by the settings
        self._clock = clock
        self._dialect = dialect
        self._given = given
        self._unclaimed = unclaimed
        self._show = show
        self._deliveries = Deliveries(clock)
        self._take: Take | None = None
        self._screens: set[asyncio.Task[None]] = set()
        self._log = log.bind(channel=channel)

    def begin(self, take: Take) -> None:
        """Hand everything to this from now on."""
        self._take = take
        self._deliveries = Deliveries(self._clock)

    async def end(self) -> None:
        """Leave nothing running: the links are closed."""
        for task in self._screens:
            task.cancel()
        await asyncio.gather(*self._screens, return_exceptions=True)

    def lost(self, link: object) -> None:
        """Say that a connection has ended."""
        self._deliveries.lost(link)

    async def brought(self, link: object, pdu: Pdu) -> int:
        """Take one message; the status of its answer."""
        try:
            message = read_message(pdu)
        except BadPdu as error:
            await self._count(error.reason)
            return error.status
        if message.odd:
            await self._count("cut_off_parameter")
        try:
            if is_receipt(message):
                await self._receipt(message)
            elif self._dialect is not None:
                await self._hop(self._dialect, message)
            else:
                brought = self._deliveries.begin(link, pdu)
                await self._message(message, brought)
                self._deliveries.end(brought)
        except DatabaseUnavailable:
            self._log.warning("smpp.no_database")
            return Status.TRY_LATER
        return Status.OK

    async def _message(self, message: Message, brought: Brought) -> None:
        """Hand in a message, or a part of one."""
        place, octets = await self._place(message)
        urn = self._urn(message.source)
        if urn is None:
            await self._count("unusable_address")
            return
        text = decode(octets, message.data_coding, self._alphabet)
        event = InboundMessage(
            channel=self._channel,
            external_id=brought.external_id,
            urn=urn,
            text=text if place else joined((text,)),
            received_at=self._clock.now(),
            recipient=message.destination.digits,
        )
        if place is not None:
            group = f"{message.destination.digits}/{place.reference:x}/{place.total}"
            await self._hand_in(
                InboundPart(message=event, group=group, number=place.number, total=place.total)
            )
            return
        while (await self._hand_in(event)).kind == "duplicate" and self._deliveries.is_another(brought):
            event = replace(event, external_id=brought.external_id)

    async def _place(self, message: Message) -> tuple[Place | None, bytes]:
        """Where a part stands, and its octets; one whose place cannot be is taken for a message of its own."""
        octets = message.content
        try:
            if message.esm_class & _UDHI:
                place, octets = read_header(octets)
                if place is not None:
                    return place, octets
            return _sar(message), octets
        except ValueError as error:
            await self._count(f"bad_{error}")
            if message.esm_class & _UDHI and octets is message.content:
                octets = octets[1 + octets[0] :] if octets and octets[0] + 1 < len(octets) else octets
            return None, octets

    def _urn(self, source: Address) -> Urn | None:
        """Whom an address names; None for nobody."""
        digits, code = source.digits.strip(), self._settings.country_code
        if code and digits.isascii() and digits.isdecimal():
            national = digits.lstrip("0")
            if source.ton == _NATIONAL or (digits.startswith("0") and not digits.startswith("00")):
                digits = f"+{code}{national}"
        try:
            return phone_urn(digits)
        except MalformedUrn:
            return None

    async def _receipt(self, message: Message) -> None:
        receipt = read_receipt(message)
        if receipt is None:
            await self._count("receipt_without_id")
        elif receipt.state is None:
            await self._hand_in(Ignored(reason="unknown_status"))
        elif not await self._known(receipt):
            self._unclaimed.add(receipt, self._clock.now().timestamp())
            self._log.warning("smpp.unknown_receipt")

    async def _known(self, receipt: Receipt) -> bool:
        """Hand in a receipt; whether a message was found for it."""
        found = self._given.find(candidates(receipt, self._form), receipt.person)
        if found is None:
            # In another writing the id of this message may be that of another one: only what is known is tried.
            form = "same" if self._form == "auto" else self._form
            return await self._is_about_ours(receipt, form)
        told, given = found
        accepted = await self._hand_in(self._report(receipt, told, given.outbound_id if given.alone else ""))
        if self._form == "auto" and not receipt.certain:
            self._form = learnt(receipt, told)
            await self._try_again()
        return accepted.reason != _UNKNOWN

    async def _is_about_ours(self, receipt: Receipt, form: Form) -> bool:
        provider_id = candidates(receipt, form)[0]
        return (await self._hand_in(self._report(receipt, provider_id))).reason != _UNKNOWN

    async def _try_again(self) -> None:
        """Hand in what fitted no message, now that it is known how this SMSC writes ids."""
        if self._form in ("auto", "same"):
            return
        for receipt in self._unclaimed.waiting:
            if await self._is_about_ours(receipt, self._form):
                self._unclaimed.forget(receipt)

    def _report(self, receipt: Receipt, provider_id: str, outbound_id: str = "") -> DeliveryReport:
        assert receipt.state is not None
        return DeliveryReport(
            channel=self._channel,
            state=receipt.state,
            at=self._clock.now(),
            provider_id=fitted(provider_id),
            outbound_id=outbound_id,
            error_code=receipt.error_code,
        )

    async def _hop(self, dialect: Dialect, message: Message) -> None:
        """Hand in a hop, and show the screen that answers it."""
        hop = dialect.read(message)
        urn = self._urn(message.source)
        if hop is None or urn is None:
            await self._count("no_hop" if hop is None else "unusable_address")
            return
        accepted = await self._hand_in(self._in_session(hop, urn, message))
        for screen in accepted.messages:
            # Behind the answer to the hop, for which a gateway may wait before it takes anything.
            shown = asyncio.create_task(
                self._show(dialect.screen(message, screen.text, end=screen.session_end))
            )
            self._screens.add(shown)
            shown.add_done_callback(self._screens.discard)

    def _in_session(self, hop: Hop, urn: Urn, message: Message) -> InboundMessage:
        return InboundMessage(
            channel=self._channel,
            external_id="",
            urn=urn,
            text=hop.text,
            received_at=self._clock.now(),
            recipient=self._settings.ussd_code or message.destination.digits,
            session=hop.event,
            session_id=f"{urn.address}/{hop.session}" if hop.session else urn.address,
        )

    async def _hand_in(self, event: InboundEvent | InboundPart) -> Accepted:
        """Durable on return; waits for a store that is away. Raises DatabaseUnavailable when it stays away."""
        assert self._take is not None
        for pause in _PAUSES:
            try:
                return await self._take(event)
            except DatabaseUnavailable:
                await asyncio.sleep(pause)
        return await self._take(event)

    async def _count(self, reason: str) -> None:
        self._log.warning("smpp.odd", reason=reason)
        await self._hand_in(Ignored(reason=reason))


def _sar(message: Message) -> Place | None:
    """The place that the SAR parameters name. Raises ValueError for one that cannot be."""
    reference, total = message.number(Tag.SAR_REFERENCE), message.number(Tag.SAR_TOTAL)
    number = message.number(Tag.SAR_NUMBER)
    if reference is None and total is None and number is None:
        return None
    if reference is None or total is None or number is None:
        raise ValueError("place")
    return place_of(reference, total, number)
