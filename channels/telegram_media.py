"""Telegram's files: what a message of a chat has with it, and where the Bot API keeps it.

Sample of a message: {"photo": [{"file_id": "AgAC…", "width": 90, "file_size": 1253}, …], "caption": "…"}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import ClientSession

from bot.files.errors import NotKept, Reason
from bot.messages import Attachment, MediaKind
from channels.attachments import Attachments, told_file, told_place
from channels.base import Source
from channels.documents import Document, items, member, read_json, text
from channels.errors import FetchError, Malformed
from channels.http import Answer, call, problem_of

API = "https://api.telegram.org"
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,250}")
_PATH = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*(?:\.[A-Za-z0-9]{1,10})?")
# An animation comes with the same file as a document: the first that is found counts.
_KINDS: Mapping[str, MediaKind] = {
    "voice": MediaKind.VOICE,
    "audio": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
    "video_note": MediaKind.VIDEO,
    "animation": MediaKind.VIDEO,
    "document": MediaKind.DOCUMENT,
}
_TOO_LARGE = "file is too big"
_BAD_REQUEST = 400


def attachments(message: Document) -> Attachments:
    """The photo in its largest size, the recording, the film, the file or the place in a message. Raises Malformed."""
    if "location" in message:
        place, venue = member(message, "location"), member(message, "venue")
        return told_place(place.get("latitude"), place.get("longitude"), venue.get("title"))
    if sizes := items(message, "photo"):
        largest = max(sizes, key=_pixels)
        return told_file(MediaKind.PHOTO, largest.get("file_id"), largest, size="file_size")
    for name, kind in _KINDS.items():
        if name in message:
            about = member(message, name)
            return told_file(kind, about.get("file_id"), about, name="file_name", size="file_size")
    return ()


class Files:
    """Asks the Bot API where a file lies; the address holds the bot's token."""

    def __init__(self, session: ClientSession, api_url: str, token: str, seconds: float) -> None:
        self._session = session
        self._api = api_url.rstrip("/")
        self._token = token
        self._seconds = seconds

    async def locate(self, attachment: Attachment) -> Source:
        """See `channels.base.Fetching`."""
        if not _FILE_ID.fullmatch(attachment.reference):
            raise FetchError(code="bad_reference")
        answer = await call(
            self._session,
            "POST",
            f"{self._api}/bot{self._token}/getFile",
            seconds=self._seconds,
            form={"file_id": attachment.reference},
        )
        path = _path(answer)
        if not _PATH.fullmatch(path):
            raise FetchError(code="bad_path")
        return Source(
            url=f"{self._api}/file/bot{self._token}/{path}",
            hosts=("api.telegram.org",),
            inside="" if self._api == API else self._api,
        )


def _pixels(size: Document) -> int:
    width = size.get("width")
    return width if isinstance(width, int) else 0


def _path(answer: Answer) -> str:
    """The path that getFile answers with; raises FetchError, NotKept, SendError."""
    try:
        document = read_json(answer.text.encode())
        if answer.status == _BAD_REQUEST:
            if _TOO_LARGE in text(document, "description").casefold():
                raise NotKept(Reason.TOO_LARGE)
            raise FetchError(code="http_400")
        problem = problem_of(answer)
        if problem is not None:
            raise problem
        return text(member(document, "result"), "file_path")
    except Malformed:
        raise FetchError(code="unreadable_answer", retryable=True) from None
