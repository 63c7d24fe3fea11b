"""What comes with a message besides words, as providers tell of it: files that are still theirs, and places."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bot.messages import Attachment, MediaKind

Attachments = tuple[Attachment, ...]


def told_file(
    kind: MediaKind,
    reference: Any,
    about: Mapping[str, Any],
    *,
    media_type: str = "mime_type",
    name: str = "",
    size: str = "",
) -> Attachments:
    """A file by the provider's reference, with what its members say of it; none where the reference is no text."""
    if not isinstance(reference, str) or not reference:
        return ()
    return (
        Attachment(
            kind=kind,
            reference=reference,
            media_type=_text(about.get(media_type)),
            name=_text(about.get(name)),
            size=_size(about.get(size)),
        ),
    )


def told_place(latitude: Any, longitude: Any, name: Any = "") -> Attachments:
    """A place in degrees, as numbers or texts; none where they name no place on earth."""
    north, east = _degrees(latitude, 90.0), _degrees(longitude, 180.0)
    if north is None or east is None:
        return ()
    return (Attachment(kind=MediaKind.LOCATION, latitude=north, longitude=east, name=_text(name)),)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _size(value: Any) -> int:
    """Bytes; 0 for what is no such number, however long its digits are."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:15])
    return value if type(value) is int and 0 <= value < 1 << 53 else 0


def _degrees(value: Any, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    # Seven decimals are a centimetre.
    return round(degrees, 7) if math.isfinite(degrees) and abs(degrees) <= most else None
