"""Following: an address that opened a case with its PIN sees how it stands without the PIN from then on.

It sees nothing else of the person who filed, and can change nothing. Whoever filed is told, and their
no ends it for good. Only named cases are followed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, delete, exists, select, update

from bot.clock import from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.effects import EffectContext, EffectWriters
from bot.erasure import ForgetPerson
from bot.errors import KeyUnknown, SealBroken, Stale
from bot.schema import urns
from bot.urns import Urn
from complaints.cases import TERMINAL, Case, Protection
from complaints.store import case_of
from complaints.tables import case_follows, cases


class FollowState(StrEnum):
    """Whether somebody follows: asked to, ended it themselves, or was refused by who filed."""

    FOLLOWING = "following"
    ENDED = "ended"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowCase:
    """Effect: the person follows the case; Stale if they were refused meanwhile."""

    case: Case


@dataclass(frozen=True, slots=True)
class EndFollowing:
    """Effect: the person follows no case any longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseFollowers:
    """Effect: who filed the case wants nobody else to follow it."""

    case: Case


@dataclass(frozen=True, kw_only=True, slots=True)
class TellFollowed:
    """Effect: who filed was told that somebody follows; Stale if they were already, or it has ended."""

    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """A case that somebody began to follow, `since` when, and where whoever filed it is to be told."""

    id: str
    case: Case
    since: datetime
    channel: str
    urn: Urn | None

    @property
    def cause(self) -> str:
        """Names the turn that tells it: another one for who ended it and began anew."""
        return f"follow:{self.id}:{to_ms(self.since)}"


_OF_CASE = select(case_follows.c.state).where(
    case_follows.c.case_id == bindparam("of_case"), case_follows.c.contact_id == bindparam("of_contact")
)
_FOLLOWED = (
    select(cases)
    .join(case_follows, case_follows.c.case_id == cases.c.id)
    .where(
        case_follows.c.contact_id == bindparam("of_contact"),
        case_follows.c.state == "following",
        cases.c.protection == Protection.NAMED.value,
    )
    .order_by(cases.c.id.desc())
    .limit(5)
)
_FOLLOWERS = (
    select(case_follows.c.case_id)
    .join(cases, cases.c.id == case_follows.c.case_id)
    .where(cases.c.contact_id == bindparam("of_contact"), case_follows.c.state == "following")
    .distinct()
)
# The address that a case was filed from, while it is that person's and can be written to.
_filed_from = and_(
    urns.c.lookup == cases.c.urn_lookup, urns.c.contact_id == cases.c.contact_id, urns.c.state != "opted_out"
)
_FILED_FROM = (
    select(urns.c.lookup, urns.c.address_sealed)
    .select_from(cases.join(urns, _filed_from))
    .where(cases.c.id == bindparam("of_case"))
)
_OF_UNTOLD = (
    select(
        cases,
        case_follows.c.id.label("follow_id"),
        case_follows.c.since_at,
        urns.c.lookup,
        urns.c.address_sealed,
    )
    .select_from(case_follows.join(cases, cases.c.id == case_follows.c.case_id).outerjoin(urns, _filed_from))
    .where(case_follows.c.told.is_(False), case_follows.c.state == "following")
)
_UNTOLD = _OF_UNTOLD.order_by(case_follows.c.since_at, case_follows.c.id).limit(100)
_UNTOLD_ONE = _OF_UNTOLD.where(case_follows.c.id == bindparam("of_id"))
_END = (
    update(case_follows)
    .where(case_follows.c.contact_id == bindparam("of_contact"), case_follows.c.state == "following")
    .values(state=FollowState.ENDED.value)
)
_REFUSE = (
    update(case_follows)
    .where(case_follows.c.case_id == bindparam("of_case"))
    .values(state=FollowState.REFUSED.value)
)
_TELL = (
    update(case_follows)
    .where(
        case_follows.c.id == bindparam("of_id"),
        case_follows.c.told.is_(False),
        case_follows.c.state == "following",
    )
    .values(told=True)
)
_DROP = (
    update(case_follows)
    .where(
        case_follows.c.id == bindparam("of_id"),
        case_follows.c.told.is_(False),
        case_follows.c.since_at == bindparam("of_since"),
    )
    .values(state=FollowState.ENDED.value)
)
_theirs = case_follows.alias("theirs")
_TWICE = delete(case_follows).where(
    case_follows.c.contact_id == bindparam("lost"),
    exists().where(_theirs.c.case_id == case_follows.c.case_id, _theirs.c.contact_id == bindparam("kept")),
)
_SAME_REFUSED = (
    update(case_follows)
    .where(
        case_follows.c.contact_id == bindparam("kept"),
        exists().where(
            _theirs.c.case_id == case_follows.c.case_id,
            _theirs.c.contact_id == bindparam("lost"),
            _theirs.c.state == FollowState.REFUSED.value,
        ),
    )
    .values(state=FollowState.REFUSED.value)
)
_JOIN = (
    update(case_follows)
    .where(case_follows.c.contact_id == bindparam("lost"))
    .values(contact_id=bindparam("kept"))
)
_FORGET = (
    delete(case_follows).where(case_follows.c.contact_id == bindparam("of_contact")),
    delete(case_follows).where(
        case_follows.c.case_id.in_(
            select(cases.c.id).where(
                cases.c.contact_id == bindparam("of_contact"), cases.c.state.in_(tuple(TERMINAL))
            )
        )
    ),
)


class FollowWriters:
    """Turns the effects into statements."""

    def __init__(self, db: Database) -> None:
        row = db.insert(case_follows)
        again = case_follows.c.state == FollowState.ENDED.value
        self._follow = row.on_conflict_do_update(
            index_elements=[case_follows.c.case_id, case_follows.c.contact_id],
            set_={
                "state": row.excluded.state,
                # Whoever comes back after an end is told of anew.
                "told": case((again, row.excluded.told), else_=case_follows.c.told),
                "since_at": case((again, row.excluded.since_at), else_=case_follows.c.since_at),
            },
            where=case_follows.c.state != FollowState.REFUSED.value,
        )

    def by_effect(self) -> EffectWriters:
        """The writer of each effect."""
        return {
            FollowCase: self.follow,
            EndFollowing: self.end,
            RefuseFollowers: self.refuse,
            TellFollowed: self.tell,
        }

    def follow(self, effect: FollowCase, context: EffectContext, writes: WriteSet) -> None:
        """Add the follower."""
        identity = f"{effect.case.id}\n{context.contact_id}"
        row = {
            "id": hashlib.sha256(identity.encode()).hexdigest()[:26],
            "case_id": effect.case.id,
            "contact_id": context.contact_id,
            "state": FollowState.FOLLOWING.value,
            "told": False,
            "since_at": to_ms(context.now),
        }
        writes.add(self._follow, row, rows=1, otherwise=Stale)

    def end(self, effect: EndFollowing, context: EffectContext, writes: WriteSet) -> None:
        """End all that the person follows."""
        del effect
        writes.add(_END, {"of_contact": context.contact_id})

    def refuse(self, effect: RefuseFollowers, context: EffectContext, writes: WriteSet) -> None:
        """Refuse everybody who follows or did."""
        del context
        writes.add(_REFUSE, {"of_case": effect.case.id})

    def tell(self, effect: TellFollowed, context: EffectContext, writes: WriteSet) -> None:
        """Note that it was told."""
        del context
        writes.add(_TELL, {"of_id": effect.id}, rows=1, otherwise=Stale)


class Follows:
    """The reader."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def state(self, case_id: str, contact_id: str) -> FollowState | None:
        """Whether a person follows a case; None for who never asked to."""
        row = await self._db.first(_OF_CASE, {"of_case": case_id, "of_contact": contact_id})
        return FollowState(row.state) if row else None

    async def of(self, contact_id: str) -> Sequence[Case]:
        """The latest cases that a person follows, the last one first."""
        return [case_of(row) for row in await self._db.fetch(_FOLLOWED, {"of_contact": contact_id})]

    async def followed(self, contact_id: str) -> frozenset[str]:
        """The ids of a person's own cases that somebody else follows."""
        return frozenset(row.case_id for row in await self._db.fetch(_FOLLOWERS, {"of_contact": contact_id}))

    async def filer(self, case: Case) -> Urn | None:
        """The address by which whoever filed a case can be told of a follower; None where they cannot be."""
        if not case.contact_id or case.protection is not Protection.NAMED:
            return None
        row = await self._db.first(_FILED_FROM, {"of_case": case.id})
        return self._open(row) if row else None

    async def untold(self) -> Sequence[Untold]:
        """What people who filed are still to be told, the oldest first."""
        return [self._untold(row) for row in await self._db.fetch(_UNTOLD)]

    async def untold_one(self, follow_id: str) -> Untold | None:
        """One of them; None where it was told or has ended."""
        row = await self._db.first(_UNTOLD_ONE, {"of_id": follow_id})
        return self._untold(row) if row else None

    async def drop(self, untold: Untold) -> None:
        """End what nobody can be told of; nothing if it was told, or began anew, meanwhile."""
        writes = WriteSet()
        writes.add(_DROP, {"of_id": untold.id, "of_since": to_ms(untold.since)})
        await self._db.commit(writes)

    def _untold(self, row: Row[Any]) -> Untold:
        case = case_of(row)
        can_be_told = row.lookup is not None and case.protection is Protection.NAMED
        urn = self._open(row) if can_be_told else None
        since = from_ms(row.since_at)
        return Untold(id=row.follow_id, case=case, since=since, channel=case.channel, urn=urn)

    def _open(self, row: Row[Any]) -> Urn | None:
        try:
            return Urn.parse(self._vault.open(row.address_sealed, f"urns:{row.lookup}").decode())
        except (KeyUnknown, SealBroken):
            return None


def join_follows(lost: str, kept: str, writes: WriteSet) -> None:
    """Hand over what a contact follows that turned out to be the same person; a refusal of either stays."""
    for statement in (_SAME_REFUSED, _TWICE, _JOIN):
        writes.add(statement, {"lost": lost, "kept": kept})


def erase_follows(_effect: ForgetPerson, context: EffectContext, writes: WriteSet) -> None:
    """Erase what a person followed who wants to be forgotten, and who followed what goes of theirs; before the cases."""
    for statement in _FORGET:
        writes.add(statement, {"of_contact": context.contact_id})
