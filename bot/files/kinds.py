"""What a file is, told from its bytes alone: names and announced types are anybody's to choose."""

from __future__ import annotations

from bot.messages import MediaKind

JPEG, PDF, OGG, MP4, M4A, MP3, AAC, AMR = (
    "image/jpeg",
    "application/pdf",
    "audio/ogg",
    "video/mp4",
    "audio/mp4",
    "audio/mpeg",
    "audio/aac",
    "audio/amr",
)
# The type under which a file is kept: its kind, and how its name ends when it is handed out.
KEPT = {
    JPEG: (MediaKind.PHOTO, "jpg"),
    PDF: (MediaKind.DOCUMENT, "pdf"),
    OGG: (MediaKind.VOICE, "ogg"),
    M4A: (MediaKind.VOICE, "m4a"),
    MP3: (MediaKind.VOICE, "mp3"),
    AAC: (MediaKind.VOICE, "aac"),
    AMR: (MediaKind.VOICE, "amr"),
    MP4: (MediaKind.VIDEO, "mp4"),
}
# Pictures of all these become one kind.
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

_BEGINNINGS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF),
    (b"OggS", OGG),
    (b"#!AMR\n", AMR),
    (b"#!AMR-WB\n", AMR),
    (b"ID3", MP3),
)
# Pictures in the container of films: what opens them is a large library with a history of holes.
_PICTURES_IN_BOXES = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"}
)
_SYNC, _LAYER = 0xE0, 0x06


def sniff(data: bytes) -> str:
    """The media type that the first bytes are the beginning of, empty for everything that is not taken.

    A film and a sound in the same container (ISO 14496-12) are both video/mp4 here.
    """
    for beginning, media_type in _BEGINNINGS:
        if data.startswith(beginning):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return "" if data[8:12] in _PICTURES_IN_BOXES else MP4
    if len(data) > 1 and data[0] == 0xFF and data[1] & _SYNC == _SYNC:  # noqa: PLR2004 - the first byte of a frame
        # Two bits tell the layer: none is AAC in ADTS (ISO 13818-7), the others are MPEG audio.
        return MP3 if data[1] & _LAYER else AAC
    return ""
