"""What differs from the national record somewhere or for some time, and which of two differences counts.

National, province, district, centre: the closer place wins. Of one place, what staff changed wins over
the pack, and what began later over what began earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.record import Cost, Duration, Fact, Names, Note, Notice, PublicService, Sourced, Status

# Open ends of a span.
ALWAYS = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlay:
    """One difference. `service` empty is every service; `where` is the code of a place or centre, empty everywhere.

    `fees` and `days` are values by the id of a cost or duration. In force from `begins` (with it) to
    `ends` (without it). `live` is what staff changed, as against the pack.
    """

    id: str
    service: str
    where: str = ""
    begins: datetime = ALWAYS
    ends: datetime = FOREVER
    live: bool = False
    fees: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[str, int] = field(default_factory=dict)
    office: Names = field(default_factory=dict)
    office_short: Names = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    notice: Notice | None = None
    fact: Fact = Fact(status=Status.UNKNOWN)

    def in_force(self, at: datetime) -> bool:
        """Whether it counts at an aware moment."""
        return self.begins <= at < self.ends


def span(zone: ZoneInfo, first: date | None, last: date | None) -> tuple[datetime, datetime]:
    """The moments at which a stretch of local days, both included, begins and ends; None leaves it open."""
    return (
        datetime.combine(first, time(), zone).astimezone(UTC) if first else ALWAYS,
        datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC) if last else FOREVER,
    )


def by_precedence(overlays: Iterable[Overlay], chain: Sequence[str]) -> list[Overlay]:
    """Those that lie on the chain of codes (the widest first), in the order in which they are applied.

    Of equal ones the later in the given order is applied later.
    """
    depth = {code: level for level, code in enumerate(("", *chain))}
    here = [each for each in overlays if each.where in depth]
    return sorted(here, key=lambda each: (depth[each.where], each.live, each.begins))


def window(overlays: Iterable[Overlay], at: datetime) -> tuple[datetime, datetime]:
    """The span around `at` in which nothing begins or ends: from its first moment to the first after it."""
    turns = [turn for each in overlays for turn in (each.begins, each.ends)]
    return (
        max((turn for turn in turns if turn <= at), default=ALWAYS),
        min((turn for turn in turns if turn > at), default=FOREVER),
    )


def applied(service: PublicService, overlays: Iterable[Overlay]) -> PublicService:
    """The record with the differences, one after the other."""
    for each in overlays:
        costs = tuple(_priced(cost, each) for cost in service.costs)
        durations = tuple(_timed(duration, each) for duration in service.durations)
        service = replace(
            service,
            costs=costs,
            costs_fact=whole(service.costs_fact, costs) if each.fees else service.costs_fact,
            durations=durations,
            durations_fact=whole(service.durations_fact, durations) if each.days else service.durations_fact,
            office=each.office or service.office,
            office_short=(each.office_short if each.office else service.office_short),
            notes=(*service.notes, *each.notes),
            notices=(*service.notices, *((each.notice,) if each.notice else ())),
        )
    return service


def whole(said: Fact, items: Sequence[Sourced]) -> Fact:
    """How sure a list is once its items changed: as sure as the least sure of those that are known."""
    facts = [item.fact for item in items]
    if said in facts and said.status is not Status.UNKNOWN:
        return said
    known = [fact for fact in facts if fact.status is not Status.UNKNOWN]
    if not known:
        return Fact(status=Status.UNKNOWN, owner=said.owner)
    reported = [fact for fact in known if fact.status is Status.REPORTED]
    return min(reported or known, key=lambda fact: fact.year or 0)


def _priced(cost: Cost, overlay: Overlay) -> Cost:
    amount = overlay.fees.get(cost.id)
    return cost if amount is None else replace(cost, amount=amount, fact=overlay.fact)


def _timed(duration: Duration, overlay: Overlay) -> Duration:
    # A wording of its own would go on saying the old days.
    days = overlay.days.get(duration.id)
    return duration if days is None else replace(duration, days=days, short={}, fact=overlay.fact)
