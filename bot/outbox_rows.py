"""A message as a row of the outbox, and back: what it says and to whom is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, insert

from bot.clock import from_ms, to_ms
from bot.crypto import Vault
from bot.db import WriteSet
from bot.messages import (
    Choice,
    DeliveryClass,
    DeliveryState,
    Enclosure,
    MediaKind,
    OutboundMessage,
    Priority,
)
from bot.schema import outbox
from bot.urns import Urn

# How long a message is worth trying when it says nothing else (GOV.UK Notify's figure).
LIFETIME = timedelta(hours=72)
_ENQUEUE = insert(outbox)


def enqueue(
    writes: WriteSet,
    message: OutboundMessage,
    *,
    contact_id: str,
    urn_lookup: str,
    vault: Vault,
    purge_at: int,
    answered: bool = False,
) -> None:
    """Add the message to a write-set.

    `answered` is for a reply given in the answer to the request itself: it is stored as sent.
    Ids of messages to one person must rise in the order in which they are to be read.
    """
    values = row_of(
        message,
        contact_id=contact_id,
        urn_lookup=urn_lookup,
        vault=vault,
        purge_at=purge_at,
        answered=answered,
    )
    writes.add(_ENQUEUE, values, rows=1)


def row_of(
    message: OutboundMessage,
    *,
    contact_id: str,
    urn_lookup: str,
    vault: Vault,
    purge_at: int,
    answered: bool = False,
) -> dict[str, Any]:
    """The row of a message, as `enqueue` adds it."""
    created = to_ms(message.created_at)
    expires = message.expires_at or message.created_at + LIFETIME
    return {
        "id": message.id,
        "contact_id": contact_id,
        "urn_lookup": urn_lookup,
        "channel": message.channel,
        "message_sealed": vault.seal_json(_content(message), f"outbox:{message.id}"),
        "priority": int(message.priority),
        "delivery_class": message.delivery_class.value,
        "state": (DeliveryState.SENT if answered else DeliveryState.QUEUED).value,
        "attempts": int(answered),
        "attempt_id": "",
        "attempted_at": created if answered else 0,
        "due_at": created,
        "expires_at": to_ms(expires),
        "error_code": "",
        "cause": message.cause,
        "created_at": created,
        "updated_at": created,
        "purge_at": purge_at,
        "again_at": 0,
    }


def opened(row: Row[Any], vault: Vault) -> OutboundMessage:
    """The message of a row; raises KeyUnknown, SealBroken."""
    content: Mapping[str, Any] = vault.open_json(row.message_sealed, f"outbox:{row.id}")
    return OutboundMessage(
        id=row.id,
        channel=row.channel,
        urn=Urn.parse(content["urn"]),
        text=content["text"],
        cause=row.cause,
        created_at=from_ms(row.created_at),
        choices=tuple(
            Choice(label=label, payload=payload, shares_phone=bool(more))
            for label, payload, *more in content["choices"]
        ),
        priority=Priority(row.priority),
        delivery_class=DeliveryClass(row.delivery_class),
        expires_at=from_ms(row.expires_at),
        session_end=content["session_end"],
        heard_at=from_ms(content["heard_at"]) if "heard_at" in content else None,
        reply_token=content.get("reply_token", ""),
        matters="matters" in content,
        enclosure=_enclosure(content.get("enclosure")),
        flash="flash" in content,
    )


def _content(message: OutboundMessage) -> dict[str, Any]:
    content: dict[str, Any] = {
        "urn": str(message.urn),
        "text": message.text,
        "choices": [
            [each.label, each.payload, *((True,) if each.shares_phone else ())] for each in message.choices
        ],
        "session_end": message.session_end,
    }
    if message.heard_at:
        content["heard_at"] = to_ms(message.heard_at)
    if message.reply_token:
        content["reply_token"] = message.reply_token
    if message.matters:
        content["matters"] = True
    if message.flash:
        content["flash"] = True
    if message.enclosure:
        content["enclosure"] = asdict(message.enclosure)
    return content


def _enclosure(content: dict[str, Any] | None) -> Enclosure | None:
    return Enclosure(**{**content, "kind": MediaKind(content["kind"])}) if content else None
