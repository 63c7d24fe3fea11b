"""What an operator does, and what befalls a machine: the service says so, stays up and heals by itself."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer
from tests.servers.twilio import TwilioServer
from tests.system.conftest import Make
from tests.system.disks import small_disk
from tests.system.phones import FORM, TwilioSide, fields_of, sid
from tests.system.server import PatouServer, until
from tests.system.test_end_to_end import PIN, reference_in

PHONE = "+8562055588001"
COMPLAINT = "I want to complain that the lamp at the ferry of Pakse is broken since June"


@pytest.fixture
async def own(make: Make) -> PatouServer:
    """A server of this test's own, on SQLite."""
    return make()


@pytest.fixture
def around(twilio: TwilioServer, session: ClientSession) -> tuple[TwilioServer, ClientSession]:
    """What a side of Twilio is made of."""
    return twilio, session


Around = tuple[TwilioServer, ClientSession]


async def refused_with_retry_after(side: TwilioSide, session: ClientSession) -> None:
    """A message is answered 503 with the seconds after which to come again."""

    async def refused() -> bool:
        fields = fields_of(PHONE, "passport fee", sid())
        headers = {**FORM, "X-Twilio-Signature": side.provider.sign(side.url, fields)}
        async with session.post(side.url, data=urlencode(fields).encode(), headers=headers) as response:
            assert response.status in (200, 503)
            if response.status == 200:
                return False
            assert int(response.headers["Retry-After"]) >= 1
            assert json.loads(await response.text()).keys() == {"error"}
            return True

    await until(refused, "a message to be refused")


async def test_a_stop_finishes_what_is_under_way(own: PatouServer, around: Around) -> None:
    """Everything acknowledged is stored, nothing is left half sent, and the exit code is 0."""
    side = TwilioSide(own, *around)
    side.provider.messages.clear()
    await own.start()
    messages = [sid() for _ in range(60)]
    posted = [
        asyncio.create_task(side.deliver(f"+85620555{87_000 + number}", "how much is a passport", message))
        for number, message in enumerate(messages)
    ]
    await asyncio.wait(posted, return_when=asyncio.FIRST_COMPLETED)
    assert await own.stop() == 0
    answers = await asyncio.gather(*posted)
    assert set(answers) <= {200, 0}, "an answer is a whole one, or the connection was never taken"
    taken = {message for message, status in zip(messages, answers, strict=True) if status == 200}
    assert taken
    outbox = await own.export("outbox")
    causes = [row["cause"] for row in outbox]
    assert {row["state"] for row in outbox} <= {"queued", "sent"}
    assert {f"twilio:{message}" for message in taken} <= set(causes)
    assert len(causes) == len(set(causes))
    await own.start()

    async def sent() -> bool:
        return len(side.provider.messages) >= len(outbox)

    await until(sent, "what was left in the queue to be sent")
    assert len(side.provider.messages) == len(outbox)


async def test_one_process_serves_an_embedded_database(own: PatouServer, around: Around) -> None:
    await own.start()
    second = await own.command("serve", "--port", "0")
    assert second.code == 1
    assert second.err.startswith("patou: Another process serves the database")
    assert len(second.err.splitlines()) == 1
    assert "60" in await TwilioSide(own, *around).ask(PHONE, "how much is a passport")


async def test_secrets_are_for_their_owner_only(own: PatouServer) -> None:
    await own.start()
    files = [each for each in own.data.iterdir() if not each.is_symlink()]
    assert {"secret.key", "patou.db"} <= {each.name for each in files}
    for each in files:
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each
    assert stat.S_IMODE((own.data / "secret.key").stat().st_mode) == 0o600


async def test_a_full_disk(make: Make, around: Around, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    with small_disk(tmp_path / "small") as disk:
        server = make(data="small")
        side = TwilioSide(server, *around)
        await server.start()
        await side.ask(PHONE, "hello")
        with disk.full(server):
            await refused_with_retry_after(side, around[1])
            assert await server.status("/health/live") == 200
        assert "60" in await side.ask("+8562055588002", "how much is a passport")
        assert await server.is_ready()
        await server.stop()


async def test_a_locked_database(own: PatouServer, around: Around) -> None:
    side = TwilioSide(own, *around)
    await own.start()
    locker = sqlite3.connect(own.data / "patou.db", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    await refused_with_retry_after(side, around[1])
    assert await own.status("/health/live") == 200
    locker.execute("ROLLBACK")
    locker.close()
    assert "60" in await side.ask("+8562055588003", "how much is a passport")


@pytest.fixture
def own_postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that this test may stop."""
    server = PostgresqlServer()
    server.start()
    server.execute("CREATE DATABASE patou")
    yield server
    server.remove()


async def test_postgresql_stopped_and_started(
    make: Make, around: Around, own_postgresql: PostgresqlServer
) -> None:
    server = make(database_url=own_postgresql.url("patou"))
    side = TwilioSide(server, *around)
    await server.start()
    await side.ask(PHONE, "hello")
    own_postgresql.stop()
    await refused_with_retry_after(side, around[1])
    assert await server.status("/health/live") == 200
    assert await server.status("/health/ready") == 503
    own_postgresql.start()
    assert "60" in await side.ask("+8562055588004", "how much is a passport")
    assert await server.stop() == 0


async def test_redis_stopped_and_started(make: Make, around: Around) -> None:
    """Redis holds nothing that matters: without it everything goes on."""
    redis = RedisServer()
    redis.start()
    try:
        server = make(redis_url=redis.url)
        side = TwilioSide(server, *around)
        await server.start()
        for number, change in enumerate((lambda: None, redis.stop, redis.start)):
            change()
            assert "60" in await side.ask(f"+856205558900{number}", "how much is a passport")
        assert await server.stop() == 0
    finally:
        redis.stop()


async def test_the_commands_of_an_operator(own: PatouServer, around: Around) -> None:
    """Beside a server that runs, and with what a script can tell from them."""
    side = TwilioSide(own, *around)
    await own.start()
    await side.ask(PHONE, COMPLAINT)
    receipt = await side.ask(PHONE, "1")
    checked, purged, routes = await asyncio.gather(
        own.command("db", "check"), own.command("purge"), own.command("routes", "--json")
    )
    assert (checked.code, checked.err) == (0, "")
    assert purged.code == 0
    assert set(json.loads(purged.out).values()) == {0}
    assert routes.code == 0
    listed = {(each["method"], each["path"]): each["roles"] for each in json.loads(routes.out)}
    assert listed["POST", "/channels/{name}/messages"] == ["provider"]
    assert listed["GET", "/health/ready"] == ["anyone"]
    pin = PIN.search(receipt)
    assert pin is not None
    exported = [own.command("export", each, "--jsonl") for each in ("inbox", "outbox", "audit", "consents")]
    for plain in await asyncio.gather(*exported, own.command("export", "cases", "--jsonl")):
        assert (plain.code, plain.err) == (0, "")
        assert PHONE[1:] not in plain.out
        assert not re.search(rf"(?<![0-9a-f]){pin[1]}(?![0-9a-f])", plain.out)
        assert all(isinstance(each, dict) for each in plain.records)
    opened = await own.command("export", "cases", "--jsonl", "--decrypt")
    assert [each["reference"] for each in opened.records] == [reference_in(receipt)]
    assert opened.records == await own.export("cases")

    async def whole() -> bool:
        verified = await own.command("audit", "verify")
        return verified.code == 0 and verified.out.startswith("Whole: 1 events")

    await until(whole, "the case's event to be linked")


async def test_commands_that_are_wrong(own: PatouServer) -> None:
    """1 for what is wrong with the installation, in one line; 2 for what is wrong with the command."""
    missing, *misused = await asyncio.gather(
        own.command("db", "check"),
        own.command("export", "everything"),
        own.command("serve", "--port", "many"),
    )
    assert missing.code == 1
    assert "Traceback" not in missing.err
    assert [each.code for each in misused] == [2, 2]
    (own.setup.folder / "channels.toml").write_text('[channels.x]\nkind = "pigeon"\n')
    refused = await own.command("serve", "--port", "0")
    assert refused.code == 1
    assert refused.err.startswith("patou: channels.x.kind")
    assert len(refused.err.splitlines()) == 1


async def test_keys_are_rotated_and_everything_still_opens(own: PatouServer, around: Around) -> None:
    side = TwilioSide(own, *around)
    await own.start()
    await side.ask(PHONE, COMPLAINT)
    receipt = await side.ask(PHONE, "1")
    assert (await own.command("keys", "rotate")).code == 1, "an embedded database is rotated at rest"
    assert await own.stop() == 0
    rotated = await own.command("keys", "rotate")
    assert rotated.code == 0, rotated.err
    await own.start()
    shown = await side.ask(PHONE, f"status of my complaint {reference_in(receipt)}")
    assert reference_in(shown) == reference_in(receipt)
    assert any("lamp" in row["text"] for row in await own.export("cases"))
    before = [row["urn"] for row in await own.export("inbox")]
    assert before == [f"tel:{PHONE}"] * 3


async def test_every_line_of_the_log_is_an_event(own: PatouServer, around: Around) -> None:
    side = TwilioSide(own, *around)
    await own.start()
    assert await side.send(b"", {}) == 403
    await own.stop()
    assert {"webhook.refused", "serve.stopping"} <= {each["event"] for each in own.log}
    assert all({"event", "level", "timestamp"} <= each.keys() for each in own.log)
