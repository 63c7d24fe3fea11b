"""Files that the script of a page sends: a form whose answer is that of a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from bot import browsers
from bot.errors import DatabaseUnavailable
from bot.files.errors import Reason
from bot.limits import Limits
from channels.base import RawRequest
from channels.errors import Malformed
from channels.intake import Accepting, Handling, readable
from channels.uploads import MULTIPART, UploadDoor, UploadForm
from channels.web import WebChannel, session_urn
from channels.webhook import Refusal, pace, refused

_STATUSES = {Reason.TOO_LARGE: 413, Reason.NOT_TAKEN: 415}


class ChatFiles:
    """The files of one web channel; `attached` is called when one came."""

    def __init__(
        self,
        channel: WebChannel,
        accepting: Accepting,
        limits: Limits,
        door: UploadDoor,
        attached: Callable[[], None],
    ) -> None:
        self.door = door
        self._channel = channel
        self._accepting = accepting
        self._limits = limits
        self._attached = attached

    def routes(self) -> list[web.RouteDef]:
        """`POST /channels/<name>/files`, with the fields of a message and a `file`."""
        return [web.post(f"/channels/{self._channel.name}/files", self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Take a file as a message of its own."""
        try:
            handling = await self.accept(_with_file(await self.read(request)))
        except Malformed as error:
            return refused(Refusal(400, error.reason))
        except DatabaseUnavailable:
            return refused(Refusal(503, "database_unavailable", {"Retry-After": "1"}))
        except Refusal as refusal:
            return refused(refusal)
        return web.json_response(self._channel.told([handling]), headers={"Cache-Control": "no-store"})

    async def read(self, request: web.Request) -> UploadForm:
        """The form, within the limits of its network address and its conversation. Raises Refusal, Malformed."""
        if not browsers.from_our_page(request.headers):
            raise Refusal(403, "another_site")
        if request.content_type != MULTIPART:
            raise Refusal(415, "not_a_form")
        raw = RawRequest(
            method="POST", path=request.path, headers=request.headers, remote=request.remote or ""
        )
        await pace(self._limits, self._channel.address_rates(raw))
        return await self.door.read(request, self._admit)

    async def accept(self, form: UploadForm) -> Handling:
        """Have the message taken, and its file; the file of one that is not taken is erased."""
        attachments = (form.attachment,) if form.attachment else ()
        try:
            handling = await self._accepting.accept(
                readable(self._channel.message(form.fields, *attachments))
            )
        except Malformed:
            await self.door.give_back(form)
            raise
        if str(handling.kind) in ("limited", "duplicate"):
            await self.door.give_back(form)
        elif attachments:
            self._attached()
        return handling

    async def _admit(self, fields: Mapping[str, str]) -> None:
        """Before a file is read: whose conversation it is for, and whether that has sent too much."""
        if fields.get("session"):
            await pace(self._limits, [self._channel.session_rate(session_urn(fields["session"]))])


def _with_file(form: UploadForm) -> UploadForm:
    """The form, when there is a file; raises Refusal."""
    if form.attachment is None:
        reason = form.refused or Reason.NOT_TAKEN
        raise Refusal(_STATUSES.get(reason, 400), reason.value)
    return form
