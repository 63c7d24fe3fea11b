"""The official client's way to the Bot API: our own session, and refusals as errors that say what to do."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import ClientSession
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from channels.documents import member, read_json, text
from channels.errors import Malformed, SendError
from channels.http import Answer, call, problem_of

_BLOCKED = "bot was blocked by the user"
_GONE = ("chat not found", "user not found", "peer_id_invalid", "group chat was upgraded")
_REFUSED = 400
_ACCOUNT = frozenset({401, 404, 409})


class RefusedError(TelegramError):
    """Carries a refusal through the official client, which passes errors of its own family on."""

    def __init__(self, error: SendError) -> None:
        super().__init__(error.code)
        self.error = error


class TelegramHttp(BaseRequest):
    """The official client's way to the network: our shared session, and refusals as SendErrors."""

    def __init__(self, session: ClientSession, seconds: float) -> None:
        self._session = session
        self._seconds = seconds

    @property
    def read_timeout(self) -> float:
        """Seconds that an answer may take."""
        return self._seconds

    async def initialize(self) -> None:
        """Nothing: the session is the server's."""

    async def shutdown(self) -> None:
        """Nothing, likewise."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = None,  # noqa: ARG002 - the library's signature; the total is ours
        write_timeout: object = None,  # noqa: ARG002 - likewise
        connect_timeout: object = None,  # noqa: ARG002 - likewise
        pool_timeout: object = None,  # noqa: ARG002 - likewise
    ) -> tuple[int, bytes]:
        """One call; raises RefusedError for everything that is no success."""
        form = request_data.json_parameters if request_data else {}
        try:
            answer = await call(self._session, method, url, seconds=self._seconds, form=form)
        except SendError as error:
            raise RefusedError(error) from None
        problem = _problem(answer)
        if problem is not None:
            raise RefusedError(problem)
        return answer.status, answer.text.encode()


def _problem(answer: Answer) -> SendError | None:
    """What a refusal means; None when the message was taken."""
    if answer.status < _REFUSED:
        return problem_of(answer)
    try:
        document = read_json(answer.text.encode())
        about = text(document, "description").casefold()
        pause = member(document, "parameters").get("retry_after", 0)
    except Malformed:
        about, pause = "", 0
    code = f"http_{answer.status}"
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = float(pause) if isinstance(pause, int) else answer.retry_after
        return SendError(code=code, throttled=True, retry_after=max(wait, answer.retry_after))
    if answer.status == HTTPStatus.FORBIDDEN:
        return SendError(code="blocked", opted_out=True) if _BLOCKED in about else _gone(code)
    if answer.status == HTTPStatus.BAD_REQUEST and any(each in about for each in _GONE):
        return _gone(code)
    return problem_of(answer, _ACCOUNT)


def _gone(code: str) -> SendError:
    return SendError(code=code, unreachable=True)
