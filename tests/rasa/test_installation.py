"""`PATOU_INTERPRETER=rasa`: an installation whose messages a Rasa server judges."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bot.config import Config
from bot.nlu.parse_data import ParseContext
from composition.installation import Ways, open_installation
from tests.servers.rasa import TOKEN, RasaServer, parsed

TEXT = "ເຮັດພາສປອດລາຄາເທົ່າໃດ"


async def test_the_server_is_asked_and_done_without(tmp_path: Path, trained: Path) -> None:
    (tmp_path / "models").symlink_to(trained)
    server, told = RasaServer(), Counter[str]()
    server.answers[TEXT] = parsed(("duration", 0.8), ("fee", 0.2))
    await server.start()
    config = Config(
        data_dir=tmp_path,
        anchor_file=tmp_path / "anchors.jsonl",
        interpreter="rasa",
        rasa_url=server.url,
        rasa_token=TOKEN,
        rasa_seconds=30.0,
    )
    async with open_installation(
        config, Ways(capabilities={}), lambda: None, asked=lambda outcome: told.update([outcome])
    ) as opened:
        heard = await opened.interpreter.parse(TEXT, ParseContext())
        assert heard["intent"] == {"name": "duration", "confidence": 0.8}
        assert (heard["language"], heard["entities"][0]["value"]) == ("lo", "passport")
        await server.stop()
        heard = await opened.interpreter.parse(TEXT, ParseContext())
        assert heard["intent"]["name"] == "fee"
    assert told == {"ok": 1, "no_connection": 1}
