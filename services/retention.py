"""What is erased of applications, reminders and ratings: each row on the day that it carries."""

from __future__ import annotations

from bot.retention import Rule, by_date
from services.tables import applications, ratings, reminders


def service_rules() -> tuple[Rule, ...]:
    """The rules for `bot.retention.purge`."""
    return tuple(
        Rule(name=str(table.name), erase=by_date(table, table.c.id))
        for table in (applications, reminders, ratings)
    )
