"""The errors of the edge.

PatouError
├── NotAuthentic    the request is not from the provider: 403, nothing of it is looked at
├── Malformed       the request is not one the provider would make: 400 and a named reason
│   ├── NotSupported   well-formed, in a media type that this channel does not read: 415
│   └── NotServed      the channel has no such endpoint or method: 404, 405
├── SendError       the provider did not take a message; its attributes say what to do
└── FetchError      a file did not come; `retryable` says whether it may yet
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import PatouError

# The code of a message that its provider would no longer let us send: the person wrote too long ago.
OUTSIDE_WINDOW = "outside_window"


class NotAuthentic(PatouError):
    """The request does not prove that it comes from the provider."""


@dataclass
class Malformed(PatouError):
    """The request is malformed; `reason` is a constant name, never a piece of the request."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class NotSupported(Malformed):
    """The media type is not one that this channel reads."""


class NotServed(Malformed):
    """The channel does not serve this."""


@dataclass(kw_only=True)
class SendError(PatouError):
    """The provider did not take the message.

    `code` is the provider's own, or a short name. What to do, in the order in which it is looked at:

    - `in_doubt`: it may have taken it after all; ask, or wait, before another try;
    - `opted_out`: the person told the provider to stop us; record it, never try again;
    - `unreachable`: the address is no good; mark it, do not try again;
    - `misconfigured`: the account or sender is refused; pause the channel and call the operator;
    - `away`: the provider, or the operator behind it, is not there: all messages wait, and the attempt does not count;
    - `throttled`: too fast; the whole channel waits `retry_after` seconds, the attempt does not count;
    - `retryable`: try again with a growing pause, at most `tries` times in all (0: as long as it lives);
    - none of them: failed for good.
    """

    code: str = ""
    in_doubt: bool = False
    opted_out: bool = False
    unreachable: bool = False
    misconfigured: bool = False
    away: bool = False
    throttled: bool = False
    retry_after: float = 0.0
    retryable: bool = False
    tries: int = 0

    def __str__(self) -> str:
        return f"The provider refused: {self.code}"


@dataclass(kw_only=True)
class FetchError(PatouError):
    """A file was not fetched; `code` is a constant name or a status, never a piece of an address."""

    code: str
    retryable: bool = False

    def __str__(self) -> str:
        return self.code
