"""What staff change while the service runs: notices, fees and centres, as stored and as they apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any

from services.centres import Centre, CentreKind, CentreStatus
from services.layers import FOREVER, Overlay
from services.record import Fact, Notice, Status
from services.week import read_week

_UNKNOWN = Fact(status=Status.UNKNOWN)


class ChangeKind(StrEnum):
    """What a change is about."""

    NOTICE = "notice"
    FEE = "fee"
    CENTRE = "centre"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change, in force from `begins` (with it) to `ends` (without it).

    `service` empty is every service; `where` is the code of a place or centre, empty everywhere.
    `body` says what changes, in plain values: of a notice `outage` and `text` by language; of a fee
    `cost`, `amount` and `fact`; of a centre whichever of `names`, `place`, `kind`, `status`,
    `services`, `hours`, `phone`, `address` and `fact` differ from what was known.
    """

    kind: ChangeKind
    body: Mapping[str, Any]
    begins: datetime
    ends: datetime = FOREVER
    service: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredChange:
    """A change with its history; `withdrawn_at` is None while nobody took it back."""

    id: str
    change: Change
    created_by: str
    created_at: datetime
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it is, or will be, in force."""
        return self.withdrawn_at is None and at < self.change.ends

    def record(self) -> dict[str, Any]:
        """Everything as plain values; what is open is null."""
        change = self.change
        return {
            "id": self.id,
            "kind": change.kind.value,
            "service": change.service,
            "where": change.where,
            "body": dict(change.body),
            "begins": change.begins.isoformat(),
            "ends": None if change.ends == FOREVER else change.ends.isoformat(),
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "withdrawn_by": self.withdrawn_by,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
        }


def overlay_of(id_: str, change: Change, zone: tzinfo) -> Overlay:
    """A notice or a fee as it applies; raises KeyError or ValueError for a body that says neither."""
    notice, fees, fact = None, {}, _UNKNOWN
    if change.kind is ChangeKind.NOTICE:
        since = change.begins.astimezone(zone).date()
        notice = Notice(id=id_, outage=change.body["outage"], text=change.body["text"], since=since)
    else:
        fees, fact = {change.body["cost"]: change.body["amount"]}, fact_of(change.body["fact"])
    return Overlay(
        id=id_,
        service=change.service,
        where=change.where,
        begins=change.begins,
        ends=change.ends,
        live=True,
        fees=fees,
        notice=notice,
        fact=fact,
    )


def centre_of(change: Change, before: Centre | None) -> Centre:
    """A centre as changed, or a new one; raises KeyError or ValueError for what no centre can be."""
    body = change.body
    centre = before or Centre(
        id=change.where,
        names=body["names"],
        place=body["place"],
        kind=CentreKind.TERRITORIAL,
        status=CentreStatus.PLANNED,
        services=(),
        week=(),
        phone="",
        address={},
        fact=_UNKNOWN,
    )
    return replace(
        centre,
        names={**centre.names, **body.get("names", {})},
        place=body.get("place", centre.place),
        kind=CentreKind(body.get("kind", centre.kind)),
        status=CentreStatus(body.get("status", centre.status)),
        services=tuple(body.get("services", centre.services)),
        week=read_week(body["hours"]) if "hours" in body else centre.week,
        phone=body.get("phone", centre.phone),
        address={**centre.address, **body.get("address", {})},
        fact=fact_of(body["fact"]) if "fact" in body else centre.fact,
        # Who changes the way to it may have moved it: a wrong place on a map is worse than none.
        position=None if {"address", "place"} & body.keys() else centre.position,
    )


def fact_of(record: Mapping[str, Any]) -> Fact:
    """How sure a changed value is; raises KeyError or ValueError."""
    checked = record.get("last_checked", "")
    return Fact(
        status=Status(record["status"]),
        year=record.get("year"),
        source=record.get("source", ""),
        owner=record.get("owner", ""),
        last_checked=date.fromisoformat(checked) if checked else None,
    )
