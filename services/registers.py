"""Registers of applications: the port that answers "how does mine stand?", and the register kept here.

What is here was told by an office in a file (services/register_files.py), so every answer says as
of when. A record is shown to the phone that the office noted for it, or to who knows the secret on
the receipt; a number that is not in the register answers like one whose secret is wrong.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

import orjson
from sqlalchemy import Row, bindparam, select

from bot.clock import from_ms
from bot.crypto import Vault
from bot.db import Database
from bot.errors import KeyUnknown, SealBroken
from bot.schema import meta
from bot.text.digits import ascii_digits
from services import application_numbers
from services.tables import applications

# A register is known by its row in `meta`: what it declared of itself, and when it was last told.
META = "register:"
_OWN_SHOWN = 5
_DATE = re.compile(r"([0-9]{1,2})[\s./-]([0-9]{1,2})[\s./-]([0-9]{4})")
_SECRET = re.compile(r"(?=.*[0-9])[0-9A-Z]{4,12}")
_BETWEEN = re.compile(r"[\s\u200b\u2010-\u2015-]+")
_BUDDHIST_FROM, _BUDDHIST_AHEAD = 2400, 543

_REGISTERS = select(meta).where(meta.c.key.like(f"{META}%")).order_by(meta.c.key)
_BY_NUMBER = select(applications).where(applications.c.lookup == bindparam("lookup"))
_OF_HOLDER = (
    select(applications)
    .where(applications.c.holder_lookup == bindparam("holder"))
    .order_by(applications.c.as_of.desc(), applications.c.id)
    .limit(_OWN_SHOWN)
)


class ApplicationState(StrEnum):
    """Where an application stands; the words for it are labels of the pack."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    WAITING = "waiting"  # for the applicant: something is missing
    APPROVED = "approved"
    READY = "ready"  # to be fetched
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class NextStep(StrEnum):
    """What comes next where the pack has words for it; an office may write its own instead."""

    WAIT = "wait"
    COLLECT = "collect"
    PAY = "pay"
    BRING_PAPERS = "bring_papers"
    COME_IN_PERSON = "come_in_person"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An application as its office told it at `as_of`; `number` is written as on the receipt."""

    number: str
    service: str
    state: ApplicationState
    since: date
    next_step: str
    office: str
    missing: str
    as_of: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NotFound:
    """Nothing that this person may see, in registers that were last told at `as_of`."""

    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The register does not answer now; nothing is known of the application."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """Who asks: their number in E.164 form if the channel vouches for it, and the secret they gave.

    `admitted` when they gave the secret of this very number a short while ago.
    """

    phone: str = ""
    secret: str = ""
    admitted: bool = False


class Register(Protocol):
    """Where applications are looked up; a national data exchange can stand behind it too."""

    async def connected(self) -> bool:
        """Whether there is any register to ask."""

    async def mistyped(self, number: str) -> bool:
        """Whether no register can have this normalised number, by its check digits."""

    async def look_up(self, number: str, asker: Asker) -> Found | NotFound | Unreachable:
        """The application with this normalised number, if the asker may see it."""

    async def of_holder(self, phone: str) -> Sequence[Found]:
        """The applications noted for a phone, those told last first; a few at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterInfo:
    """What a register declared of itself, and when it was last told."""

    name: str
    check_digit: str
    as_of: datetime


class EmbeddedRegister:
    """All registers kept in the table `applications`."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def connected(self) -> bool:
        """See `Register.connected`."""
        return bool(await registers(self._db))

    async def mistyped(self, number: str) -> bool:
        """See `Register.mistyped`; a register without check digits can have any number."""
        known = await registers(self._db)
        return bool(known) and not any(application_numbers.holds(each.check_digit, number) for each in known)

    async def look_up(self, number: str, asker: Asker) -> Found | NotFound | Unreachable:
        """See `Register.look_up`; unreachable is a record that nobody here can open."""
        known = await registers(self._db)
        for each in known:
            if not application_numbers.holds(each.check_digit, number):
                continue
            lookup = lookup_of(self._vault, each.name, number)
            row = await self._db.first(_BY_NUMBER, {"lookup": lookup})
            try:
                record = _record(row, self._vault) if row else None
            except (KeyUnknown, SealBroken):
                return Unreachable()
            if row and record and self._may_see(row, record, asker):
                return _found(row, record)
        return NotFound(as_of=min((each.as_of for each in known), default=None))

    async def of_holder(self, phone: str) -> Sequence[Found]:
        """See `Register.of_holder`; what nobody can open is left out."""
        if not phone:
            return []
        found = []
        for row in await self._db.fetch(_OF_HOLDER, {"holder": holder_of(self._vault, phone)}):
            try:
                found.append(_found(row, _record(row, self._vault)))
            except (KeyUnknown, SealBroken):
                continue
        return found

    def _may_see(self, row: Row[Any], record: dict[str, Any], asker: Asker) -> bool:
        holder = holder_of(self._vault, asker.phone) if asker.phone else ""
        if asker.admitted or (holder and hmac.compare_digest(holder, row.holder_lookup)):
            return True
        given = secret_of(self._vault, row.lookup, asker.secret) if asker.secret else ""
        return any(hmac.compare_digest(given, secret) for secret in record["secrets"])


async def registers(db: Database) -> Sequence[RegisterInfo]:
    """Every register that was told of, by name."""
    infos = []
    for row in await db.fetch(_REGISTERS):
        declared = orjson.loads(row.value)
        infos.append(
            RegisterInfo(
                name=row.key.removeprefix(META),
                check_digit=declared["check_digit"],
                as_of=from_ms(declared["as_of"]),
            )
        )
    return infos


def lookup_of(vault: Vault, register: str, number: str) -> str:
    """What a normalised number is found by."""
    return vault.lookup(f"application:{register}:{number}")


def holder_of(vault: Vault, phone: str) -> str:
    """What an applicant's phone (E.164) is found by."""
    return vault.lookup(f"applicant:{phone}")


def secret_of(vault: Vault, lookup: str, secret: str) -> str:
    """What is kept of a PIN or a date of birth, bound to its application."""
    return vault.lookup(f"application-secret:{lookup}:{plain_secret(secret)}")


def plain_secret(text: str) -> str:
    """A PIN or a day of birth as people type it: a day becomes ddmmyyyy."""
    typed = ascii_digits(text).strip()
    day = _DATE.fullmatch(typed)
    if day is None:
        return _BETWEEN.sub("", typed).upper()
    return f"{int(day[1]):02d}{int(day[2]):02d}{western_year(int(day[3])):04d}"


def could_be_secret(text: str) -> bool:
    """Whether a text has the form of a secret: 4 to 12 Latin letters and digits, one digit at least."""
    return _SECRET.fullmatch(plain_secret(text)) is not None


def western_year(year: int) -> int:
    """A year as written, Buddhist ones counted from 543 BC."""
    return year - _BUDDHIST_AHEAD if year >= _BUDDHIST_FROM else year


def _record(row: Row[Any], vault: Vault) -> dict[str, Any]:
    record: dict[str, Any] = vault.open_json(row.record_sealed, f"applications:{row.id}")
    return record


def _found(row: Row[Any], record: dict[str, Any]) -> Found:
    return Found(
        number=record["number"],
        service=record["service"],
        state=ApplicationState(record["state"]),
        since=date.fromisoformat(record["since"]),
        next_step=record["next_step"],
        office=record["office"],
        missing=record["missing"],
        as_of=from_ms(row.as_of),
    )
