"""The conversation as it is kept: what a person wrote, what they were answered, and the replies to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bot.clock import Chance, from_ms, to_ms
from bot.contacts import Person
from bot.crypto import Vault
from bot.db import WriteSet
from bot.messages import Capabilities, InboundMessage, OutboundMessage
from bot.outbox_rows import enqueue
from bot.rendering import Draft
from bot.schema import messages
from bot.spending import Spending

_ADD = insert(messages)


class Conversation:
    """Adds both sides of a turn to its write-set."""

    def __init__(
        self,
        *,
        vault: Vault,
        chance: Chance,
        capabilities: Mapping[str, Capabilities],
        spending: Spending,
        kept: timedelta,
    ) -> None:
        self._vault = vault
        self._chance = chance
        self._capabilities = capabilities
        self._spending = spending
        self._kept = kept

    def add(  # noqa: PLR0913 - one call for all that a turn says
        self,
        person: Person,
        inbound: InboundMessage,
        drafts: Sequence[Draft],
        now: datetime,
        writes: WriteSet,
        *,
        answered: bool = False,
        heard: int = 0,
        channel: str = "",
    ) -> tuple[OutboundMessage, ...]:
        """The replies that the drafts become, in the order in which they are to be read.

        `answered` when the request itself still waits for them: an inline channel then shows them, and
        nothing is left to send, unless the channel is `fetched` and says itself what was shown. `heard` is
        when the person last wrote on this channel, in milliseconds. The replies go by `channel`, or the one
        that the message came by.
        """
        # Its id before those of the replies: ids rise in the order of the conversation.
        inbound_id = self._chance.id(now)
        replies = self._addressed(inbound, drafts, now, channel or inbound.channel, heard)
        about = self._about(person, now)
        if inbound.text:
            writes.add(_ADD, self._row(inbound_id, "in", inbound.text, inbound.channel, about))
        self._send(person, zip(drafts, replies, strict=True), about, writes, answered=answered)
        return replies

    def copy(
        self,
        person: Person,
        inbound: InboundMessage,
        drafts: Sequence[Draft],
        now: datetime,
        writes: WriteSet,
        *,
        channel: str,
    ) -> None:
        """Send the drafts by a channel, beside what answers the message where it came from."""
        replies = self._addressed(inbound, drafts, now, channel)
        self._send(person, zip(drafts, replies, strict=True), self._about(person, now), writes)

    def _send(
        self,
        person: Person,
        replies: Iterable[tuple[Draft, OutboundMessage]],
        about: Mapping[str, Any],
        writes: WriteSet,
        *,
        answered: bool = False,
    ) -> None:
        for draft, reply in replies:
            can = self._capabilities[reply.channel]
            writes.add(_ADD, self._row(reply.id, "out", reply.text, reply.channel, about))
            enqueue(
                writes,
                reply,
                contact_id=person.contact_id,
                urn_lookup=person.lookup,
                vault=self._vault,
                purge_at=about["purge_at"],
                answered=answered and can.inline and not can.fetched,
            )
            if draft.parts:
                self._spending.add(draft.parts)

    def _about(self, person: Person, now: datetime) -> dict[str, Any]:
        return {
            "contact_id": person.contact_id,
            "at": to_ms(now),
            "purge_at": to_ms(now + self._kept),
        }

    def _addressed(
        self, inbound: InboundMessage, drafts: Sequence[Draft], now: datetime, channel: str, heard: int = 0
    ) -> tuple[OutboundMessage, ...]:
        """The drafts, addressed; a token to reply by is good for the first alone."""
        tokens = (inbound.reply_token, *("" for _ in drafts))
        heard_at = from_ms(heard) if self._capabilities[channel].window else None
        return tuple(
            OutboundMessage(
                id=self._chance.id(now),
                channel=channel,
                urn=inbound.urn,
                text=draft.text,
                choices=draft.choices,
                matters=draft.matters,
                enclosure=draft.enclosure,
                session_end=draft.session_end,
                cause=inbound.key,
                created_at=now,
                heard_at=heard_at,
                reply_token=token,
            )
            for draft, token in zip(drafts, tokens, strict=False)
        )

    def _row(
        self, row_id: str, direction: str, text: str, channel: str, about: Mapping[str, Any]
    ) -> dict[str, Any]:
        sealed = self._vault.seal(text.encode(), f"messages:{row_id}")
        return {"id": row_id, "direction": direction, "channel": channel, "text_sealed": sealed, **about}
