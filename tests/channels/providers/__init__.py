"""The providers of the tables: each module starts a strict server and calls us as the provider does."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar, cast

from aiohttp import ClientSession

from tests.channels.harness import Edge
from tests.servers.provider import ProviderServer

Answered = tuple[int, Mapping[str, str], bytes]

# The time limit for a call, in seconds, where nobody is to wait for it: a busy machine must not look like a dead provider.
PATIENT = 20.0


class Caller(Protocol):
    """One provider, seen from a table."""

    edge: Edge
    urn: str

    async def call(self, spec: Mapping[str, Any]) -> Answered:
        """Make one request as the table describes it."""

    def said(self, text: str, number: int) -> Mapping[str, Any]:
        """The spec of a message in which the person writes this; numbers are unique."""

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """The spec of pressing a button below the last message that was taken; places begin at 1.

        Only where there are buttons.
        """

    async def receipt(self, word: str) -> None:
        """Tell what became of the first message that was taken."""

    @property
    def plan(self) -> deque[str | int]:
        """How the next sends go."""

    @property
    def taken(self) -> Sequence[Mapping[str, str]]:
        """`to` and `text` of what the provider took."""


S = TypeVar("S", bound=ProviderServer)


class ServedCaller(Generic[S]):
    """What callers share whose provider is a `ProviderServer`; without buttons and receipts until they are added."""

    def __init__(self, edge: Edge, server: S, session: ClientSession) -> None:
        self.edge = edge
        self._server = server
        self._session = session

    @property
    def plan(self) -> deque[str | int]:
        """See `Caller.plan`."""
        return self._server.plan

    @property
    def taken(self) -> Sequence[Mapping[str, str]]:
        """See `Caller.taken`."""
        return self._server.messages

    def pressed(self, place: int, number: int) -> Mapping[str, Any]:
        """See `Caller.pressed`."""
        raise NotImplementedError

    async def receipt(self, word: str) -> None:
        """See `Caller.receipt`."""
        raise NotImplementedError


def connect(
    kind: str, edge: Edge, session: ClientSession, seconds: float = PATIENT
) -> AbstractAsyncContextManager[Caller]:
    """The provider of this kind while it runs, with its channel on the edge under the name of the kind.

    `seconds` is the channel's time limit for a call.
    """
    provider = import_module(f"tests.channels.providers.{kind}")
    return cast("AbstractAsyncContextManager[Caller]", provider.connect(edge, session, seconds))
