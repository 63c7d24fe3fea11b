"""Guesses at secrets: few a day on one person and on one number, whether or not the number exists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, String, bindparam, case, delete, select, update

from bot.clock import Clock, from_ms, to_ms
from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.schema import guesses

GUESSES_A_DAY = 5
_DAY = timedelta(days=1)
_DAY_MS = _DAY // timedelta(milliseconds=1)

_COUNT = select(guesses.c.wrong).where(
    guesses.c.lookup == bindparam("of"), guesses.c.day == bindparam("today")
)
_GIVE_BACK = (
    update(guesses)
    .where(guesses.c.lookup == bindparam("of"), guesses.c.day == bindparam("today"), guesses.c.wrong > 0)
    .values(wrong=guesses.c.wrong - 1)
)


_COUNTED = select(
    bindparam("to", type_=String).label("lookup"), guesses.c.day, guesses.c.wrong, guesses.c.purge_at
).where(guesses.c.lookup == bindparam("of"))
_FORGET = delete(guesses).where(guesses.c.lookup == bindparam("of"))


class CarriedGuesses:
    """Carries the guesses of one person over to another who turned out to be the same, or came out of them.

    Nobody gains guesses by linking and unlinking.
    """

    def __init__(self, db: Database, vault: Vault) -> None:
        self._vault = vault
        row = db.insert(guesses).from_select(["lookup", "day", "wrong", "purge_at"], _COUNTED)
        newer = row.excluded.day > guesses.c.day
        same = row.excluded.day == guesses.c.day
        self._add = row.on_conflict_do_update(
            index_elements=[guesses.c.lookup],
            set_={
                "wrong": case(
                    (newer, row.excluded.wrong),
                    (same, guesses.c.wrong + row.excluded.wrong),
                    else_=guesses.c.wrong,
                ),
                "day": case((newer, row.excluded.day), else_=guesses.c.day),
                "purge_at": case((newer, row.excluded.purge_at), else_=guesses.c.purge_at),
            },
        )

    def copy(self, of: str, to: str, writes: WriteSet) -> None:
        """Count for the person `to` what was counted for the person `of`, who keeps it."""
        writes.add(self._add, {"of": self._lookup(of), "to": self._lookup(to)})

    def move(self, of: str, to: str, writes: WriteSet) -> None:
        """The same for a person `of` who is no more."""
        self.copy(of, to, writes)
        writes.add(_FORGET, {"of": self._lookup(of)})

    def _lookup(self, person: str) -> str:
        return self._vault.lookup(f"guess:{_person(person)}")


class Guesses:
    """Counts a guess before it is judged, so that guesses made at once are never more than allowed.

    A guess is counted on who makes it and on what is guessed at: nothing tells a number that does
    not exist from somebody else's. Days are UTC days. `each` are the guesses of one guesser, more
    where many people may be behind one.
    """

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Clock,
        allowed: int = GUESSES_A_DAY,
        each: int = GUESSES_A_DAY,
    ) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._allowed, self._each = allowed, each
        row = db.insert(guesses)
        same_day = guesses.c.day == row.excluded.day
        self._add = row.on_conflict_do_update(
            index_elements=[guesses.c.lookup],
            set_={
                "wrong": case((same_day, guesses.c.wrong + 1), else_=1),
                "day": row.excluded.day,
                "purge_at": row.excluded.purge_at,
            },
        ).returning(guesses.c.wrong)

    async def take(self, guesser: str, at: str) -> int | None:
        """Count a guess of this person at this number: how many are left, None if there was none left.

        It stays counted whatever becomes of the turn. A person without guesses uses up nobody's number.
        """
        return await self._db.run(lambda connection: self._take(connection, guesser, at))

    async def give_back(self, guesser: str, at: str) -> None:
        """Take back the guess just counted: it was right."""

        def undo(connection: Connection) -> None:
            for subject in (_person(guesser), at):
                connection.execute(_GIVE_BACK, self._of(subject))

        await self._db.run(undo)

    async def left(self, guesser: str) -> int:
        """How many wrong guesses the person may still make today."""
        row = await self._db.first(_COUNT, self._of(_person(guesser)))
        return max(0, self._each - (row.wrong if row else 0))

    def _take(self, connection: Connection, guesser: str, at: str) -> int | None:
        left = self._each
        # The person first: two people who guess at one number wait for each other, and never in a ring.
        for subject, allowed in ((_person(guesser), self._each), (at, self._allowed)):
            wrong = connection.execute(self._add, self._row(subject)).scalar_one()
            left = min(left, allowed - wrong)
            if left < 0:
                return None
        return left

    def _of(self, subject: str) -> dict[str, Any]:
        return {"of": self._vault.lookup(f"guess:{subject}"), "today": self._today()}

    def _row(self, subject: str) -> dict[str, Any]:
        day = self._today()
        return {
            "lookup": self._vault.lookup(f"guess:{subject}"),
            "day": day,
            "wrong": 1,
            "purge_at": to_ms(from_ms(day * _DAY_MS) + 2 * _DAY),
        }

    def _today(self) -> int:
        return to_ms(self._clock.now()) // _DAY_MS


def _person(guesser: str) -> str:
    return f"person:{guesser}"
