"""What the dialogs need of the world: readers only; whatever a dialog causes is an effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.addresses import Holder
from bot.calendar import WorkingCalendar
from bot.clock import Chance, Clock
from bot.consent import Stand
from bot.messages import Capabilities
from bot.pack import Pack
from bot.phones import PhoneRules
from bot.places import Places
from bot.sending import SendingHours
from bot.urns import Urn
from complaints.cases import Case
from complaints.categories import Categories
from complaints.follows import FollowState, Untold
from complaints.routing import Desks
from complaints.store import CaseView, PinCheck
from dialogs.phrases import Phrases
from services.catalogue import Catalogue
from services.centres import Centres
from services.forms import FormFiles
from services.registers import Register
from services.reminders import Reminder
from services.view import Services


class CaseReader(Protocol):
    """What dialogs read of cases; `complaints.store.Cases` has it."""

    async def find(self, reference: str, contact_id: str = "") -> CaseView | None:
        """The case with this reference, as far as this person is concerned."""

    async def of_contact(self, contact_id: str) -> Sequence[CaseView]:
        """The person's own latest cases, the last one first."""

    async def check_pin(self, reference: str, pin: str, guesser: str) -> PinCheck:
        """Judge one guess of this person; it stays counted, on them and on the reference, if it is wrong."""


class FollowReader(Protocol):
    """What dialogs read of followed cases; `complaints.follows.Follows` has it."""

    async def state(self, case_id: str, contact_id: str) -> FollowState | None:
        """Whether the person follows the case."""

    async def of(self, contact_id: str) -> Sequence[Case]:
        """The cases that the person follows."""

    async def followed(self, contact_id: str) -> frozenset[str]:
        """The ids of the person's own cases that somebody else follows."""

    async def filer(self, case: Case) -> Urn | None:
        """Where whoever filed the case can be told of a follower."""

    async def untold_one(self, follow_id: str) -> Untold | None:
        """What whoever filed a case is still to be told of this follower."""


class GuessCounter(Protocol):
    """How often a person may still be wrong; `bot.guesses.Guesses` has it."""

    async def take(self, guesser: str, at: str) -> int | None:
        """Count a guess of this person at this number: how many are left, None if there was none left."""

    async def give_back(self, guesser: str, at: str) -> None:
        """Take back the guess just counted: it was right."""

    async def left(self, guesser: str) -> int:
        """How many wrong guesses the person may still make today."""


class AddressReader(Protocol):
    """What dialogs read of people's addresses; `bot.addresses.Addresses` has it."""

    async def of(self, contact_id: str) -> Sequence[Urn]:
        """The person's addresses."""

    async def holder(self, urn: Urn) -> Holder | None:
        """Whose an address is."""

    async def stand(self, contact_id: str) -> Stand:
        """What the person said to being written to."""


class ReminderReader(Protocol):
    """What dialogs read of reminders; `services.reminders.Reminders` has it."""

    async def waiting(self, contact_id: str) -> Sequence[Reminder]:
        """What the person waits for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """How long words are kept: in conversations, and of cases after they are over; and a file that no case has."""

    messages_days: int
    cases_days: int
    media_hours: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ports:
    """Handed to every dialog by the composition root.

    `channels` says what each can show, `follow_ups` which carries what another could not deliver.
    """

    pack: Pack
    phrases: Phrases
    catalogue: Catalogue
    services: Services
    centres: Centres
    forms: FormFiles
    cases: CaseReader
    follows: FollowReader
    guesses: GuessCounter
    reminders: ReminderReader
    addresses: AddressReader
    channels: Mapping[str, Capabilities]
    follow_ups: Mapping[str, str]
    sending: SendingHours
    registers: Register
    keeping: Keeping
    places: Places
    calendar: WorkingCalendar
    phones: PhoneRules
    categories: Categories
    desks: Desks
    clock: Clock
    chance: Chance
