"""Where a fee is not the national one: for the secretariat, which watches over uniform fees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.record import Fact
from services.view import Services


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One fee in one place; amounts in whole units of `currency`, None where it is not known."""

    service: str
    cost: str
    currency: str
    national: int | None
    local: int | None
    where: str
    fact: Fact


def differences(services: Services, at: datetime) -> Iterator[Difference]:
    """Every fee that a place has of its own and that is not the national one, by service, place and cost."""
    own = {
        (each.service, each.where, cost)
        for each in services.overlays
        if each.in_force(at)
        for cost in each.fees
    }
    for service_id in services.catalogue.services:
        national = {cost.id: cost for cost in services.everything(service_id, at=at).costs}
        for where in services.wheres(service_id):
            for cost in services.everything(service_id, where, at=at).costs:
                amount = national[cost.id].amount
                if (service_id, where, cost.id) in own and cost.amount != amount:
                    yield Difference(
                        service=service_id,
                        cost=cost.id,
                        currency=cost.currency,
                        national=amount,
                        local=cost.amount,
                        where=where,
                        fact=cost.fact,
                    )
