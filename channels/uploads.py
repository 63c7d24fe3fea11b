"""Uploads: a form that has a file with it, read as it comes and never held whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.browsers import network
from bot.files.errors import Reason
from bot.files.kinds import KEPT, MP4, PICTURES, sniff
from bot.messages import Attachment, MediaKind
from bot.text.clean import clean
from bot.uploads import Upload, Uploads
from channels.errors import Malformed
from channels.webhook import Refusal

MULTIPART = "multipart/form-data"
_SECONDS = 180.0  # a small photo on 2G
_MOST_AT_ONCE = 64  # each has a piece in memory
_MOST_OF_ONE = 16  # network address; a village may be behind one
_MOST_PARTS = 8
_MOST_LINES = 200  # boundaries and headers; what stands in the fields is not read by lines
_FIELD_BYTES = 16 * 1024
_BESIDE_BYTES = 64 * 1024  # what else a form holds
_CHUNK = 64 * 1024
_BEGINNING = 16  # bytes by which a file is told
_BROKEN = (web.HTTPException, web.PayloadAccessError, web.RequestPayloadError)

Admit = Callable[[Mapping[str, str]], Awaitable[None]]


@runtime_checkable
class HandedIn(Protocol):
    """A channel whose files people hand to us themselves: they lie here, and no provider is asked."""

    @property
    def takes_uploads(self) -> bool:
        """True."""


@dataclass(kw_only=True, slots=True)
class UploadForm:
    """A form as far as it was read: its fields, its file, and why there is none although one came."""

    fields: dict[str, str] = field(default_factory=dict)
    attachment: Attachment | None = None
    refused: Reason | None = None

    @property
    def upload(self) -> Upload | None:
        """What lies here of the file."""
        return Upload.parse(self.attachment.reference) if self.attachment else None


class UploadDoor:
    """Reads forms with files; `limits` are bytes by kind (0: not taken)."""

    def __init__(self, uploads: Uploads, limits: Mapping[MediaKind, int], seconds: float = _SECONDS) -> None:
        self.uploads = uploads
        self._limits = limits
        self._seconds = seconds
        self._at_once = Counter[str]()

    @property
    def accepts(self) -> str:
        """What a page lets people choose from."""
        kinds = {kind for kind, limit in self._limits.items() if limit}
        names = sorted(PICTURES) if MediaKind.PHOTO in kinds else []
        names += [
            media_type for media_type, (kind, _) in KEPT.items() if kind in kinds and kind != MediaKind.PHOTO
        ]
        return ",".join(dict.fromkeys(names))

    async def read(self, request: web.Request, admit: Admit) -> UploadForm:
        """The form; `admit` is asked with the fields before the file, and may raise Refusal.

        Raises Refusal, Malformed. What is too large or of no kind that is taken is not read to its end.
        """
        if "Content-Encoding" in request.headers:
            raise Refusal(415, "packed", {"Connection": "close"})  # no browser packs a form
        whose = network(request.remote or "")
        if self._at_once.total() >= _MOST_AT_ONCE or self._at_once[whose] >= _MOST_OF_ONE:
            raise Refusal(503, "busy", {"Retry-After": "5"})
        if (request.content_length or 0) > max(self._limits.values(), default=0) + _BESIDE_BYTES:
            raise Refusal(413, "too_large", {"Connection": "close"})
        self._at_once[whose] += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await self._form(request, admit)
        except TimeoutError:
            raise Refusal(408, "too_slow", {"Connection": "close"}) from None
        except (*_BROKEN, HttpProcessingError, ValueError, OSError):
            raise Refusal(400, "broken_body", {"Connection": "close"}) from None
        finally:
            self._at_once[whose] -= 1
            self._at_once += Counter()  # forgets whom it counts no more

    async def give_back(self, form: UploadForm) -> None:
        """Erase the file of a form that nobody took."""
        if form.upload:
            await self.uploads.drop(form.upload)

    async def _form(self, request: web.Request, admit: Admit) -> UploadForm:
        form = UploadForm()
        reader = MultipartReader(request.headers, cast("StreamReader", _FewLines(request.content)))
        for _ in range(_MOST_PARTS):
            part = await reader.next()
            if part is None:
                return form
            if not isinstance(part, BodyPartReader) or "Content-Encoding" in part.headers:
                raise Malformed("nested_form")
            if part.filename is None:
                await _add_field(form, part)
                continue
            if form.attachment:
                raise Malformed("two_files")
            await admit(form.fields)
            await self._take(form, part)
            if form.refused:
                return form
        raise Malformed("too_many_fields")

    async def _take(self, form: UploadForm, part: BodyPartReader) -> None:
        """Take the file in; a field in which none was chosen is an empty one without a name."""
        beginning = await _beginning(part)
        if not beginning:
            return
        kind = self._kind(sniff(beginning))
        limit = self._limits.get(kind, 0) if kind else 0
        if not kind or not limit:
            form.refused = Reason.NOT_TAKEN
            return
        receiving = self.uploads.begin()
        try:
            await receiving.add(beginning)
            while receiving.size <= limit and (chunk := await part.read_chunk(_CHUNK)):
                await receiving.add(chunk)
            if receiving.size > limit:
                form.refused = Reason.TOO_LARGE
                await receiving.abandon()
                return
            upload = await receiving.done()
        except BaseException:
            with suppress(Exception):
                await receiving.abandon()
            raise
        form.attachment = Attachment(
            kind=kind, reference=upload.reference, name=clean(part.filename or ""), size=receiving.size
        )

    def _kind(self, media_type: str) -> MediaKind | None:
        """The kind of a file by its first bytes; a sound and a film in one container are what more is taken of."""
        if media_type in PICTURES:
            return MediaKind.PHOTO
        if media_type == MP4:
            return max((MediaKind.VIDEO, MediaKind.VOICE), key=lambda each: self._limits.get(each, 0))
        return KEPT[media_type][0] if media_type in KEPT else None


class _FewLines:
    """A body of which few lines are read.

    Those before the first part are thrown away one by one, and nothing else gets its turn as long as they come.
    """

    def __init__(self, content: StreamReader) -> None:
        self._content = content
        self._left = _MOST_LINES

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """The next line; raises Malformed when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise Malformed("too_many_lines")
        return await self._content.readline(max_line_length=max_line_length)

    def __getattr__(self, name: str) -> Any:
        """Everything else that a reader of forms asks of it."""
        return getattr(self._content, name)


async def _add_field(form: UploadForm, part: BodyPartReader) -> None:
    value = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        value += chunk
        if len(value) > _FIELD_BYTES:
            raise Malformed("long_field")
    name = part.name or ""
    if name in form.fields:
        raise Malformed("repeated_field")
    form.fields[name] = value.decode("utf-8", "replace")


async def _beginning(part: BodyPartReader) -> bytes:
    """The first bytes of a file, as many as its kind is told by, where it has so many."""
    read = bytearray()
    while len(read) < _BEGINNING and (chunk := await part.read_chunk(_CHUNK)):
        read += chunk
    return bytes(read)
