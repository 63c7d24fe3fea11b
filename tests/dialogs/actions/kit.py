"""What the tests of actions stand on: the pack's own facts, cases in memory, a turn in one call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from bot.addresses import Holder
from bot.calendar import WorkingCalendar
from bot.clock import Chance
from bot.consent import Purpose, RecordConsent, Stand
from bot.dispatcher import Response, TurnDispatcher
from bot.guesses import GUESSES_A_DAY
from bot.linking import LinkPhone, UnlinkPhones
from bot.pack import Pack
from bot.phones import PhoneRules
from bot.places import Places
from bot.sending import SendingHours
from bot.urns import Urn
from channels.terminal import CAPABILITIES
from complaints.cases import Case, CaseKind, CaseState, Protection
from complaints.categories import Categories
from complaints.follows import EndFollowing, FollowCase, FollowState, RefuseFollowers, Untold
from complaints.routing import Desks
from complaints.store import CaseView, PinCheck, PinOutcome
from dialogs.discover import makers
from dialogs.phrases import Phrases
from dialogs.ports import Keeping, Ports
from services.application_numbers import holds
from services.catalogue import Catalogue, Fact, Status
from services.centres import Centres
from services.forms import FormFiles
from services.local import load_local
from services.registers import ApplicationState, Asker, Found, NotFound, Unreachable, plain_secret
from services.view import Services
from tests.dialogs.actions.reminding import RemindersInMemory
from tests.pinned import START, PinnedTime

PACK = Path(__file__).parents[3] / "nlu_data"
FICTIONAL = Path(__file__).parents[2] / "packs" / "fictional"
DIALOGS = Path(__file__).parents[3] / "dialogs"
OWN, OTHERS, NOBODYS = "10000004", "20000006", "30000005"
PIN = "123456"
PHONE = "+8562055512345"


@dataclass
class GuessesInMemory:
    """Counts as `bot.guesses.Guesses` does, for one day."""

    wrong: Counter[str] = field(default_factory=Counter)

    async def take(self, guesser: str, at: str) -> int | None:
        if not await self.left(guesser):
            return None
        self.wrong.update((guesser, at))
        left = GUESSES_A_DAY - max(self.wrong[guesser], self.wrong[at])
        return left if left >= 0 else None

    async def give_back(self, guesser: str, at: str) -> None:
        self.wrong.subtract((guesser, at))

    async def left(self, guesser: str) -> int:
        return max(0, GUESSES_A_DAY - self.wrong[guesser])


@dataclass
class AddressesInMemory:
    """The addresses of `me`, and whose others are."""

    own: list[Urn] = field(default_factory=list)
    holders: dict[Urn, Holder] = field(default_factory=dict)
    agreed: set[Purpose] = field(default_factory=set)

    async def of(self, contact_id: str) -> Sequence[Urn]:
        return list(self.own) if contact_id == "me" else []

    async def holder(self, urn: Urn) -> Holder | None:
        return self.holders.get(urn)

    async def stand(self, contact_id: str) -> Stand:
        del contact_id
        return Stand(agreed=frozenset(self.agreed))

    def take(self, effect: object) -> None:
        match effect:
            case RecordConsent(granted=True):
                self.agreed.add(effect.purpose)
            case LinkPhone():
                self.own.append(effect.phone)
            case UnlinkPhones():
                self.own = [each for each in self.own if each not in effect.phones]


@dataclass
class CasesInMemory:
    """Keeps cases by reference; every PIN is `PIN`."""

    cases: dict[str, Case] = field(default_factory=dict)
    guesses: GuessesInMemory = field(default_factory=GuessesInMemory)

    async def find(self, reference: str, contact_id: str = "") -> CaseView | None:
        case = self.cases.get(reference)
        return CaseView(case=case, own=case.contact_id == contact_id) if case else None

    async def of_contact(self, contact_id: str) -> Sequence[CaseView]:
        return [
            CaseView(case=case, own=True) for case in self.cases.values() if case.contact_id == contact_id
        ]

    async def check_pin(self, reference: str, pin: str, guesser: str) -> PinCheck:
        left = await self.guesses.take(guesser, f"case:{reference}")
        if left is None:
            return PinCheck(outcome=PinOutcome.LOCKED, left=0)
        if reference in self.cases and pin == PIN:
            await self.guesses.give_back(guesser, f"case:{reference}")
            return PinCheck(outcome=PinOutcome.RIGHT, left=left + 1)
        return PinCheck(outcome=PinOutcome.WRONG, left=left)


@dataclass
class FollowsInMemory:
    """What `me` follows, and who is to be told; whoever filed can be told unless `mute`."""

    cases: dict[str, Case] = field(default_factory=dict)
    states: dict[str, FollowState] = field(default_factory=dict)
    waiting: list[Untold] = field(default_factory=list)
    mute: bool = False

    async def state(self, case_id: str, contact_id: str) -> FollowState | None:
        return self.states.get(case_id) if contact_id == "me" else None

    async def of(self, contact_id: str) -> Sequence[Case]:
        following = [each for each, state in self.states.items() if state is FollowState.FOLLOWING]
        return [self.cases[each] for each in following] if contact_id == "me" else []

    async def followed(self, contact_id: str) -> frozenset[str]:
        return frozenset(each.case.id for each in self.waiting if each.case.contact_id == contact_id)

    async def filer(self, case: Case) -> Urn | None:
        return None if self.mute or not case.contact_id else Urn("tel", PHONE)

    async def untold_one(self, follow_id: str) -> Untold | None:
        return next((each for each in self.waiting if each.id == follow_id), None)

    def take(self, effect: object) -> None:
        match effect:
            case FollowCase():
                self.cases[effect.case.id] = effect.case
                self.states[effect.case.id] = FollowState.FOLLOWING
            case EndFollowing():
                self.states = dict.fromkeys(self.states, FollowState.ENDED)
            case RefuseFollowers():
                self.waiting = [each for each in self.waiting if each.case.id != effect.case.id]


@dataclass
class RegisterInMemory:
    """Keeps applications by normalised number; every secret is `PIN`. Connected once it holds any."""

    applications: dict[str, Found] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    check_digit: str = ""
    down: bool = False

    async def connected(self) -> bool:
        return bool(self.applications)

    async def mistyped(self, number: str) -> bool:
        return not holds(self.check_digit, number)

    async def look_up(self, number: str, asker: Asker) -> Found | NotFound | Unreachable:
        if self.down:
            return Unreachable()
        found = self.applications.get(number)
        phone = self.phones.get(number)
        if found and (
            asker.admitted or plain_secret(asker.secret) == PIN or (phone and phone == asker.phone)
        ):
            return found
        return NotFound(as_of=START)

    async def of_holder(self, phone: str) -> Sequence[Found]:
        return [self.applications[number] for number, whose in self.phones.items() if whose == phone]


def application(number: str, **particulars: Any) -> Found:
    """A passport that has been ready since a week before the test's time begins."""
    found = Found(
        number=number,
        service="passport",
        state=ApplicationState.READY,
        since=START.date() - timedelta(days=7),
        next_step="collect",
        office="",
        missing="",
        as_of=START,
    )
    return replace(found, **particulars)


def case(reference: str, contact_id: str, state: CaseState = CaseState.RECEIVED) -> Case:
    """A case filed when the test's time begins, promised for four weeks later."""
    return Case(
        id=reference,
        reference=reference,
        kind=CaseKind.COMPLAINT,
        category="delay",
        state=state,
        service="",
        place="",
        office="",
        desk="national-desk",
        language="en",
        channel="sms",
        contact_id=contact_id,
        protection=Protection.NAMED,
        summary="",
        description="",
        filed_at=START,
        promised_at=START + timedelta(days=28),
        updated_at=START,
    )


def ports(
    pinned: PinnedTime | None = None,
    cases: CasesInMemory | None = None,
    root: Path = PACK,
    registers: RegisterInMemory | None = None,
    reminders: RemindersInMemory | None = None,
) -> Ports:
    """A pack, by default the real one, and everything read from it; chance that repeats itself."""
    cases = cases or CasesInMemory()
    return replace(
        _read(root),
        cases=cases,
        guesses=cases.guesses,
        reminders=reminders or RemindersInMemory(),
        registers=registers or RegisterInMemory(),
        clock=(pinned or PinnedTime()).clock,
        chance=Chance(random=random.Random(7)),  # noqa: S311 (it must repeat itself)
    )


@cache
def _read(root: Path) -> Ports:
    """What is read from a pack once; the rest of it is replaced for each test."""
    pack = Pack.load(root)
    catalogue, places = Catalogue.load(pack), Places.load(pack)
    centres = Centres.load(pack, places)
    cases = CasesInMemory()
    return Ports(
        pack=pack,
        phrases=Phrases.load(pack),
        catalogue=catalogue,
        services=Services(catalogue=catalogue, places=centres, overlays=load_local(catalogue, centres)),
        centres=centres,
        forms=FormFiles(root, "https://patou.example"),
        cases=cases,
        follows=FollowsInMemory(),
        guesses=cases.guesses,
        reminders=RemindersInMemory(),
        addresses=AddressesInMemory(),
        channels=CAPABILITIES,
        follow_ups={"telegram": "sms", "whatsapp": "sms"},
        sending=SendingHours.load(pack),
        registers=RegisterInMemory(),
        keeping=Keeping(messages_days=180, cases_days=1825, media_hours=24),
        places=places,
        calendar=WorkingCalendar.load(pack),
        phones=PhoneRules.load(pack),
        categories=Categories.load(pack),
        desks=Desks.load(pack),
        clock=PinnedTime().clock,
        chance=Chance(),
    )


def confirmed(world: Ports, service_id: str) -> Ports:
    """The same world where an owner has confirmed the fees of a service."""
    service = world.catalogue.services[service_id]
    fact = Fact(status=Status.CONFIRMED, owner="owner", source="decree", last_checked=START.date())
    costs = tuple(replace(each, fact=fact) for each in service.costs)
    sure = replace(service, costs=costs, costs_fact=fact)
    catalogue = replace(world.catalogue, services={**world.catalogue.services, service_id: sure})
    services = Services(
        catalogue=catalogue, places=world.centres, overlays=load_local(catalogue, world.centres)
    )
    return replace(world, catalogue=catalogue, services=services)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an action said, caused and wants remembered."""

    said: tuple[Response, ...]
    effects: tuple[Any, ...]
    slots: Mapping[str, Any]

    @property
    def keys(self) -> list[str]:
        """The keys of what was said."""
        return [response.key for response in self.said]


async def act(
    world: Ports,
    name: str,
    text: str = "",
    *,
    intent: str = "inform",
    entities: Mapping[str, str] | None = None,
    spans: Mapping[str, tuple[int, int]] | None = None,
    slots: Mapping[str, Any] | None = None,
    form: str = "",
    filled: Mapping[str, Any] | None = None,
    said_before: str = "",
    ranking: Sequence[tuple[str, float]] = (),
    address: str = f"tel:{PHONE}",
    proven: str = "",
    channel: str = "sms",
) -> Answer:
    """Run one action on one message; `filled` are the slots that a form's validation is to judge."""
    events = [{"event": "bot", "text": said_before}] if said_before else []
    tracker = Tracker(
        sender_id="me",
        slots={"language": "en", **(slots or {})},
        latest_message={
            "text": text,
            "intent": {"name": intent, "confidence": 1.0},
            "intent_ranking": [{"name": each, "confidence": sure} for each, sure in ranking],
            "entities": [
                {"entity": name, "value": value, **_span(spans, name)}
                for name, value in (entities or {}).items()
            ],
            "message_id": "sms:1",
            "channel": channel,
            "address": address,
            "proven": proven,
        },
        events=[*events, {"event": "user", "text": text}],
        paused=False,
        followup_action=None,
        active_loop={"name": form} if form else {},
        latest_action_name=None,
    )
    tracker.add_slots(
        [{"event": "slot", "name": slot, "value": value} for slot, value in (filled or {}).items()]
    )
    dispatcher = TurnDispatcher()
    returned = await _named(world, name).run(dispatcher, tracker, _domain())
    return Answer(
        said=tuple(dispatcher.take_responses()),
        effects=tuple(dispatcher.effects),
        slots={event["name"]: event["value"] for event in returned if event["event"] == "slot"},
    )


def _span(spans: Mapping[str, tuple[int, int]] | None, name: str) -> dict[str, int]:
    """Where an entity stands in the text, as far as a test says so."""
    if not spans or name not in spans:
        return {}
    start, end = spans[name]
    return {"start": start, "end": end}


def _named(world: Ports, name: str) -> Action:
    return next(action for action in _made(world, _maker(name)) if action.name() == name)


@cache
def _maker(name: str) -> Callable[[Ports], list[Action]]:
    """What makes the action of this name: of a world that one test needs, the other dialogs are not made."""
    world = ports()
    return next(make for make in makers() if name in [action.name() for action in make(world)])


@lru_cache(maxsize=4)
def _made(world: Ports, make: Callable[[Ports], list[Action]]) -> list[Action]:
    return make(world)


def _domain() -> DomainDict:
    forms = {
        "complaint_form": {
            "required_slots": ["complaint_text", "complaint_place", "complaint_confirm", "complaint_change"]
        },
        "complaint_status_form": {"required_slots": ["reference", "pin"]},
        "call_back_form": {"required_slots": ["call_back_time"]},
        "praise_form": {"required_slots": ["pass_on"]},
        "praise_words_form": {"required_slots": ["praise"]},
        "rating_form": {"required_slots": ["score"]},
        "reminder_about_form": {"required_slots": ["reminder_about"]},
        "reminder_day_form": {"required_slots": ["reminder_day"]},
        "withdraw_form": {"required_slots": ["withdraw_confirm"]},
        "erasure_form": {"required_slots": ["erasure_confirm"]},
        "status_form": {"required_slots": ["application_number", "application_secret"]},
    }
    return cast("DomainDict", {"forms": forms})
