"""The tariff: what a part costs where its provider does not say, by the operator of the number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.messages import OutboundMessage
from bot.parts_ledger import SentPart
from channels.base import Channel


class Tariff:
    """Puts prices to parts; `price` is what one to a phone number costs, in hundredths, None when not known."""

    def __init__(self, price: Callable[[str], int | None]) -> None:
        self._price = price

    def priced(
        self, channel: Channel, message: OutboundMessage, parts: Sequence[SentPart]
    ) -> tuple[SentPart, ...]:
        """The parts with their prices; what a channel sends that does not pay by part costs nothing."""
        if not channel.capabilities.sms or all(part.price for part in parts):
            return tuple(parts)
        a_part = self._price(message.urn.phone) or 0
        return tuple(part if part.price else replace(part, price=a_part) for part in parts)


def not_known(phone: str) -> int | None:
    """The price where there is no table."""
    del phone
    return None
