"""SMPP 3.4 to an operator's SMSC: SMS both ways with receipts, or the USSD of its gateway.

The channel keeps its binds open itself, in one process at a time. What comes is answered when it is
stored; what goes out waits in the outbox while no bind is up.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.messages import Capabilities, DeliveryClass, InboundEvent, OutboundMessage
from bot.parts_ledger import SentPart
from channels.base import Accepted, Finding, PartOutcome, RawRequest, RawResponse, Sent, Take, Wiring
from channels.codes import ErrorCodes
from channels.config import ChannelConfig
from channels.errors import NotServed, SendError
from channels.forms import fitted
from channels.senders import SenderKind, sender_kind
from channels.smpp_arrivals import Arrivals
from channels.smpp_binds import Bind, Binds
from channels.smpp_link import Account, BindRefused, LinkLost, NoAnswer, NotBound, Timers
from channels.smpp_pdu import Address, Command, Message, Pdu, Status, Tag, message_id
from channels.smpp_rate import AdaptiveRate
from channels.smpp_receipts import Given, GivenIds, Unclaimed, digits, normalised
from channels.smpp_settings import Settings
from channels.smpp_text import Alphabet, Place, cut, encode, flash, header
from channels.smpp_ussd import Dialect

__all__ = ["Settings", "SmppChannel", "build"]

_MAX_TEXT = 1600
_SCREEN_UNITS, _SCREEN_SEPTETS = 80, 182
_UDHI = 0x40
_RECEIPT = 1
# Type of number and numbering plan.
_INTERNATIONAL, _NATIONAL, _SHORT = (1, 1), (2, 1), (3, 0)
_SOURCES = {SenderKind.INTERNATIONAL: _INTERNATIONAL, SenderKind.SHORT: _SHORT, SenderKind.NAME: (5, 0)}
_LONG_NUMBER = 8  # digits; what has fewer is a short code
# Validity: nothing is sent that would live shorter, and no SMSC keeps anything longer than two digits of days.
_LEAST_LIFE, _LONGEST_LIFE = timedelta(minutes=1), timedelta(days=28)
# What is refused as too fast is tried again as soon as the door out does that; the rate does the rest.
_REST = 1.0

log = structlog.get_logger()


def build(config: ChannelConfig, wiring: Wiring) -> SmppChannel:
    """The channel of one section."""
    return SmppChannel(config.name, config.settings, wiring, ErrorCodes.load(__file__))


class SmppChannel:
    """See `channels.base.Channel`, `Linked`, `Parted`, `AskingParts` and `Examined`."""

    kind = "smpp"
    endpoints: Mapping[str, Collection[str]] = {}

    def __init__(self, name: str, settings: Settings, wiring: Wiring, codes: ErrorCodes) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self.capabilities = _capabilities(settings)
        self._settings = settings
        self._alphabet: Alphabet = "gsm" if settings.alphabet == "gsm" else "latin-1"
        self._clock = wiring.clock
        self._codes = codes
        self._source = source_of(settings)
        self._adaptive = AdaptiveRate(wiring.clock.monotonic)
        self._given = GivenIds()
        self._unclaimed = Unclaimed()
        self._arrivals = Arrivals(
            name,
            settings,
            wiring.clock,
            dialect=self._dialect(),
            given=self._given,
            unclaimed=self._unclaimed,
            show=self._show,
        )
        self._binds = Binds(
            name,
            binds_of(settings),
            Timers(connect=settings.timeout, answer=settings.timeout / 2, enquire=settings.enquire_link),
            clock=wiring.clock,
            first_pause=settings.reconnect,
            brought=self._arrivals.brought,
            lost=self._arrivals.lost,
        )

    @property
    def up(self) -> bool:
        """See `Linked.up`."""
        return self._binds.up

    async def run(self, take: Take) -> None:
        """See `Linked.run`."""
        self._arrivals.begin(take)
        try:
            await self._binds.run()
        finally:
            await self._arrivals.end()

    def verify(self, request: RawRequest) -> None:  # noqa: ARG002 - the port's
        """Nothing comes over HTTP."""
        raise NotServed("not_served")

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:  # noqa: ARG002 - the port's
        """Nothing comes over HTTP."""
        raise NotServed("not_served")

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Nothing comes over HTTP."""
        return RawResponse()

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand all parts over; raises the error of the first that was not taken."""
        outcomes = await self.send_parts(message, range(len(self.parts(message))))
        for each in outcomes:
            if each.error is not None:
                raise each.error
        return Sent(parts=tuple(each.sent for each in outcomes if each.sent is not None))

    def parts(self, message: OutboundMessage) -> Sequence[str]:
        """See `Parted.parts`."""
        return cut(message.text, self._alphabet)[1]

    async def send_parts(self, message: OutboundMessage, numbers: Collection[int]) -> Sequence[PartOutcome]:
        """See `Parted.send_parts`; each part is a submit_sm of its own, with the id that the SMSC gives it."""
        outcomes = await asyncio.gather(*(self._send_part(message, number) for number in sorted(numbers)))
        errors = [each.error for each in outcomes if each.error is not None]
        if errors and len(errors) == len(outcomes) and len({each.code for each in errors}) == 1:
            raise errors[0]
        return outcomes

    async def look_up_part(self, message: OutboundMessage, since: datetime) -> PartOutcome | None:
        """See `AskingParts`: whether a receipt has come for a part whose answer was lost.

        That none has come proves nothing: what may go once only is not sent again, and nothing is while a new
        link is so young that the receipts of the last one may be to come. Raises SendError.
        """
        person = digits(message.urn.address)
        for number, text in enumerate(self.parts(message)):
            reference = reference_of(message.id, number)
            receipt = self._unclaimed.claim(person, reference, text, since.timestamp())
            if receipt is not None and receipt.state is not None:
                sent = SentPart(provider_id=fitted(receipt.id), state=receipt.state)
                return PartOutcome(number=number, sent=sent)
        young = self._clock.monotonic() - self._binds.since < self.timeout
        if young or message.delivery_class is DeliveryClass.AT_MOST_ONCE:
            raise SendError(code="no_receipt", in_doubt=True)
        return None

    async def examine(self) -> Sequence[Finding]:
        """Whether the SMSC lets us in, asked by one more bind; and what is agreed with it."""
        return (await self._account(), *self._agreed())

    async def _account(self) -> Finding:
        try:
            await self._binds.try_bind()
        except LinkLost as error:
            where = f"{self._settings.host}:{self._settings.port}"
            return Finding(what="account", fine=False, note=f"no link to {where}: {error.reason}")
        except BindRefused as error:
            known = error.status == Status.ALREADY_BOUND
            note = "bound already" if known else f"bind refused: {error}"
            return Finding(what="account", fine=known, note=note)
        return Finding(what="account", fine=True, note="")

    def _agreed(self) -> Sequence[Finding]:
        settings, source = self._settings, self._source
        told = {
            "binds": f"{settings.binds} {settings.bind}, window {settings.window}",
            "data_coding 0": settings.alphabet,
        }
        if settings.ussd:
            told["ussd"] = f"{settings.ussd}, {settings.ussd_code or 'any code'}"
        else:
            told["sender"] = f"{source.digits or 'of the operator'}, TON {source.ton}, NPI {source.npi}"
            told["validity"] = settings.validity
        return [Finding(what=what, fine=None, note=note) for what, note in told.items()]

    async def _send_part(self, message: OutboundMessage, number: int) -> PartOutcome:
        try:
            answer = await self._submit(self._pdu(message, number))
        except SendError as error:
            return PartOutcome(number=number, error=error)
        return PartOutcome(number=number, sent=self._taken(message, answer))

    async def _submit(self, message: Message) -> Pdu:
        """The answer to a submit_sm. Raises SendError, which says what it means.

        What is refused as too fast goes again at the slower rate, while there is time.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.timeout / 2
        error = SendError(code="rate", throttled=True, retry_after=_REST)
        while (wait := self._adaptive.book(until - loop.time())) is not None:
            await asyncio.sleep(wait)
            answer = await self._request(message, until - loop.time())
            if answer.status == Status.OK:
                self._adaptive.taken()
                return answer
            error = self._codes.error(f"0x{answer.status:02X}")
            if not error.throttled:
                break
            if self._adaptive.throttled():
                rate = self._adaptive.rate
                log.warning("smpp.throttled", channel=self.name, code=error.code, rate=rate)
        raise error

    async def _request(self, message: Message, patience: float) -> Pdu:
        try:
            return await self._binds.request(Command.SUBMIT_SM, message.encode(), patience)
        except NotBound:
            raise SendError(code="not_bound", throttled=True, retry_after=_REST) from None
        except LinkLost:
            raise SendError(code="link_lost", in_doubt=True) from None
        except NoAnswer:
            raise SendError(code="timeout", in_doubt=True) from None

    def _taken(self, message: OutboundMessage, answer: Pdu) -> SentPart:
        provider_id = normalised(message_id(answer)) if message_id(answer) else ""
        if provider_id:
            given = Given(
                outbound_id=message.id,
                person=digits(message.urn.address),
                alone=len(self.parts(message)) == 1,
            )
            self._given.add(provider_id, given)
        return SentPart(provider_id=fitted(provider_id) if provider_id else "")

    def _pdu(self, message: OutboundMessage, number: int) -> Message:
        coding, parts = cut(message.text, self._alphabet)
        octets = encode(parts[number], coding, self._alphabet)
        whole = len(parts) == 1
        if not whole:
            place = Place(reference=reference_of(message.id, 0) >> 8, number=number, total=len(parts))
            octets = header(place) + octets
        return Message(
            service_type=self._settings.service_type,
            source=self._source,
            destination=destination_of(message.urn.address),
            esm_class=0 if whole else _UDHI,
            validity=self._validity(message),
            registered=_RECEIPT if self._settings.receipts else 0,
            data_coding=flash(coding) if message.flash and self._settings.flash and whole else coding,
            octets=octets,
            # An SMSC hands it back with the receipt (5.3.2.17): what it means when the answer was lost.
            tlvs={Tag.USER_MESSAGE_REFERENCE: reference_of(message.id, number).to_bytes(2, "big")},
        )

    def _validity(self, message: OutboundMessage) -> str:
        """Until when the SMSC shall try (7.1.1): what is left of the message's life."""
        if message.expires_at is None or self._settings.validity == "none":
            return ""
        now = self._clock.now()
        left = min(max(message.expires_at - now, _LEAST_LIFE), _LONGEST_LIFE)
        if self._settings.validity == "absolute":
            return (now + left).strftime("%y%m%d%H%M%S000+")
        hours, seconds = divmod(left.seconds, 3600)
        return f"0000{left.days:02}{hours:02}{seconds // 60:02}{seconds % 60:02}000R"

    async def _show(self, screen: Message) -> None:
        """Put a screen on a phone; one that does not get there is not sent again: the session is over by then."""
        try:
            await self._submit(screen)
        except SendError as error:
            log.warning("smpp.screen_lost", channel=self.name, code=error.code)

    def _dialect(self) -> Dialect | None:
        settings = self._settings
        if not settings.ussd:
            return None
        return Dialect(
            settings.ussd,
            settings.ussd_operations,
            settings.ussd_code,
            self._alphabet,
            ucs2=settings.ussd_ucs2,
        )


def reference_of(outbound_id: str, number: int) -> int:
    """Sixteen bits that stand for a part of a message, always the same; the first eight are the whole message's."""
    whole = hashlib.sha256(outbound_id.encode()).digest()
    return whole[0] << 8 | (whole[1] + number) & 0xFF


def source_of(settings: Settings) -> Address:
    """Our address, of the type that it looks like where none is set: international, national, short code or name."""
    sender = settings.sender
    ton, npi = 0, 0
    if sender:
        ton, npi = _SOURCES[sender_kind(sender)]
        if sender.isdecimal() and len(sender) >= _LONG_NUMBER:
            ton, npi = _NATIONAL
    return Address(
        ton=ton if settings.source_ton < 0 else settings.source_ton,
        npi=npi if settings.source_npi < 0 else settings.source_npi,
        digits=digits(sender),
    )


def destination_of(address: str) -> Address:
    """A person's address; what is no international number is one of the operator's own."""
    ton, npi = _INTERNATIONAL if address.startswith("+") else _SHORT
    return Address(ton=ton, npi=npi, digits=digits(address))


def binds_of(settings: Settings) -> Sequence[Bind]:
    """The binds of a section."""

    def bind(command: Command, port: int) -> Bind:
        account = Account(
            host=settings.host,
            port=port,
            tls=settings.tls,
            system_id=settings.system_id,
            password=settings.password,
            system_type=settings.system_type,
            address_range=settings.address_range,
        )
        return Bind(account=account, command=command, window=settings.window)

    if settings.bind == "transceiver":
        one = [bind(Command.BIND_TRANSCEIVER, settings.port)]
    else:
        receiving = bind(Command.BIND_RECEIVER, settings.receive_port or settings.port)
        one = [bind(Command.BIND_TRANSMITTER, settings.port), receiving]
    return one * settings.binds


def _capabilities(settings: Settings) -> Capabilities:
    if not settings.ussd:
        return Capabilities(max_units=_MAX_TEXT, sms=True)
    return Capabilities(
        max_units=_SCREEN_UNITS,
        max_septets=_SCREEN_SEPTETS,
        session=True,
        inline=True,
        ucs2=settings.ussd_ucs2,
    )
