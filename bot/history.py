"""The history of a conversation: its events, left as they were stored until somebody looks at one."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence, Sequence
from typing import Any, overload

import orjson

Event = dict[str, Any]

# Between two events; JSON has no line end inside a text.
_NEXT = b"\n,"


class History(MutableSequence[Event]):
    """A list of events. Few turns look at one of those from the store: they are read one by one, when asked for."""

    def __init__(self, events: Iterable[Event | bytes] = (), *, stored: bytes = b"") -> None:
        """`stored` is what `dump` gave; the events come after it."""
        self._stored = stored
        self._added = list(events)

    def copy(self) -> History:
        """A list of its own, over the same events."""
        return History(self._added, stored=self._stored)

    def dump(self, most: int) -> bytes:
        """The last events, at most so many: the inside of a JSON list."""
        added = [each if isinstance(each, bytes) else orjson.dumps(each) for each in self._added]
        events = _NEXT.join([self._stored, *added] if self._stored else added)
        surplus = events.count(_NEXT) + 1 - most
        return events.split(_NEXT, surplus)[-1] if surplus > 0 else events

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[at] for at in range(len(self))[index]]
        events = self._events()
        event = events[index]
        if isinstance(event, bytes):
            event = events[index] = orjson.loads(event)
        return event

    def __setitem__(self, index: int | slice, event: Any) -> None:
        self._events()[index] = event

    def __delitem__(self, index: int | slice) -> None:
        del self._events()[index]

    def __len__(self) -> int:
        return len(self._events())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # a list has none either

    def insert(self, index: int, value: Event) -> None:
        """As a list does."""
        self._events().insert(index, value)

    def append(self, value: Event) -> None:
        """As a list does."""
        self._added.append(value)

    def _events(self) -> list[Event | bytes]:
        if self._stored:
            self._added, self._stored = [*self._stored.split(_NEXT), *self._added], b""
        return self._added
