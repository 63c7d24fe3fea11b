"""LINE's files: what a message event has with it, and where LINE keeps it.

Sample of a message: {"id": "1", "type": "file", "fileName": "…", "fileSize": 2138}; of a place {"type": "location",
"title": "…", "latitude": 17.96, "longitude": 102.6}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.messages import Attachment, MediaKind
from channels.attachments import Attachments, told_file, told_place
from channels.base import Source
from channels.documents import Document, member, text
from channels.errors import FetchError

DATA = "https://api-data.line.me"
_ID = re.compile(r"[0-9]{1,40}")
_KINDS: Mapping[str, MediaKind] = {
    "image": MediaKind.PHOTO,
    "audio": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
    "file": MediaKind.DOCUMENT,
}


def attachments(message: Document) -> Attachments:
    """The file or the place that a message is. Raises Malformed."""
    kind = text(message, "type")
    if kind == "location":
        return told_place(message.get("latitude"), message.get("longitude"), message.get("title"))
    # What lies elsewhere was put there by a page of somebody: LINE has no copy that could be asked for.
    elsewhere = text(member(message, "contentProvider"), "type") == "external"
    if kind not in _KINDS or elsewhere:
        return ()
    return told_file(_KINDS[kind], message.get("id"), message, name="fileName", size="fileSize")


def locate(attachment: Attachment, data_url: str, headers: Mapping[str, str]) -> Source:
    """Where the content of a message lies. Raises FetchError."""
    if not _ID.fullmatch(attachment.reference):
        raise FetchError(code="bad_reference")
    home = data_url.rstrip("/")
    return Source(
        url=f"{home}/v2/bot/message/{attachment.reference}/content",
        hosts=("api-data.line.me",),
        inside="" if home == DATA else home,
        headers=headers,
    )
