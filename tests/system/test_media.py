"""A photo goes all the way: from an MMS or a page to the file that staff get, and what it told besides is nowhere."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, FormData
from PIL import Image

from tests.files import made
from tests.servers.twilio import ACCOUNT
from tests.system.canaries import files_below, found
from tests.system.phones import TwilioSide, fields_of, sid
from tests.system.server import Finished, PatouServer, until
from tests.system.test_end_to_end import reference_in

_API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"


async def send(side: TwilioSide, phone: str, text: str, *files: bytes) -> None:
    """An MMS with these files."""
    form = fields_of(phone, text, sid()) | {"NumMedia": str(len(files))}
    for number, data in enumerate(files):
        name = "ME" + secrets.token_hex(16)
        side.provider.files[name] = data
        form[f"MediaUrl{number}"] = f"{_API}/Messages/{form['MessageSid']}/Media/{name}"
        form[f"MediaContentType{number}"] = "image/jpeg"
    before = len(side.replies(phone))

    async def acknowledged() -> bool:
        return await side.post(form) == 200

    async def answered() -> bool:
        return len(side.replies(phone)) > before

    await until(acknowledged, "an MMS to be acknowledged", pause=0.2)
    await until(answered, "the reply to an MMS")


async def _handed_out(
    server: PatouServer, reference: str, out: Path
) -> tuple[Sequence[Mapping[str, Any]], Finished]:
    """What the commands list and write of a case, once nothing waits any more."""

    async def looked_at() -> bool:
        rows = await server.export("media")
        return bool(rows) and all(each["state"] != "waiting" for each in rows)

    await until(looked_at, "the photo to be looked at", pause=0.2)
    listed, finished = await asyncio.gather(
        server.command("media", "list", reference),
        server.command("media", "export", reference, "--out", str(out)),
    )
    return listed.records, finished


async def test_a_photo_with_its_words_is_kept_with_the_case_and_nothing_that_it_told_besides(
    server: PatouServer, twilio_side: TwilioSide, tmp_path: Path
) -> None:
    phone = "+8562055500101"
    words = "I want to complain, the road at the market of Pakse is full of potholes since May"
    await send(twilio_side, phone, words, made.jpeg(400, turned=6))
    receipt = await twilio_side.ask(phone, "1")
    reference = reference_in(receipt)

    listed, finished = await _handed_out(server, reference, tmp_path / "out")
    assert [each["state"] for each in listed] == ["stored"]
    assert finished.code == 0, finished.err
    (path,) = map(Path, finished.out.splitlines())
    with Image.open(path) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (200, 400), {})
    assert made.CANARY not in path.read_bytes()
    assert found([made.CANARY.decode()], files_below(server.setup.folder)) == []
    cases = {each["reference"]: each for each in await server.export("cases")}
    assert [each["state"] for each in cases[reference]["attachments"]] == ["stored"]


async def test_a_photo_of_the_page_without_script_goes_the_same_way(
    server: PatouServer, tmp_path: Path
) -> None:
    fields = {"session": secrets.token_hex(16), "language": "en"}
    words = "I want to complain, the road at the market of Pakse is full of potholes since May"

    async def write(text: str, *files: bytes) -> str:
        form = FormData([*fields.items(), ("id", secrets.token_hex(6)), ("text", text)])
        form.add_field("file", BytesIO(b"".join(files)), filename="road.jpg" if files else "")
        async with ClientSession() as session, session.post(f"{server.url}/chat", data=form) as response:
            assert response.status == 200
            return await response.text()

    await write(words, made.jpeg(400, turned=6))
    reference = reference_in(await write("1"))

    listed, finished = await _handed_out(server, reference, tmp_path / "out")
    assert [each["state"] for each in listed] == ["stored"]
    (path,) = map(Path, finished.out.splitlines())
    with Image.open(path) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (200, 400), {})
    assert found([made.CANARY.decode()], files_below(server.setup.folder)) == []


async def test_what_cannot_be_kept_is_told(twilio_side: TwilioSide) -> None:
    phone = "+8562055500102"
    await send(twilio_side, phone, "", b"MZ this is a program", made.jpeg()[:100])
    before = len(twilio_side.replies(phone))
    assert before == 1

    async def told() -> bool:
        return "".join(twilio_side.replies(phone)[before:]).count(": 1") == 2

    await until(told, "both reasons", pause=0.2)


async def test_a_bomb_harms_nobody(server: PatouServer, twilio_side: TwilioSide) -> None:
    phone, other = "+8562055500103", "+8562055500104"
    await send(twilio_side, phone, "", made.png_bomb(), b"%PDF-1.7" + bytes(100_000), bytes(12_000_000))
    assert "60" in await twilio_side.ask(other, "how much is a passport")

    async def settled() -> bool:
        rows = await server.export("media")
        return [each["state"] for each in rows].count("waiting") == 0

    await until(settled, "everything to be looked at", pause=2)
    assert await server.is_ready()
