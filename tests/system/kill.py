"""SIGKILL under load, again and again: what was acknowledged is there once, and reached the provider once.

`python -m tests.system.kill --times 200` runs it for long; `--database postgresql` on the other engine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientSession

from tests.servers.postgresql import PostgresqlServer
from tests.servers.twilio import TwilioServer
from tests.system.models import train
from tests.system.phones import TwilioSide, sid
from tests.system.server import PatouServer, Setup, until

# Each is answered by one message.
QUESTIONS = (
    "how much is a passport",
    "what do I need for an ID card",
    "ເຮັດພາສປອດລາຄາເທົ່າໃດ",
    "how long does an ID card take",
    "hello",
)
COMPLAINT = ("I want to complain that the road in Pakse is full of potholes, number {number}", "1")
_PEOPLE = 50  # a cycle; they come within _ARRIVALS seconds, and somewhere among them falls the kill
_ARRIVALS = 0.7
_UNTIL_KILL = (0.05, 0.65)
_SHARE_OF_COMPLAINTS = 0.25
_SHARE_OF_REPEATS = 0.2
_SHARE_OF_LOST_ANSWERS = 0.05
_REFERENCE = re.compile(r"\b([1-9][0-9]{3}) ([0-9]{4})\b")


@dataclass(kw_only=True, slots=True)
class Told:
    """What was acknowledged."""

    questions: list[str] = field(default_factory=list)
    conversations: list[tuple[str, str]] = field(default_factory=list)


class Verdict(Counter[str]):
    """Figures of a run; `faults` must be 0."""


class Siege:
    """Load on one installation, kills in the middle of it, and the count afterwards."""

    def __init__(self, server: PatouServer, side: TwilioSide, seed: int) -> None:
        self._server = server
        self._side = side
        self._random = random.Random(seed)  # noqa: S311 - it must repeat itself
        self._told = Told()
        self._phone = 0
        self.kills = 0

    async def cycle(self) -> None:
        """People write, the process is killed among it and started again, they insist until acknowledged."""
        lost = self._random.choices(
            ("ok", "lose"), (1 - _SHARE_OF_LOST_ANSWERS, _SHARE_OF_LOST_ANSWERS), k=_PEOPLE
        )
        self._side.provider.plan.extend(lost)
        people = [
            asyncio.create_task(self._person(self._random.uniform(0, _ARRIVALS))) for _ in range(_PEOPLE)
        ]
        await asyncio.sleep(self._random.uniform(*_UNTIL_KILL))
        await self._server.kill()
        self.kills += 1
        await self._server.start()
        await asyncio.gather(*people)

    async def verdict(self) -> Verdict:
        """Wait until everything is sent, then count."""
        inbox = await self._settled("inbox", ("pending",))
        outbox = await self._settled("outbox", ("queued", "sending", "in_doubt"))
        cases = await self._server.export("cases")
        return self._judge(inbox, outbox, cases)

    async def _settled(self, what: str, moving: Sequence[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []

        async def settled() -> bool:
            rows[:] = await self._server.export(what)
            return all(row["state"] not in moving for row in rows)

        await until(settled, f"everything in the {what} to be done", 120)
        return rows

    async def _person(self, comes_after: float) -> None:
        """One person: a question, perhaps delivered twice at once, or a whole complaint."""
        await asyncio.sleep(comes_after)
        self._phone += 1
        number = self._phone
        phone = f"+85620{55_000_000 + number}"
        if self._random.random() < _SHARE_OF_COMPLAINTS:
            first = await self._side.insist(phone, COMPLAINT[0].format(number=number))
            second = await self._side.insist(phone, COMPLAINT[1])
            self._told.conversations.append((first, second))
            return
        text, message = self._random.choice(QUESTIONS), sid()
        copies = 2 if self._random.random() < _SHARE_OF_REPEATS else 1
        await asyncio.gather(*(self._side.insist(phone, text, message) for _ in range(copies)))
        self._told.questions.append(message)

    def _judge(
        self,
        inbox: Sequence[Mapping[str, Any]],
        outbox: Sequence[Mapping[str, Any]],
        cases: Sequence[Mapping[str, Any]],
    ) -> Verdict:
        told = self._told
        acknowledged = [*told.questions, *(each for pair in told.conversations for each in pair)]
        rows = Counter(row["external_id"] for row in inbox)
        replies = Counter(row["cause"].partition(":")[2] for row in outbox)
        sent = Counter(_outbox_id(each) for each in self._side.provider.messages)
        receipts = {"".join(found.groups()) for row in outbox if (found := _REFERENCE.search(row["text"]))}
        numbers = Counter(row["text"].rpartition(" ")[2] for row in cases)
        verdict = Verdict(
            kills=self.kills,
            acknowledged=len(acknowledged),
            cases=len(cases),
            handed_over=len(self._side.provider.messages),
            cut_off_sending=sum(
                each["count"] for each in self._server.log if each["event"] == "delivery.lost_attempts"
            ),
            messages_lost=sum(rows[each] == 0 for each in acknowledged),
            messages_doubled=sum(count > 1 for count in rows.values()),
            messages_failed=sum(row["state"] != "done" for row in inbox),
            replies_lost=sum(replies[each] == 0 for each in acknowledged),
            replies_doubled=sum(replies[each] > 1 for each in acknowledged),
            replies_not_sent=sum(row["state"] != "sent" for row in outbox),
            sends_lost=sum(sent[row["id"]] == 0 for row in outbox),
            sends_doubled=sum(count > 1 for count in sent.values()),
            cases_lost=len(told.conversations) - len(numbers),
            cases_doubled=sum(count > 1 for count in numbers.values()),
            receipts_wrong=len(receipts ^ {row["reference"] for row in cases}),
        )
        wrong = ("lost", "doubled", "failed", "sent", "wrong")
        verdict["faults"] = sum(abs(verdict[each]) for each in list(verdict) if each.endswith(wrong))
        return verdict


def _outbox_id(message: Mapping[str, Any]) -> str:
    callback: str = message["status_callback"]
    return parse_qs(urlsplit(callback).query)["m"][0]


async def _run(times: int, seconds: float, database: str, seed: int) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="patou-kill-") as folder:
        models = Path(folder) / "models"
        models.mkdir()
        await train(models)
        postgresql = PostgresqlServer() if database == "postgresql" else None
        try:
            url = ""
            if postgresql:
                postgresql.start()
                postgresql.execute("CREATE DATABASE kill")
                url = postgresql.url("kill")
            return await _besiege(Path(folder), models, url, times, seconds, seed)
        finally:
            if postgresql:
                postgresql.remove()


async def _besiege(
    folder: Path, models: Path, database_url: str, times: int, seconds: float, seed: int
) -> Verdict:
    async with ClientSession() as session:
        provider = TwilioServer(session)
        await provider.start()
        setup = Setup(
            folder=folder,
            models=models,
            twilio_url=provider.url,
            database_url=database_url,
            provider_seconds=1.5,
            grace=3.0,
        )
        server = PatouServer(setup, session)
        siege = Siege(server, TwilioSide(server, provider, session), seed)
        started = time.monotonic()
        try:
            await server.start()
            while siege.kills < times and time.monotonic() - started < seconds:
                await siege.cycle()
            return await siege.verdict()
        finally:
            await server.close()
            await provider.stop()


def main() -> None:
    """Run from the command line; exit code 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="kills")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    verdict = asyncio.run(_run(given.times, given.seconds, given.database, given.seed))
    for name, figure in verdict.items():
        print(f"{name:20}{figure:8}")  # noqa: T201 - a command
    raise SystemExit(1 if verdict["faults"] else 0)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
