"""Reminders in memory, kept as their writers would keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.urns import Urn
from services.reminders import AskReminder, CancelReminders, CloseReminder, Reminder


@dataclass
class RemindersInMemory:
    """What everybody waits for; ids count up."""

    kept: list[Reminder] = field(default_factory=list)
    asked: int = 0

    async def waiting(self, contact_id: str) -> Sequence[Reminder]:
        of_person = [each for each in self.kept if each.contact_id == contact_id]
        return sorted(of_person, key=lambda each: (each.due_at is not None, each.due_at, each.id))

    def take(self, effect: object) -> None:
        """Do an effect of the person `me`; other effects than those of reminders do nothing."""
        match effect:
            case AskReminder():
                self._drop(effect.replaces)
                self.asked += 1
                self.kept.append(
                    Reminder(
                        id=f"r{self.asked}",
                        contact_id="me",
                        kind=effect.kind,
                        about=effect.about,
                        service=effect.service,
                        due_at=effect.due_at,
                        channel="sms",
                        urn=Urn("tel", "+8562055512345"),
                    )
                )
            case CancelReminders(id=""):
                self.kept = [each for each in self.kept if each.contact_id != "me"]
            case CancelReminders(id=which) | CloseReminder(id=which):
                self._drop(which)

    def due(self, now: datetime) -> Reminder:
        """The first that is due."""
        return next(each for each in self.kept if each.due_at and each.due_at <= now)

    def _drop(self, which: str) -> None:
        self.kept = [each for each in self.kept if each.id != which]
