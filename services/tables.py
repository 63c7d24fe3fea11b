"""The tables of what offices change by the hour and what people asked to be told: all of it beside the pack."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from bot.schema import metadata

# What staff say about a service over what the pack says; nothing here is about a person.
overlays = Table(
    "overlays",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(16), nullable=False),  # notice | fee | centre
    Column("service", String(60), nullable=False),  # empty: every service
    Column("place", String(12), nullable=False),  # code of a province or district; empty: everywhere
    Column("centre", String(40), nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),  # 0: until withdrawn
    Column("created_by", String(60), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger, nullable=False),  # 0: in force
)
Index("overlays_in_force", overlays.c.withdrawn_at, overlays.c.valid_from)

# The embedded register of applications: one row an application, as an office last told it.
applications = Table(
    "applications",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("register", String(40), nullable=False),
    # Keyed HMAC of register:number, and of the applicant's address (empty: not known).
    Column("lookup", String(64), nullable=False, unique=True),
    Column("holder_lookup", String(64), nullable=False, index=True),
    Column("record_sealed", LargeBinary, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)

# What a person asked to be told later: on a day, or when a service is back.
reminders = Table(
    "reminders",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("contact_id", String(26), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # reminder | service_back
    Column("service", String(60), nullable=False),
    Column("state", String(12), nullable=False),  # waiting | sent | cancelled
    Column("request_sealed", LargeBinary, nullable=False),  # channel, address, what it is about
    # The inbound message and the ordinal of the effect within it: a redelivery asks for nothing again.
    Column("effect_key", String(200), nullable=False, unique=True),
    Column("due_at", BigInteger, nullable=False),  # 0: when the event comes
    Column("created_at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)
Index("reminders_waiting", reminders.c.state, reminders.c.due_at)

# One answer of a person to "how was it?", 1 (bad) to 5 (good).
ratings = Table(
    "ratings",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("contact_id", String(26), nullable=False, index=True),
    Column("effect_key", String(200), nullable=False, unique=True),
    Column("about", String(16), nullable=False),  # service | case | centre | talk
    Column("subject", String(60), nullable=False),
    Column("score", Integer, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("language", String(16), nullable=False),
    Column("place", String(12), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("purge_at", BigInteger, nullable=False, index=True),
)
