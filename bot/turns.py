"""A turn: what a message led to, and the one in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.dispatcher import Response, TurnDispatcher
from bot.learning.unclear import Unclear
from bot.parsed import Parsed, certain
from bot.trackers import TrackerState


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What a message led to.

    `understood` is false when nothing but "say it again" could be answered; `wish` is the parse data
    of what was answered; `aside` when that was in the middle of a form, whose question stands. `chosen` when
    an answer offered was picked, `cancelled` when a form was given up. `unclear` is what this turn tells of messages that were not understood.
    """

    state: TrackerState
    responses: tuple[Response, ...]
    effects: tuple[Any, ...]
    understood: bool = True
    wish: Parsed = field(default_factory=lambda: certain("", {}, ""))
    aside: bool = False
    chosen: bool = False
    cancelled: bool = False
    unclear: tuple[Unclear, ...] = ()


@dataclass(kw_only=True, slots=True)
class Stage:
    """One turn in the making.

    `chosen` when the person picked one of the answers offered, `slipped` when they sent a number that
    none of them has, `cancelled` when a form was given up, `asked` when a form's question has already been put. `followup` is what an action
    wants run in place of the rest of its rule. `later` are wishes of the message before, which waited
    for the name of a service. `in_session` on a screen that was dialled; `aside` as in Turn. `spoken` is
    the language of the turn before.
    """

    state: TrackerState
    parsed: Parsed
    dispatcher: TurnDispatcher = field(default_factory=TurnDispatcher)
    responses: list[Response] = field(default_factory=list)
    understood: bool = True
    asked: bool = False
    chosen: bool = False
    slipped: bool = False
    cancelled: bool = False
    followup: str = ""
    later: list[Parsed] = field(default_factory=list)
    in_session: bool = False
    aside: bool = False
    spoken: str = ""

    def say(self, key: str, **values: Any) -> None:
        """Say one text."""
        self.responses.append(Response(key=key, values=values))

    @property
    def menu(self) -> str:
        """The menu on the screen, as a payload; empty where there is none."""
        session = self.state.session
        return session.trail[-1] if self.in_session and session and session.menu else ""

    @property
    def in_menu(self) -> bool:
        """Whether a menu is on the screen, perhaps over a form that was left for it."""
        return bool(self.menu and self.state.session and not self.state.session.listed)

    @property
    def translates(self) -> bool:
        """Whether another language was asked for, and is spoken now."""
        return self.intent == "language" and self.spoken not in ("", self.state.language)

    @property
    def intent(self) -> str:
        """What the person wants, as understood."""
        return str(self.parsed["intent"]["name"])

    @property
    def confidence(self) -> float:
        """How sure that is."""
        return float(self.parsed["intent"]["confidence"])
