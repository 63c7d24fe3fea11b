"""Files in the web chat: taken as they come, told by their bytes, sealed at once, and gone when nobody wants them."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from io import BytesIO

import pytest
from aiohttp import ClientSession, FormData
from sqlalchemy import func, select

from bot.db import Database
from bot.media import media_rule
from bot.messages import MediaKind
from bot.retention import purge
from bot.schema import media_pieces
from bot.uploads import PIECE_BYTES, Upload, Uploads
from channels.base import Wiring
from channels.web import Settings
from tests.channels.harness import Edge
from tests.channels.pages import PACK, SESSION, Answering, open_pages

JPEG = b"\xff\xd8\xff" + bytes(600_000)
PDF = b"%PDF-1.4 " + b"x" * 2000
FORM = "multipart/form-data; boundary=b"
NOBODY = {"session": "short", "id": "1"}
FIELDS = {"session": SESSION, "id": "1", "language": "en"}


@pytest.fixture
async def answering(edge: Edge, wiring: Wiring) -> Answering:
    """What answers behind the pages of the edge."""
    return await open_pages(edge, wiring, Settings(per_session=4))


def form(data: bytes, name: str = "photo.jpg", fields: Mapping[str, str] = FIELDS) -> FormData:
    """As a page sends it: what is hidden first."""
    made = FormData()
    for key, value in fields.items():
        made.add_field(key, value)
    made.add_field("file", BytesIO(data), filename=name, content_type="image/jpeg")
    made.add_field("text", "")
    return made


async def send(
    session: ClientSession, edge: Edge, body: FormData | bytes, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The status and the body of the answer."""
    url = f"{edge.url}/channels/web/files"
    async with session.post(url, data=body, headers=headers) as response:
        return response.status, await response.text()


async def pieces(db: Database) -> int:
    """How many there are."""
    row = await db.first(select(func.count()).select_from(media_pieces))
    return int(row[0]) if row else 0


def uploads(edge: Edge) -> Uploads:
    """Those of the edge."""
    return Uploads(edge.store.db, edge.store.clock, edge.store.chance)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(JPEG, MediaKind.PHOTO), (PDF, MediaKind.DOCUMENT), (b"OggS" + bytes(99), MediaKind.VOICE)],
)
async def test_a_file_is_a_message_and_what_it_is_says_its_bytes(
    data: bytes, kind: MediaKind, edge: Edge, answering: Answering, session: ClientSession
) -> None:
    status, told = await send(session, edge, form(data))
    assert status == 200
    assert '"pending": false' in told
    (message,) = answering.messages
    (attachment,) = message.attachments
    assert (attachment.kind, attachment.name, attachment.size) == (kind, "photo.jpg", len(data))
    upload = Upload.parse(attachment.reference)
    assert upload is not None
    assert upload.pieces == -(-len(data) // PIECE_BYTES)
    assert await uploads(edge).read(upload) == data


async def test_nothing_of_a_file_lies_open(edge: Edge, answering: Answering, session: ClientSession) -> None:
    await send(session, edge, form(PDF))
    rows = await edge.store.db.fetch(select(media_pieces.c.piece))
    assert rows
    assert not any(b"PDF" in bytes(each.piece) for each in rows)
    assert answering.messages


@pytest.mark.parametrize(
    ("data", "fields", "status"),
    [
        (b"<html><script>", FIELDS, 415),
        (b"MZ" + bytes(500), FIELDS, 415),
        (b"PK\x03\x04" + bytes(500), FIELDS, 415),
        (b"\0\0\0\x18ftypisom" + bytes(600_000), FIELDS, 413),  # a sound, for films are not taken here
        (b"", FIELDS, 415),
        (JPEG + bytes(1_600_000), FIELDS, 413),
        (b"%PDF-" + bytes(1_000_000), FIELDS, 413),
        (JPEG + bytes(3_000_000), FIELDS, 413),
        (JPEG, {"id": "1"}, 400),
        (JPEG, {"session": SESSION}, 400),
        (JPEG, {"session": "short", "id": "1"}, 400),
        (JPEG, FIELDS | {"payload": "x" * 20_000}, 400),
        (JPEG, FIELDS | {str(number): "" for number in range(9)}, 400),
    ],
)
async def test_what_is_not_taken_leaves_nothing(
    data: bytes,
    fields: Mapping[str, str],
    status: int,
    edge: Edge,
    answering: Answering,
    session: ClientSession,
) -> None:
    assert (await send(session, edge, form(data, fields=fields)))[0] == status
    assert answering.messages == []
    assert await pieces(edge.store.db) == 0


async def test_another_site_hands_nothing_in(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await send(session, edge, form(PDF), headers))[0] == 403
    assert (await send(session, edge, b"{}", {"Content-Type": "application/json"}))[0] == 415
    assert answering.messages == []


async def test_a_file_sent_again_is_taken_once_and_lies_here_once(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    for _ in range(2):
        assert (await send(session, edge, form(PDF)))[0] == 200
    assert len(answering.messages) == 1
    assert await pieces(edge.store.db) == 1


async def test_two_files_and_forms_in_forms_are_none_of_ours(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    two = form(PDF)
    two.add_field("more", BytesIO(PDF), filename="2.pdf")
    assert (await send(session, edge, two))[0] == 400
    nested = (
        b'--b\r\nContent-Disposition: form-data; name="x"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n'
        b"--c\r\n\r\nx\r\n--c--\r\n--b--\r\n"
    )
    headers = {"Content-Type": FORM}
    assert (await send(session, edge, nested, headers))[0] == 400
    assert answering.messages == []


async def test_who_sends_too_much_is_told_before_a_file_is_read(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    statuses = [(await send(session, edge, form(PDF, fields=FIELDS | {"id": str(n)})))[0] for n in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    assert len(answering.messages) == 4
    assert await pieces(edge.store.db) == 4


async def test_the_file_of_a_message_without_an_answer_is_erased(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    answering.limited = [""]
    assert (await send(session, edge, form(PDF)))[0] == 200
    assert await pieces(edge.store.db) == 0


async def test_a_database_that_is_away_is_said(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    answering.away = True
    assert (await send(session, edge, form(PDF)))[0] == 503


async def test_many_slow_files_of_one_address_are_told_to_wait(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"--b\r\n"
        await gate.wait()
        yield b"--b--\r\n"

    url, headers = f"{edge.url}/channels/web/files", {"Content-Type": FORM}
    waiting = [asyncio.create_task(session.post(url, data=slow(), headers=headers)) for _ in range(16)]
    statuses = [(await send(session, edge, form(PDF, fields=NOBODY)))[0] for _ in range(60)]
    gate.set()
    assert statuses[-1] == 503
    assert {(await each).status for each in waiting} <= {400, 415}
    assert (await send(session, edge, form(PDF)))[0] == 200
    assert len(answering.messages) == 1


@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionParam")
async def test_no_mutation_of_a_form_is_a_fault(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    chance = random.Random(7)  # noqa: S311 (it must repeat itself)
    sample = (
        f'--b\r\nContent-Disposition: form-data; name="session"\r\n\r\n{SESSION}\r\n'
        '--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n1\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="ກ.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n%PDF-1.4 a form to fill in\r\n--b--\r\n"
    ).encode()
    headers = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
    for _ in range(300):
        body = bytearray(sample)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 9)] = chance.choice(
                [b"", b"\r\n", b"--b", b"\0", b"\xff\xfe", b'"', b"--b--", b": " * 9, chance.randbytes(6)]
            )
        status, _ = await send(session, edge, bytes(body), headers)
        assert status < 500
    assert len(answering.messages) <= 4


async def test_lines_before_a_form_keep_nobody_waiting(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    """A browser sends none; read one by one without end, they took all the time that there was."""
    status, told = await send(session, edge, b"\r\n" * 40_000, {"Content-Type": FORM})
    assert (status, "too_many_lines" in told) == (400, True)
    assert answering.messages == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity"])
async def test_a_form_that_is_packed_is_not_unpacked(
    edge: Edge, answering: Answering, session: ClientSession, encoding: str
) -> None:
    headers = {"Content-Type": FORM, "Content-Encoding": encoding}
    for path in ("/channels/web/files", "/chat"):
        body = gzip.compress(bytes(1_000_000))
        async with session.post(edge.url + path, data=body, headers=headers) as response:
            assert response.status == 415
    assert answering.messages == []


async def test_a_name_that_is_no_text_is_shown_as_far_as_it_is_one(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="session"\r\n\r\n{SESSION}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a NAME.pdf"\r\n\r\n%PDF-1.4 x\r\n'
        '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\r\n--b--\r\n'
    ).encode()
    for name in (b"\xff\xfe", b"\xed\xa0\x80", "\u202e".encode()):
        async with session.post(
            f"{edge.url}/chat", data=body.replace(b"NAME", name), headers={"Content-Type": FORM}
        ) as response:
            assert response.status == 200, await response.text()
            assert "<p>a .pdf</p>" in await response.text()
    assert {each.attachments[0].name for each in answering.messages} == {"a .pdf"}


async def test_what_was_left_behind_goes_after_a_week(edge: Edge) -> None:
    store = edge.store
    receiving = uploads(edge).begin()
    await receiving.add(PDF)
    await receiving.done()
    for days, left in ((6, 1), (2, 0)):
        store.pinned.advance(timedelta(days=days).total_seconds())
        await purge(store.db, store.clock.now(), [media_rule()])
        assert await pieces(store.db) == left


async def test_without_script_a_file_goes_with_the_words_and_a_refusal_is_said(
    edge: Edge, answering: Answering, session: ClientSession
) -> None:
    for data, said in ((PDF, "re: "), (b"MZ" + bytes(99), PACK.label("en", "chat_file_kind"))):
        body = form(data, name="paper.pdf", fields=FIELDS | {"id": str(len(said))})
        async with session.post(f"{edge.url}/chat", data=body) as response:
            page = await response.text()
        assert response.status == 200
        assert said in page
        assert SESSION in page
    (message,) = answering.messages
    assert [each.kind for each in message.attachments] == [MediaKind.DOCUMENT]
