"""The tables of cases, of their history and of the chain that proves the history whole."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.schema import metadata

cases = Table(
    "cases",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("reference", String(12), nullable=False, unique=True),
    # The inbound message and the ordinal of the effect within it: a redelivery files nothing.
    Column("effect_key", String(200), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),  # complaint | request | suggestion | enquiry
    Column("category", String(40), nullable=False),
    Column("state", String(24), nullable=False),
    Column("priority", Integer, nullable=False),  # 0, and 1 more with each reopening
    Column("service", String(60), nullable=False),
    Column("place", String(40), nullable=False),
    Column("office", String(60), nullable=False),  # the desk complained about, which never owns the case
    Column("desk", String(60), nullable=False),
    Column("language", String(8), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("contact_id", String(26), nullable=True),
    # The address that it was filed from, as in urns; empty where it was filed from none.
    Column("urn_lookup", String(64), nullable=False, server_default=""),
    Column("protection", String(12), nullable=False),  # named | confidential | anonymous
    # Both masked at filing; the citizen's own words are sealed in the filing event.
    Column("summary", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("pin_hash", String(64), nullable=False),
    Column("family_id", String(26), nullable=True),  # the case that a duplicate belongs to
    Column("filed_at", BigInteger, nullable=False),
    Column("promised_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=True),
    Column("purge_at", BigInteger, nullable=False, index=True),
    Column("version", Integer, nullable=False),
)
Index("cases_queue", cases.c.desk, cases.c.state, cases.c.promised_at)
Index("cases_of_contact", cases.c.contact_id, cases.c.id)

case_events = Table(
    "case_events",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), nullable=False),
    # The version that the case has with this event: 1 is the filing.
    Column("ordinal", Integer, nullable=False),
    Column("effect_key", String(200), nullable=False, unique=True),
    Column("kind", String(24), nullable=False),
    Column("actor_kind", String(8), nullable=False),  # citizen | staff | system
    Column("channel", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
    # SHA-256 over salt and content in hexadecimal; it stays when the content is erased.
    Column("digest", String(64), nullable=False),
    Column("content_sealed", LargeBinary, nullable=True),
    Column("chained", Boolean, nullable=False),
    UniqueConstraint("case_id", "ordinal", name="case_events_ordinal"),
)
_loose = case_events.c.chained.is_(False)
Index("case_events_loose", case_events.c.id, sqlite_where=_loose, postgresql_where=_loose)

# Who follows a case that somebody else filed, and whether that was told to who filed it.
case_follows = Table(
    "case_follows",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("case_id", String(26), nullable=False),
    Column("contact_id", String(26), nullable=False),
    Column("state", String(10), nullable=False),  # following | ended | refused
    Column("told", Boolean, nullable=False),
    Column("since_at", BigInteger, nullable=False),  # when it began, or began anew
    UniqueConstraint("case_id", "contact_id", name="case_follows_once"),
)
Index("case_follows_of_contact", case_follows.c.contact_id)
_untold = case_follows.c.told.is_(False)
Index("case_follows_untold", case_follows.c.since_at, sqlite_where=_untold, postgresql_where=_untold)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", String(26), nullable=False, unique=True),
    Column("head", String(64), nullable=False),
)

audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("head", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("signature", String(128), nullable=False),
)
