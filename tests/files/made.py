"""Files of every kind, made here: nobody's property, and with something in each that must not be kept."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pikepdf
from PIL import Image

from bot.files.recordings import _sealed

CANARY = b"canary-in-a-coal-mine"
_GPS, _MAKE, _ORIENTATION, _COMMENT = 0x8825, 0x010F, 0x0112, 0x9286


def jpeg(side: int = 40, *, turned: int = 1) -> bytes:
    """A photo with a place, a maker, a comment, a description in XMP and another picture behind its end."""
    exif = Image.Exif()
    exif[_MAKE], exif[_ORIENTATION] = CANARY.decode(), turned
    exif.get_ifd(_GPS).update({1: "N", 2: (17.0, 57.0, 30.0), 3: "E", 4: (102.0, 36.0, 0.0)})
    file = BytesIO()
    image = Image.new("RGB", (side, side // 2), "red")
    image.save(file, "JPEG", exif=exif, comment=CANARY, xmp=b"<x>" + CANARY + b"</x>", icc_profile=CANARY)
    return file.getvalue() + CANARY


def picture(kind: str, mode: str = "RGB") -> bytes:
    """A small picture of a kind that Pillow writes."""
    file = BytesIO()
    Image.new(mode, (40, 20)).save(file, kind)
    return file.getvalue()


def moving_picture() -> bytes:
    """A GIF that is green at first and red afterwards."""
    file = BytesIO()
    frames = [Image.new("RGB", (40, 20), colour) for colour in ("green", "red", "red")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], comment=CANARY)
    return file.getvalue()


def png_bomb(side: int = 31_623) -> bytes:
    """A PNG of a few bytes that claims a thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(50_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def pdf() -> bytes:
    """A paper that acts when it is opened, has files in it, tells of its author, and shows a photo with a place."""
    paper = pikepdf.Pdf.new()
    page = paper.add_blank_page(page_size=(200, 200))
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=CANARY.decode())
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=CANARY.decode())
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=CANARY.decode()),
    )  # fmt: skip
    paper.Root.OpenAction = script
    paper.Root.AA = pikepdf.Dictionary(WC=script)
    paper.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=["x", paper.make_indirect(script)])
    )
    page.obj.AA = pikepdf.Dictionary(O=launch)
    page.obj.Annots = pikepdf.Array([paper.make_indirect(link)])
    page.obj.Metadata = paper.make_stream(CANARY)
    page.obj.PieceInfo = pikepdf.Dictionary(X=CANARY.decode())
    page.obj.Contents = paper.make_stream(b"q 100 0 0 100 0 0 cm /I Do Q")
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=_photo(paper)))
    paper.attachments["canary.exe"] = CANARY
    paper.docinfo["/Author"] = CANARY.decode()
    with paper.open_metadata() as about:
        about["dc:title"] = CANARY.decode()
    file = BytesIO()
    paper.save(file, compress_streams=False)
    return file.getvalue() + CANARY


def _photo(paper: pikepdf.Pdf) -> pikepdf.Object:
    return paper.make_stream(
        jpeg(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=40,
        Height=20,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
        Metadata=paper.make_stream(CANARY),
    )


def locked_pdf() -> bytes:
    """A paper that asks for a password."""
    paper, file = pikepdf.Pdf.new(), BytesIO()
    paper.add_blank_page()
    paper.save(file, encryption=pikepdf.Encryption(owner="o", user="u"))
    return file.getvalue()


def ogg(comment: bytes = CANARY) -> bytes:
    """An Opus recording whose tags tell something, with another stream's page and more behind its end."""
    tags = b"OpusTags" + struct.pack("<I", 5) + b"maker" + struct.pack("<II", 1, len(comment)) + comment
    pages = [_page(0, b"OpusHead" + bytes(11)), *_pages(tags), _page(9, b"sound" * 40)]
    stranger = bytearray(_page(0, CANARY))
    stranger[14] = 7
    return b"".join([*pages, bytes(stranger)]) + CANARY


def _pages(packet: bytes) -> list[bytes]:
    """A packet over as many pages as it needs."""
    most = 255 * 255
    parts = [packet[at : at + most] for at in range(0, len(packet), most)]
    return [_page(n + 1, part, ends=n == len(parts) - 1) for n, part in enumerate(parts)]


def _page(number: int, body: bytes, *, ends: bool = True) -> bytes:
    whole, rest = divmod(len(body), 255)
    table = bytes([255] * whole + ([rest] if ends else []))
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, 0, 0, 1, number, 0, len(table))
    return _sealed(head + table + body)


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of ISO 14496-12."""
    inside = b"".join(content)
    return struct.pack(">I", 8 + len(inside)) + kind + inside


def mp4(*, kind: bytes = b"vide", brand: bytes = b"isom") -> bytes:
    """A film with a place in its user data, a track of places, a date, and a box of nobody's."""

    def track(handler: bytes, *more: bytes) -> bytes:
        described = box(b"hdlr", bytes(8), handler, bytes(12), b"name\0")
        minf = box(b"minf", box(b"stbl", box(b"stsd", b"data")))
        return box(b"trak", box(b"tkhd", b"\0\0\0\1", b"DATEDATE"), box(b"mdia", described, minf), *more)

    moov = box(
        b"moov",
        box(b"mvhd", b"\0\0\0\0", b"DATEDATE", bytes(80)),
        track(kind, box(b"udta", CANARY)),
        track(b"meta", box(b"xyz ", CANARY)),
        box(b"udta", box(b"\xa9xyz", CANARY)),
        box(b"meta", CANARY),
    )
    return b"".join(
        [
            box(b"ftyp", brand, bytes(4)),
            box(b"free", CANARY),
            moov,
            box(b"uuid", CANARY),
            box(b"mdat", b"FRAMES"),
        ]
    )


def mp3() -> bytes:
    """MPEG audio between two tags."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, 0, len(CANARY)]) + CANARY
    # 128 kilobits and 44,100 samples a second: 417 bytes a frame.
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return tag + frame * 3 + b"TAG" + CANARY.ljust(125, b"\0")


def adts() -> bytes:
    """Two frames of AAC of 20 bytes, and something behind them."""
    frame = b"\xff\xf1\x50\x80" + (20 << 5 | 0x1F).to_bytes(2, "big") + b"\xfc" + bytes(13)
    return frame * 2 + CANARY


def amr(*, wide: bool = False) -> bytes:
    """Two frames of speech, one of silence, and something behind them."""
    if wide:
        return b"#!AMR-WB\n" + (b"\x04" + bytes(17)) * 2 + b"\x7c" + CANARY
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * 2 + b"\x7c" + CANARY
