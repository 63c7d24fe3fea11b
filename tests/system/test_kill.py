"""A process killed under load loses nothing that it acknowledged, and does nothing twice."""

from __future__ import annotations

from aiohttp import ClientSession

from tests.servers.twilio import TwilioServer
from tests.system.conftest import Make
from tests.system.kill import Siege
from tests.system.phones import TwilioSide

KILLS = 5


async def test_kills_under_load_lose_and_double_nothing(
    database_url: str, make: Make, twilio: TwilioServer, session: ClientSession
) -> None:
    server = make(database_url=database_url, provider_seconds=1.5, grace=3.0)
    twilio.messages.clear()
    twilio.plan.clear()
    siege = Siege(server, TwilioSide(server, twilio, session), seed=20)
    await server.start()
    for _ in range(KILLS):
        await siege.cycle()
    verdict = await siege.verdict()
    assert verdict["faults"] == 0, verdict
    assert verdict["cases"] > 0
    assert verdict["acknowledged"] > KILLS * 10
