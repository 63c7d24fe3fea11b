"""Answers to "how was it?": a number from 1 (very bad) to 5 (very good), what it is about, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import bindparam, delete, insert

from bot.clock import to_ms
from bot.db import WriteSet
from bot.effects import EffectContext, EffectWriters
from bot.errors import Duplicate
from services.tables import ratings

LOWEST, HIGHEST = 1, 5
# Who answers again within this time has changed their mind: the later number counts alone.
_SECOND_THOUGHTS = timedelta(days=1)

_INSERT = insert(ratings)
_TAKE_BACK = delete(ratings).where(
    ratings.c.contact_id == bindparam("of_contact"),
    ratings.c.about == bindparam("of_about"),
    ratings.c.subject == bindparam("of_subject"),
    ratings.c.at > bindparam("since"),
    ratings.c.effect_key != bindparam("of_cause"),
)


class About(StrEnum):
    """What was rated."""

    SERVICE = "service"
    CASE = "case"
    CENTRE = "centre"
    TALK = "talk"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """Effect: a person's number for `subject`: a service's id, a case's reference, empty for the talk itself.

    `place` is the code of their province or district, empty if they said none. Raises ValueError for
    a number outside LOWEST to HIGHEST.
    """

    about: About
    subject: str
    score: int
    language: str
    place: str = ""

    def __post_init__(self) -> None:
        if not LOWEST <= self.score <= HIGHEST:
            raise ValueError(f"{self.score} is no rating")


@dataclass(frozen=True, kw_only=True, slots=True)
class RatingWriter:
    """Writes ratings; `keep` is how long they stay."""

    keep: timedelta

    def by_effect(self) -> EffectWriters:
        """The writer of the effect."""
        return {Rate: self.write}

    def write(self, effect: Rate, context: EffectContext, writes: WriteSet) -> None:
        """Add the number, in place of one that the person gave just before; Duplicate for a redelivery."""
        writes.add(
            _TAKE_BACK,
            {
                "of_contact": context.contact_id,
                "of_about": effect.about,
                "of_subject": effect.subject,
                "since": to_ms(context.now - _SECOND_THOUGHTS),
                "of_cause": context.cause,
            },
        )
        row = {
            "id": context.chance.id(context.now),
            "contact_id": context.contact_id,
            "effect_key": context.cause,
            "about": effect.about,
            "subject": effect.subject,
            "score": effect.score,
            "channel": context.channel,
            "language": effect.language,
            "place": effect.place,
            "at": to_ms(context.now),
            "purge_at": to_ms(context.now + self.keep),
        }
        writes.add(_INSERT, row, rows=1, otherwise=Duplicate)
