"""What a person has shown to be theirs by a PIN: remembered for half an hour, and for one phone holder.

A phone is handed on, in a family or at a counter: what one has opened, the next must not find open.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import to_ms
from complaints.cases import Case, Protection
from complaints.follows import FollowState
from dialogs.action import Events, Turn, remember
from dialogs.ports import Ports

HOLDS = timedelta(minutes=30)
# No message can set it.
_SLOT = "verified"


def verify(number: str, now: datetime) -> Events:
    """Remember that the PIN of this number was given; it takes the place of any other."""
    return remember(**{_SLOT: {"number": number, "until": to_ms(now + HOLDS)}})


def forget() -> Events:
    """Close what was open."""
    return remember(**{_SLOT: None})


def is_verified(turn: Turn, number: str, now: datetime) -> bool:
    """Whether the PIN of this number was given a short while ago."""
    given = turn.tracker.slots.get(_SLOT)
    if not isinstance(given, dict) or not number:
        return False
    return bool(given.get("number") == number and to_ms(now) < given.get("until", 0))


async def visible_case(ports: Ports, reference: str, turn: Turn) -> Case | None:
    """The case, if this person filed it, follows it or has given its PIN."""
    view = await ports.cases.find(reference, turn.person) if reference else None
    if view is None:
        return None
    shown = (
        view.own or is_verified(turn, reference, ports.clock.now()) or await follows(ports, view.case, turn)
    )
    return view.case if shown else None


async def follows(ports: Ports, case: Case, turn: Turn) -> bool:
    """Whether the person may see how this case stands without its PIN; never a protected one."""
    if case.protection is not Protection.NAMED:
        return False
    return await ports.follows.state(case.id, turn.person) is FollowState.FOLLOWING
