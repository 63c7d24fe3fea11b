"""Messenger's files: what a message has with it, at addresses of Meta's own.

Sample of a message: {"mid": "m_…", "attachments": [{"type": "image", "payload": {"url": "https://…fbcdn.net/…"}}]}.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.messages import Attachment, MediaKind
from channels.attachments import Attachments, told_file, told_place
from channels.base import Source
from channels.documents import Document, items, member, text

API = "https://graph.facebook.com"
HOSTS = ("fbcdn.net", "fbsbx.com")
_KINDS: Mapping[str, MediaKind] = {
    "image": MediaKind.PHOTO,
    "audio": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
    "file": MediaKind.DOCUMENT,
}


def attachments(message: Document) -> Attachments:
    """The files and places in a message; a sticker, which comes as an image too, is none. Raises Malformed."""
    return tuple(each for told in items(message, "attachments") for each in _attachments(told))


def locate(attachment: Attachment, api_url: str) -> Source:
    """Where a file lies: its reference is the address, good without our token."""
    home = api_url.rstrip("/")
    return Source(url=attachment.reference, hosts=HOSTS, inside="" if home == API else home, redirects=1)


def _attachments(told: Document) -> Attachments:
    kind, payload = text(told, "type"), member(told, "payload")
    if kind == "location":
        place = member(payload, "coordinates")
        return told_place(place.get("lat"), place.get("long"))
    if kind not in _KINDS or "sticker_id" in payload:
        return ()
    return told_file(_KINDS[kind], payload.get("url"), payload)
