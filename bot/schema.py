"""The tables of the floor; every `*_at` is milliseconds since 1970 UTC, every `*_sealed` is encrypted."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    literal_column,
)

metadata = MetaData()

contacts = Table(
    "contacts",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("language", String(8), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

urns = Table(
    "urns",
    metadata,
    # Keyed HMAC of scheme:address; the address itself only sealed.
    Column("lookup", String(64), primary_key=True),
    Column("contact_id", String(26), nullable=False, index=True),
    Column("scheme", String(16), nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    # active | unreachable | opted_out (told by the provider)
    Column("state", String(12), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

trackers = Table(
    "trackers",
    metadata,
    Column("contact_id", String(26), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("snapshot_sealed", LargeBinary, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("external_id", String(120), primary_key=True),
    Column("id", String(26), nullable=False, unique=True),
    Column("urn_lookup", String(64), nullable=False),
    # done | pending | failed (dead letter)
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("message_sealed", LargeBinary, nullable=False),
    Column("error", String(120), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)


def is_pending(table: FromClause = inbox) -> ColumnElement[bool]:
    """The condition of the inbox's partial index: written out, as a parameter would hide it from SQLite."""
    return table.c.state == literal_column("'pending'")


Index(
    "inbox_pending",
    inbox.c.urn_lookup,
    inbox.c.id,
    sqlite_where=is_pending(),
    postgresql_where=is_pending(),
)
# By age: SQLite would go through all that was ever answered to find the oldest that was not.
Index("inbox_waiting", inbox.c.id, sqlite_where=is_pending(), postgresql_where=is_pending())

messages = Table(
    "messages",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("contact_id", String(26), nullable=False),
    Column("direction", String(3), nullable=False),  # in | out
    Column("channel", String(40), nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)
Index("messages_of_contact", messages.c.contact_id, messages.c.id)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("contact_id", String(26), nullable=False),
    Column("urn_lookup", String(64), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("message_sealed", LargeBinary, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("delivery_class", String(16), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    # Set and committed before the provider is called: what was in flight is known after a crash.
    Column("attempt_id", String(26), nullable=False),
    Column("attempted_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("error_code", String(40), nullable=False),
    Column("cause", String(180), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
    # When parts that failed after the message was sent are handed over again; 0: there are none.
    Column("again_at", BigInteger, nullable=False, server_default="0"),
)


def is_waiting(table: FromClause = outbox) -> ColumnElement[bool]:
    """The condition of the outbox's partial indexes, likewise; a query for some of these states says it too."""
    return table.c.state.in_([literal_column(f"'{state}'") for state in ("queued", "sending", "in_doubt")])


Index(
    "outbox_waiting",
    outbox.c.channel,
    outbox.c.priority,
    outbox.c.id,
    sqlite_where=is_waiting(),
    postgresql_where=is_waiting(),
)
Index(
    "outbox_head",
    outbox.c.urn_lookup,
    outbox.c.channel,
    outbox.c.id,
    sqlite_where=is_waiting(),
    postgresql_where=is_waiting(),
)
Index("outbox_cause", outbox.c.cause)


def goes_again(table: FromClause = outbox) -> ColumnElement[bool]:
    """The condition of the index over messages with parts to hand over again; a query for them says it too."""
    return table.c.again_at > literal_column("0")


Index("outbox_again", outbox.c.again_at, sqlite_where=goes_again(), postgresql_where=goes_again())

outbox_parts = Table(
    "outbox_parts",
    metadata,
    Column("outbox_id", String(26), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("provider_id", String(120), nullable=False),
    Column("state", String(10), nullable=False),
    Column("error_code", String(40), nullable=False),
    # In hundredths of the pack's currency, of every time that it was taken; 0: not known.
    Column("price", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # How often a provider took it, and in which attempt the last time.
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("attempt_id", String(26), nullable=False, server_default=""),
)
Index("outbox_parts_provider", outbox_parts.c.provider_id)

# What providers told of messages whose ids they had not told us yet.
early_receipts = Table(
    "early_receipts",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("provider_id", String(120), primary_key=True),
    Column("state", String(10), primary_key=True),
    Column("error_code", String(40), nullable=False),
    Column("opted_out", Boolean, nullable=False),
    Column("retryable", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

# Who said what by a channel that has no ids for messages: the same again within seconds is the same message.
repeats = Table(
    "repeats",
    metadata,
    Column("lookup", String(64), primary_key=True),  # keyed HMAC of the channel, the sender and the words
    Column("external_id", String(120), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

# Parts of messages that came in several: until all have come, and then a while to know them again.
inbound_parts = Table(
    "inbound_parts",
    metadata,
    Column("id", String(64), primary_key=True),  # keyed HMAC of the group and the part's number
    Column("group_lookup", String(64), nullable=False, index=True),  # keyed HMAC of channel, sender, group
    Column("number", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("content_lookup", String(64), nullable=False),  # keyed HMAC of the words
    Column("part_sealed", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

consents = Table(
    "consents",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("contact_id", String(26), nullable=False, index=True),
    Column("purpose", String(24), nullable=False),
    # The public service spoken of; empty: the purpose as a whole.
    Column("topic", String(60), nullable=False, server_default=""),
    Column("channel", String(40), nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("proof_kind", String(16), nullable=False),  # message | staff | form | provider
    Column("proof", String(180), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Wrong guesses at a PIN, on a person and on a number; no row tells which, or whether the number exists.
guesses = Table(
    "guesses",
    metadata,
    Column("lookup", String(64), primary_key=True),  # keyed HMAC of whom or what it counts on
    Column("day", Integer, nullable=False),  # days since 1970 UTC
    Column("wrong", Integer, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

# What came with messages besides words. Its bytes lie in pieces, under a key of its own: with that key they are gone.
media = Table(
    "media",
    metadata,
    # Made of the message's key and the place in it: a redelivery adds none.
    Column("id", String(26), primary_key=True),
    Column("contact_id", String(26), nullable=False),
    # What it was attached to, such as a case; empty while it belongs to nothing.
    Column("subject", String(26), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("kind", String(8), nullable=False),  # photo | voice | video | document | location
    Column("state", String(8), nullable=False),  # waiting (at the provider) | stored | refused
    Column("reason", String(12), nullable=False),  # why it was refused
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # 0: nothing is left to do
    # Where it lies, its name and its sender's address, as told; of a location the place.
    Column("told_sealed", LargeBinary, nullable=False),
    Column("key_sealed", LargeBinary, nullable=False),  # the key of the pieces, and the digest of the whole
    Column("media_type", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes
    Column("created_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)
Index("media_of_contact", media.c.contact_id, media.c.created_at)
Index("media_of_subject", media.c.subject, media.c.created_at)
_is_due = media.c.due_at > literal_column("0")
Index("media_due", media.c.due_at, sqlite_where=_is_due, postgresql_where=_is_due)

media_pieces = Table(
    "media_pieces",
    metadata,
    Column("media_id", String(26), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("piece", LargeBinary, nullable=False),  # encrypted
)

# Messages that were not understood, equal ones once, for staff to say what was meant.
unclear_messages = Table(
    "unclear_messages",
    metadata,
    Column("id", String(64), primary_key=True),  # keyed HMAC of the words as they are compared
    Column("language", String(8), nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),  # without what recognises a person
    # The intent that staff say was meant, and the public service; empty until then.
    Column("label", String(60), nullable=False),
    Column("service", String(60), nullable=False),
    Column("labelled_by", String(60), nullable=False),
    Column("labelled_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

# By whom, under a pseudonym that only erasure needs, and what was understood instead.
unclear_senders = Table(
    "unclear_senders",
    metadata,
    Column("id", String(64), primary_key=True),  # keyed HMAC of the message and the sender
    Column("unclear_id", String(64), nullable=False, index=True),
    Column("sender", String(64), nullable=False, index=True),  # keyed HMAC of the contact's id
    Column("times", Integer, nullable=False),
    Column("channel_kind", String(8), nullable=False),  # sms | session | chat
    Column("model", String(40), nullable=False),
    Column("guesses", String(240), nullable=False),  # JSON: the likeliest intents and their confidences
    Column("chosen", String(60), nullable=False),
    Column("chosen_service", String(60), nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("purpose", String(12), nullable=False),  # data | lookup | sign
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until_at", BigInteger, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(60), primary_key=True),
    Column("value", Text, nullable=False),
)
