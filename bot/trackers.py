"""What the service remembers of one conversation: a snapshot that moves on by one version a turn."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, cast

import orjson
from rasa_sdk.interfaces import Tracker

from bot.history import Event, History

EVENTS_KEPT = 50


@dataclass(kw_only=True, slots=True)
class FormFrame:
    """A form under way: the slot asked for, and the slots answered so far, in order.

    `failed` counts the answers in a row that brought it no farther.
    """

    name: str
    requested: str = ""
    answered: list[str] = field(default_factory=list)
    failed: int = 0


@dataclass(kw_only=True, slots=True)
class Session:
    """The session that a person dialled last, so far as its next request hangs on it.

    `hop` counts the requests answered and names the next one together with `began`, in milliseconds.
    `typed` is all that was typed in it, where the gateway repeats that, else what was typed last;
    `told` the last numbers that the gateway told requests by. `pages` are the screens of the last answer,
    of which `page` was shown last, at `shown_at`, with `choices` for the numbers on them; `unseen` when it
    came too late to be shown, and did not go by SMS. `trail` are the menus gone through, as payloads, `menu`
    tells that the last answer was one of them, `listed` that it lists answers to a form's question, and
    `aside` that something else was answered in the middle of a form.
    """

    channel: str
    id: str
    began: int
    hop: int = 0
    typed: str = ""
    told: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    page: int = 0
    shown_at: int = 0
    over: bool = False
    unseen: bool = False
    trail: list[str] = field(default_factory=list)
    menu: bool = False
    listed: bool = False
    aside: bool = False
    choices: list[dict[str, str]] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class TrackerState:
    """The whole memory of a conversation; `version` is that of the stored row, 0 when there is none.

    `choices` are the numbered answers last shown ({"title", "payload"}), `said` the responses of
    the last answer, `last_wish` the parse data of the last wish that can be answered again in
    another language, `later` that of wishes that wait for the name of a service, `seen` the last
    moment per channel and `counts` the moments that the limits on replies count, in milliseconds.
    `unclear` is the last message if it was not understood, `began` if it began the form that asks now.
    """

    contact_id: str
    version: int = 0
    slots: dict[str, Any] = field(default_factory=dict)
    forms: list[FormFrame] = field(default_factory=list)
    choices: list[dict[str, str]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    last_wish: dict[str, Any] = field(default_factory=dict)
    later: list[dict[str, Any]] = field(default_factory=list)
    events: History = field(default_factory=History)
    seen: dict[str, int] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    last_text: str = ""
    unclear: str = ""
    began: str = ""
    resuming: bool = False
    paused: bool = False
    session: Session | None = None

    @property
    def language(self) -> str:
        """The language the person is answered in; empty before the first message."""
        return str(self.slots.get("language") or "")

    @property
    def form(self) -> FormFrame | None:
        """The form that is asking now."""
        return self.forms[-1] if self.forms else None

    @property
    def expects(self) -> str:
        """The slot that was asked for last: by the form, or beside any form the service; empty if none was."""
        if self.form:
            return self.form.requested
        return "service" if any(said["key"] == "utter_ask_service" for said in self.said) else ""

    def dump(self) -> bytes:
        """The snapshot as stored; the version is a column of its own.

        It is JSON with the events at the end, each on a line of its own: most are never read again,
        and go into the next snapshot as they came.
        """
        values = orjson.dumps({name: getattr(self, name) for name in _VALUES})
        return b"".join((values.removesuffix(b"}"), _EVENTS, self.events.dump(EVENTS_KEPT), _END))

    @classmethod
    def load(cls, snapshot: bytes, version: int) -> TrackerState:
        """Read a stored snapshot."""
        head, mark, events = snapshot.partition(_EVENTS)
        values = _known(cls, orjson.loads(head + b"}" if mark else head))
        if mark:
            values["events"] = History(stored=events.removesuffix(_END))
        else:
            values["events"] = History(values.get("events", ()))
        values["forms"] = [FormFrame(**_known(FormFrame, each)) for each in values.get("forms", ())]
        if values.get("session"):
            values["session"] = Session(**_known(Session, values["session"]))
        return cls(version=version, **values)

    def for_actions(self, latest_message: dict[str, Any]) -> Tracker:
        """A copy in rasa-sdk's shape: an action may change it without touching this one."""
        form = self.form
        return Tracker(
            sender_id=self.contact_id,
            slots={**self.slots, "requested_slot": form.requested if form else None},
            latest_message=latest_message,
            events=cast("list[Event]", self.events.copy()),
            paused=self.paused,
            followup_action=None,
            active_loop={"name": form.name} if form else {},
            latest_action_name=None,
        )


# JSON has no line end inside a text: this is found only where `dump` has put it.
_EVENTS, _END = b'\n,"events":[\n', b"\n]}"
_VALUES = tuple(each.name for each in fields(TrackerState) if each.name not in ("version", "events"))
_PLACES = {kind: frozenset(each.name for each in fields(kind)) for kind in (TrackerState, FormFrame, Session)}


def _known(kind: type[TrackerState | FormFrame | Session], values: dict[str, Any]) -> dict[str, Any]:
    """The values that this release has a place for: a snapshot of another one is read, not refused."""
    return {name: value for name, value in values.items() if name in _PLACES[kind]}
