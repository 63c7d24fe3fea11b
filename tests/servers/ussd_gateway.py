"""A USSD gateway as it calls an application: what all have in common, and what their phones can show."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from aiohttp import ClientSession
from smsutil.codecs import is_valid_gsm
from yarl import URL

KEY = "a-key-of-the-tests"
NUMBER = "8562055512345"
CODE = "*384*123#"
_TWICE = "^{}\\[~]|€"
_GSM_SCREEN, _LAO_SCREEN = 182, 80


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What the phone shows, and whether the session ends with it."""

    text: str
    ends: bool


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of a gateway; `path` goes behind the address."""

    method: str = "POST"
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the application said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(AssertionError):
    """The gateway would have ended the session: the answer is not in its form."""


class Gateway(ABC):
    """One session of one person; `url` is the application's address. Phones show Lao where `lao` says so."""

    dialect = ""
    has_hang_up = True
    keyed: Mapping[str, str] = {"key": KEY}

    def __init__(
        self, url: str, http: ClientSession, session_id: str, number: str = NUMBER, *, lao: bool = False
    ) -> None:
        self.url = url
        self.lao = lao
        self.session_id = session_id
        self.number = number
        self.code = CODE
        self.dialled = ""
        self.typed: list[str] = []
        self.screens: list[Screen] = []
        self.last: Call | None = None
        self._http = http

    async def dial(self, dialled: str = CODE) -> Screen:
        """Dial the code, with more behind it perhaps."""
        self.dialled, self.typed = dialled, []
        return await self._show(self.first())

    async def answer(self, text: str) -> Screen:
        """Type an answer to the screen that is shown."""
        self.typed.append(text)
        return await self._show(self.next(text))

    async def again(self) -> Screen:
        """Bring the last call once more, as after an answer that was lost."""
        assert self.last is not None
        return await self._show(self.last)

    async def hang_up(self) -> Answer:
        """End the session from outside."""
        return await self.make(self.end())

    @property
    def behind(self) -> str:
        """What was typed behind the code."""
        return self.dialled.removeprefix(self.code.rstrip("#")).strip("*#")

    @abstractmethod
    def first(self) -> Call:
        """The call when somebody has dialled."""

    @abstractmethod
    def next(self, text: str) -> Call:
        """The call when somebody has typed."""

    @abstractmethod
    def read(self, answer: Answer) -> Screen:
        """What the answer shows; raises Refused."""

    def end(self) -> Call:
        """The call when the session is over; not every gateway makes one."""
        raise NotImplementedError

    async def make(self, call: Call) -> Answer:
        """Make a call, with what lets this gateway in."""
        query = urlencode({**call.query, **self.keyed}, quote_via=quote)
        url = URL(f"{self.url}{call.path}{'?' + query if query else ''}", encoded=True)
        headers = dict(call.headers)
        if call.content_type:
            headers["Content-Type"] = call.content_type
        async with self._http.request(call.method, url, data=call.body or None, headers=headers) as response:
            return Answer(status=response.status, headers=response.headers, body=await response.read())

    async def _show(self, call: Call) -> Screen:
        self.last = call
        answer = await self.make(call)
        require(answer.status == 200, answer)
        shown = self.read(answer)
        require(self._fits(shown.text), answer)
        self.screens.append(shown)
        return shown

    def _fits(self, text: str) -> bool:
        """Whether a phone can show it whole; letters of the extension table count twice."""
        if is_valid_gsm(text):  # type: ignore[no-untyped-call]  # smsutil leaves it untyped
            return len(text) + sum(each in _TWICE for each in text) <= _GSM_SCREEN
        return self.lao and len(text.encode("utf-16-be")) // 2 <= _LAO_SCREEN


def require(fine: bool, answer: Answer) -> None:
    """Raises Refused unless it is fine."""
    if not fine:
        raise Refused(f"{answer.status} {answer.body.decode(errors='replace')}")
