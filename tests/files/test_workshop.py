"""What is kept of a file: what was to be seen or heard; and what a file cannot do to whoever opens it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.files import frames, kinds, recordings
from bot.files.errors import NotKept, Reason
from bot.files.workshop import CleanFile, Workshop
from bot.messages import MediaKind
from tests.files import made
from tests.files.made import CANARY

Make = Callable[[], bytes]
Reader = Callable[[bytes], bytes]


async def cleaned(data: bytes) -> CleanFile:
    return await Workshop(seconds=30).clean(data)


@pytest.mark.parametrize(
    ("make", "media_type", "kind"),
    [
        (made.jpeg, "image/jpeg", MediaKind.PHOTO),
        (made.moving_picture, "image/jpeg", MediaKind.PHOTO),
        (lambda: made.picture("PNG", "RGBA"), "image/jpeg", MediaKind.PHOTO),
        (lambda: made.picture("PNG", "P"), "image/jpeg", MediaKind.PHOTO),
        (lambda: made.picture("PNG", "I;16"), "image/jpeg", MediaKind.PHOTO),
        (lambda: made.picture("JPEG", "CMYK"), "image/jpeg", MediaKind.PHOTO),
        (lambda: made.picture("WEBP"), "image/jpeg", MediaKind.PHOTO),
        (made.pdf, "application/pdf", MediaKind.DOCUMENT),
        (made.ogg, "audio/ogg", MediaKind.VOICE),
        (lambda: made.ogg(CANARY * 10_000), "audio/ogg", MediaKind.VOICE),
        (made.mp4, "video/mp4", MediaKind.VIDEO),
        (lambda: made.mp4(kind=b"soun", brand=b"M4A "), "audio/mp4", MediaKind.VOICE),
        (made.mp3, "audio/mpeg", MediaKind.VOICE),
        (made.adts, "audio/aac", MediaKind.VOICE),
        (made.amr, "audio/amr", MediaKind.VOICE),
        (lambda: made.amr(wide=True), "audio/amr", MediaKind.VOICE),
    ],
)
async def test_what_is_kept_tells_nothing_beside_what_is_shown(
    make: Make, media_type: str, kind: MediaKind
) -> None:
    given = make()
    file = await cleaned(given)
    assert (file.media_type, file.kind) == (media_type, kind)
    assert CANARY not in file.data


async def test_the_place_of_a_photo_is_gone_and_it_stands_upright() -> None:
    file = await cleaned(made.jpeg(turned=6))
    with Image.open(BytesIO(file.data)) as image:
        assert dict(image.getexif()) == {}
        assert (image.size, image.mode, set(image.info)) == (
            (20, 40), "RGB", {"jfif", "jfif_version", "jfif_unit", "jfif_density"},
        )  # fmt: skip


async def test_a_large_photo_is_made_as_large_as_its_readers_need() -> None:
    file = await cleaned(made.jpeg(4000))
    with Image.open(BytesIO(file.data)) as image:
        assert image.size == (2048, 1024)


async def test_of_a_moving_picture_the_first_is_kept() -> None:
    file = await cleaned(made.moving_picture())
    with Image.open(BytesIO(file.data)) as image:
        red, green, _ = image.getpixel((5, 5))  # type: ignore[misc]  # three colours
        assert green > red
        assert getattr(image, "n_frames", 1) == 1


async def test_a_paper_shows_its_pages_and_does_nothing() -> None:
    file = await cleaned(made.pdf())
    with pikepdf.open(BytesIO(file.data)) as paper:
        assert set(paper.Root.keys()) == {"/Type", "/Pages"}
        assert len(paper.attachments) == 0
        assert dict(paper.docinfo) == {}
        page = paper.pages[0].obj
        assert set(page.keys()) <= {"/Type", "/Parent", "/MediaBox", "/Contents", "/Resources"}
        photo = page.Resources.XObject.I
        assert photo.read_raw_bytes().startswith(b"\xff\xd8")
        assert "/Metadata" not in photo
        for each in paper.objects:
            # What is packed is looked into as well.
            if isinstance(each, pikepdf.Stream) and each.get("/Filter") != pikepdf.Name.DCTDecode:
                assert CANARY not in each.read_bytes()


async def test_the_tracks_of_a_film_stay_where_they_were() -> None:
    film = made.mp4()
    file = await cleaned(film)
    assert len(file.data) == len(film)
    assert file.data.index(b"FRAMES") == film.index(b"FRAMES")
    assert b"DATEDATE" not in file.data
    assert file.data.count(b"trak") == 1


async def test_an_opus_recording_still_has_right_checksums() -> None:
    file = await cleaned(made.ogg())
    pages = list(recordings._pages(file.data))
    assert [recordings._sealed(page) for page in pages] == pages
    assert b"OpusTags" in pages[1]
    assert recordings._body(pages[-1]) == b"sound" * 40
    assert b"".join(pages) == file.data


@pytest.mark.parametrize(
    ("reader", "data", "length"),
    [
        (recordings.untagged_mp3, made.mp3(), 3 * 417),
        (frames.adts, made.adts(), 40),
        (frames.amr, made.amr(), 6 + 2 * 32 + 1),
        (frames.amr, made.amr(wide=True), 9 + 2 * 18 + 1),
        # Version 2, layer 3, 64 kilobits, 22,050 samples, padded; version 1, layer 2, 192 kilobits, 48,000 samples.
        (frames.mpeg, b"\xff\xf3\x82\x00" + bytes(205) + b"PK", 209),
        (frames.mpeg, b"\xff\xfd\xa4\x00" + bytes(572) + b"PK", 576),
    ],
)
def test_sound_ends_with_its_last_frame(reader: Reader, data: bytes, length: int) -> None:
    assert len(reader(data)) == length


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (made.png_bomb, Reason.TOO_LARGE),
        (lambda: made.jpeg()[:200], Reason.UNREADABLE),
        (lambda: b"\xff\xd8\xff" + bytes(1000), Reason.UNREADABLE),
        (lambda: b"%PDF-1.7\n" + bytes(1000), Reason.UNREADABLE),
        (made.locked_pdf, Reason.UNREADABLE),
        (lambda: b"OggS" + bytes(1000), Reason.UNREADABLE),
        (lambda: made.box(b"ftyp", b"isom", bytes(4)), Reason.UNREADABLE),
        (lambda: made.mp4(brand=b"heic"), Reason.NOT_TAKEN),
        (lambda: b"ID3" + bytes(100), Reason.UNREADABLE),
        (lambda: b"\xff\xf1" + bytes(100), Reason.UNREADABLE),
        (lambda: b"#!AMR\n" + b"\xff" * 100, Reason.UNREADABLE),
        (lambda: b"MZ" + made.jpeg(), Reason.NOT_TAKEN),
        (lambda: b"PK\x03\x04" + made.pdf(), Reason.NOT_TAKEN),
        (lambda: b"<svg onload=alert(1)>", Reason.NOT_TAKEN),
        (lambda: b"<html>", Reason.NOT_TAKEN),
        (lambda: b"", Reason.NOT_TAKEN),
        (lambda: made.picture("TIFF"), Reason.NOT_TAKEN),
        (lambda: made.picture("BMP"), Reason.NOT_TAKEN),
    ],
)
async def test_what_is_not_kept(make: Make, reason: Reason) -> None:
    with pytest.raises(NotKept) as error:
        await cleaned(make())
    assert error.value.reason is reason


async def test_a_file_that_is_two_is_kept_as_the_one_that_it_begins_as() -> None:
    """A page and a program behind a picture: browsers and unpackers find them; in what is kept there is neither."""
    for behind in (b"<script>" + CANARY, b"PK\x03\x04" + CANARY, made.pdf()):
        file = await cleaned(made.jpeg() + behind)
        assert CANARY not in file.data
        assert b"<script>" not in file.data
        assert b"%PDF" not in file.data


async def test_whoever_takes_too_long_is_ended() -> None:
    with pytest.raises(NotKept) as error:
        await Workshop(seconds=0.01).clean(made.jpeg())
    assert error.value.reason is Reason.UNREADABLE


async def test_broken_pictures_and_papers_end_in_words() -> None:
    """Whatever was changed in a file, it is kept or refused with a reason; nothing else happens."""
    chance = random.Random(5)  # noqa: S311 - it must repeat itself
    for make in (made.jpeg, made.pdf, made.moving_picture, lambda: made.picture("WEBP")):
        for _ in range(4):
            data = bytearray(make())
            for _ in range(20):
                data[chance.randrange(8, len(data))] = chance.randrange(256)
            assert await _outcome(bytes(data)) in {"image/jpeg", "application/pdf", *Reason}


async def _outcome(data: bytes) -> str:
    try:
        return (await cleaned(data)).media_type
    except NotKept as error:
        return error.reason.value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([made.ogg(), made.mp4(), made.mp3(), made.adts(), made.amr()]), st.data())
def test_broken_recordings_end_in_words(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 8))):
        changed[draw.draw(st.integers(0, len(changed) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(changed[: draw.draw(st.integers(0, len(changed)))])
    readers = (
        recordings.untagged_ogg,
        recordings.untagged_mp3,
        recordings.untagged_mp4,
        frames.adts,
        frames.amr,
    )
    for reader in readers:
        with suppress(NotKept):
            assert reader(cut)


@given(st.binary(max_size=64))
def test_any_bytes_are_something_or_nothing(data: bytes) -> None:
    assert kinds.sniff(data) in {"", *kinds.KEPT, *kinds.PICTURES}
