"""WhatsApp's files: what a message has with it, and where the Cloud API keeps it.

Sample of a message: {"type": "image", "image": {"id": "1003…", "mime_type": "image/jpeg", "caption": "…"}}. The id
is asked for at the Graph API, which answers {"url": "https://lookaside.fbsbx.com/…", "file_size": 303833}; that
address is good for five minutes, with our token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import ClientSession

from bot.messages import Attachment, MediaKind
from channels import meta
from channels.attachments import Attachments, told_file, told_place
from channels.base import Source
from channels.codes import ErrorCodes
from channels.documents import Document, member, text
from channels.errors import FetchError
from channels.http import call

API = "https://graph.facebook.com"
HOSTS = ("fbsbx.com", "fbcdn.net")
_ID = re.compile(r"[A-Za-z0-9_-]{1,120}")
_KINDS: Mapping[str, MediaKind] = {
    "image": MediaKind.PHOTO,
    "audio": MediaKind.VOICE,
    "voice": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
    "document": MediaKind.DOCUMENT,
}
_GONE = frozenset({400, 404, 410})


def attachments(message: Document) -> Attachments:
    """The file or the place in a message. Raises Malformed."""
    kind = text(message, "type")
    if kind == "location":
        place = member(message, "location")
        return told_place(place.get("latitude"), place.get("longitude"), place.get("name"))
    if kind not in _KINDS:
        return ()
    about = member(message, kind)
    return told_file(_KINDS[kind], about.get("id"), about, name="filename")


class Files:
    """Asks the Graph API where a file lies."""

    def __init__(
        self, session: ClientSession, api: str, headers: Mapping[str, str], codes: ErrorCodes, seconds: float
    ) -> None:
        """`api` is its address with the version."""
        self._session = session
        self._api = api
        self._headers = headers
        self._codes = codes
        self._seconds = seconds

    async def locate(self, attachment: Attachment) -> Source:
        """See `channels.base.Fetching`."""
        if not _ID.fullmatch(attachment.reference):
            raise FetchError(code="bad_reference")
        url = f"{self._api}/{attachment.reference}"
        answer = await call(self._session, "GET", url, seconds=self._seconds, headers=self._headers)
        if answer.status in _GONE:
            raise FetchError(code=f"http_{answer.status}")
        return Source(
            url=text(meta.sent(answer, self._codes), "url"),
            hosts=HOSTS,
            inside="" if self._api.startswith(f"{API}/") else self._api,
            headers=self._headers,
            redirects=1,
        )
