"""One person and the whole product: understanding, rules, actions, texts; only the stores are in memory."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from bot.clock import Chance
from bot.config import Config
from bot.engine import Engine
from bot.messages import Attachment, InboundMessage, MediaKind, SessionEvent
from bot.nlu.parse_data import Interpreter, ParseContext
from bot.rendering import Renderer
from bot.text.choices import match
from bot.trackers import TrackerState
from bot.turns import Turn
from bot.urns import Urn
from bot.yaml_read import read_yaml
from channels.collector import INTENT as MEDIA_REFUSED
from channels.terminal import CAPABILITIES
from complaints.cases import Case, CaseState
from complaints.filing import FileCase, WithdrawCase
from complaints.follows import Untold
from composition.country import Country
from composition.understanding import budgets, engine_of, understanding
from dialogs.discover import discover
from dialogs.ports import Ports
from services.application_numbers import normalise
from services.layers import Overlay
from services.record import Notice
from services.registers import ApplicationState
from services.view import Services
from tests.dialogs.actions.kit import (
    FICTIONAL,
    PACK,
    PHONE,
    AddressesInMemory,
    CasesInMemory,
    FollowsInMemory,
    RegisterInMemory,
    application,
    case,
    ports,
)
from tests.dialogs.actions.reminding import RemindersInMemory
from tests.dialogs.dialling import Recorded, press
from tests.dialogs.stand_ins import StandIn
from tests.pinned import START, PinnedTime

# The countries that a transcript may be held in; the first where it names none.
ROOTS = {"lao": PACK, "fictional": FICTIONAL}
# What is another in each conversation; all else is read from the pack, and made, once.
_OWN = ("cases", "guesses", "reminders", "addresses", "follows", "registers", "clock", "chance")

Transcript = dict[str, Any]


# Every conversation that is written down, by its name: "file: name".
TRANSCRIPTS: Mapping[str, Transcript] = MappingProxyType(
    {
        f"{file.stem}: {transcript['name']}": transcript
        for file in sorted(Path(__file__).parent.glob("*.yml"))
        for transcript in read_yaml(file)
    }
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """One turn as it went: the messages, or screens, in the words of the channel, and what they answered.

    `reply` is the whole answer, not cut into screens, `screen` the one that is shown. `wishes` are the intent
    and its closer one as understood from words; none where an answer was picked. `form` is the one that asks
    now.
    """

    turn: Turn
    messages: Sequence[str]
    reply: str
    wishes: Sequence[str]
    form: str
    screen: str = ""


@dataclass(kw_only=True)
class Conversation:
    """One person and the service, with time pinned between them; `ran` are the names of actions that ran."""

    engine: Engine
    interpreter: Interpreter
    renderer: Renderer
    pinned: PinnedTime
    channel: str
    state: TrackerState
    cases: CasesInMemory
    reminders: RemindersInMemory
    addresses: AddressesInMemory
    follows: FollowsInMemory
    urn: Urn
    ran: set[str] = field(default_factory=set)
    turns: int = 0

    async def say(self, step: Mapping[str, Any]) -> Said:
        """One turn of a transcript."""
        self.pinned.advance(step.get("after", 1) * 60)
        if CAPABILITIES[self.channel].session and "system" not in step:
            return await self._press(step)
        turn, wishes = await (self._begin(step["system"]) if "system" in step else self._hear(step))
        rendered = self.renderer.render(turn.responses, turn.state.language, CAPABILITIES[self.channel])
        if turn.responses:
            turn.state.choices = [{"title": each.label, "payload": each.payload} for each in rendered.choices]
        return self._said(turn, [draft.text for draft in rendered.drafts], wishes)

    def _said(self, turn: Turn, messages: Sequence[str], wishes: Sequence[str]) -> Said:
        """Remember what the turn leaves, and judge by the state that is stored."""
        for effect in turn.effects:
            self._take(effect)
        self.turns += 1
        self.state = TrackerState.load(turn.state.dump(), version=self.turns)
        form = self.state.form.name if self.state.form else ""
        reply = "\n".join(messages)
        return Said(turn=turn, messages=messages, reply=reply, wishes=wishes, form=form)

    async def _press(self, step: Mapping[str, Any]) -> Said:
        """One request of a session: `dial` begins one, with what is typed behind the code; so do words after its end."""
        over = self.state.session is None or self.state.session.over
        if over and "dial" not in step:
            await self._press({"dial": ""})
        ahead = step.get("dial")
        message = InboundMessage(
            channel=self.channel,
            external_id=str(self.turns),
            urn=self.urn,
            text=str(step["user"] if ahead is None else ahead),
            received_at=self.pinned.clock.now(),
            session=SessionEvent.CONTINUE if ahead is None else SessionEvent.NEW,
        )
        if ahead is not None:
            self.state.session = None
        offered = [str(each["title"]) for each in self.state.choices]
        answers = Recorded(self.interpreter, self.engine, self.renderer)
        shown = await press(answers, self.pinned.clock, self.state, message)
        picked = not shown.turn.responses or match(message.text, offered) is not None
        wishes = () if picked else _wishes(shown.turn, shown.turn.wish.get("intent_response_key", ""))
        return replace(self._said(shown.turn, shown.pages, wishes), reply=shown.words, screen=shown.screen)

    def _take(self, effect: object) -> None:
        match effect:
            case FileCase():
                self.cases.cases[effect.reference] = _filed(effect)
            case WithdrawCase():
                withdrawn = replace(effect.case, state=CaseState.WITHDRAWN)
                self.cases.cases[effect.case.reference] = withdrawn
        self.reminders.take(effect)
        self.addresses.take(effect)
        self.follows.take(effect)

    async def _begin(self, intent: str) -> tuple[Turn, Sequence[str]]:
        """A turn that the system starts, about the reminder that is due, a follower, or what could not be kept."""
        now = self.pinned.clock.now()
        if intent == MEDIA_REFUSED:
            return await self.engine.originate(self.state, intent, {"too_large": "2", "gone": "1"}, now), (
                intent,
            )
        if intent == "case_followed":
            about = {"follow": self.follows.waiting[0].id}
        else:
            about = {"reminder": self.reminders.due(now).id}
        return await self.engine.originate(self.state, intent, about, now), (intent,)

    async def _hear(self, step: Mapping[str, Any]) -> tuple[Turn, Sequence[str]]:
        """What is written, or a contact that is shared: `shares` is whose it proves to be, nobody's when empty."""
        text = str(step.get("user", ""))
        message = InboundMessage(
            channel=self.channel,
            external_id=str(self.turns),
            urn=self.urn,
            text=text,
            attachments=tuple(_sent(each) for each in step.get("sends", ())),
            payload="/help/shared_phone" if "shares" in step else "",
            proven=Urn.parse(step["shares"]) if step.get("shares") else None,
            received_at=self.pinned.clock.now(),
        )
        context = ParseContext(
            language=self.state.language,
            service=str(self.state.slots.get("service") or ""),
            expects=self.state.expects,
        )
        parsed = await self.interpreter.parse(message.text, context)
        picked = match(text, [str(each["title"]) for each in self.state.choices]) is not None
        turn = await self.engine.respond(self.state, message, dict(parsed))
        return turn, () if picked else _wishes(turn, parsed.get("intent_response_key", ""))


def _sent(kind: str) -> Attachment:
    """Something of a kind, as a channel tells of it; the place is in the middle of Vientiane."""
    if kind == MediaKind.LOCATION:
        return Attachment(kind=MediaKind.LOCATION, latitude=17.9667, longitude=102.6)
    return Attachment(kind=MediaKind(kind), reference="f1")


def _wishes(turn: Turn, closer: str) -> Sequence[str]:
    """What a turn took its message for; the engine may know better than the understanding (danger)."""
    heard = [event["parse_data"]["intent"]["name"] for event in turn.state.events if event["event"] == "user"]
    if turn.understood:
        return heard[-1], closer
    return [heard[-1] if heard[-1] == "out_of_scope" else "nlu_fallback"]


@dataclass(frozen=True, kw_only=True)
class Held:
    """A conversation as it went; `failure` is what ended it before its last step."""

    said: Sequence[Said]
    ran: Collection[str]
    failure: Exception | None = None


async def hold(world: World, transcript: Transcript) -> Held:
    """Hold the whole conversation of a transcript, right or wrong."""
    conversation, said = world.begin(transcript), list[Said]()
    try:
        for step in transcript["steps"]:
            said.append(await conversation.say(step))
    except Exception as failure:  # noqa: BLE001 (the test raises it, once it has judged the steps before)
        return Held(said=said, ran=conversation.ran, failure=failure)
    return Held(said=said, ran=conversation.ran)


class _Watched(Action):
    """An action that writes down its name when it runs."""

    def __init__(self, action: Action, ran: StandIn) -> None:
        self._action = action
        self._ran = ran

    def name(self) -> str:
        return self._action.name()

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        self._ran.add(self.name())
        return await self._action.run(dispatcher, tracker, domain)


@dataclass(frozen=True, kw_only=True)
class World:
    """A country as every conversation finds it: what is understood there, its texts and its facts.

    One conversation is held at a time: `ports` and `engine` are of the one that was begun last.
    """

    country: Country
    ports: Ports
    interpreter: Interpreter
    engine: Engine
    renderer: Renderer
    own: Mapping[str, StandIn]

    @classmethod
    async def load(cls, root: Path, data_dir: Path) -> World:
        """The country of a pack; its model is trained where `data_dir` has none."""
        country, read = Country.load(root), ports(root=root)
        services = Services(catalogue=read.catalogue, places=read.centres, overlays=read.services.overlays)
        own = {name: StandIn(getattr(read, name)) for name in _OWN}
        of_talk: dict[str, Any] = {**own, "services": services}
        whole, ran = replace(read, **of_talk), StandIn(set[str]())
        return cls(
            country=country,
            ports=whole,
            interpreter=await understanding(Config(data_dir=data_dir, pack=root), country),
            engine=engine_of(country, [_Watched(action, ran) for action in discover(whole)]),
            renderer=Renderer(country.pack, budgets()),
            own={**own, "ran": ran},
        )

    def begin(self, transcript: Transcript) -> Conversation:
        """The conversation of a transcript before its first step."""
        pinned = PinnedTime()
        cases = _cases(transcript, pinned)
        urn = Urn.parse(transcript.get("from", f"tel:{PHONE}"))
        talk = Conversation(
            engine=self.engine,
            interpreter=self.interpreter,
            renderer=self.renderer,
            pinned=pinned,
            channel=transcript["channel"],
            state=TrackerState(contact_id="me"),
            cases=cases,
            reminders=RemindersInMemory(),
            addresses=AddressesInMemory(own=[urn]),
            follows=_follows(transcript, cases),
            urn=urn,
        )
        self._turn_to(talk, _register(transcript))
        # What staff say about services while the transcript is held.
        self.ports.services.put(_notices(transcript))
        return talk

    def _turn_to(self, talk: Conversation, registers: RegisterInMemory) -> None:
        of_talk = {
            "cases": talk.cases,
            "guesses": talk.cases.guesses,
            "reminders": talk.reminders,
            "addresses": talk.addresses,
            "follows": talk.follows,
            "registers": registers,
            "clock": talk.pinned.clock,
            "chance": Chance(random=random.Random(7)),  # noqa: S311 (it must repeat itself)
            "ran": talk.ran,
        }
        for name, stand_in in self.own.items():
            stand_in.put(of_talk[name])


def _cases(transcript: Transcript, pinned: PinnedTime) -> CasesInMemory:
    """The cases there before, filed a day ago."""
    cases = CasesInMemory()
    for reference, about in transcript.get("cases", {}).items():
        known = case(str(reference), about["filed_by"], CaseState(about["state"]))
        cases.cases[str(reference)] = replace(known, filed_at=pinned.clock.now() - timedelta(days=1))
    return cases


def _follows(transcript: Transcript, cases: CasesInMemory) -> FollowsInMemory:
    """Who follows the cases that are there before, told of or not."""
    waiting = [
        Untold(
            id=reference,
            case=cases.cases[reference],
            since=cases.cases[reference].filed_at,
            channel="sms",
            urn=None,
        )
        for reference in map(str, transcript.get("followed", ()))
    ]
    return FollowsInMemory(waiting=waiting, mute=transcript.get("mute", False))


def _filed(effect: FileCase) -> Case:
    """The case as the effect has it written; its summary is left whole."""
    return replace(
        case(effect.reference, "me"),
        kind=effect.kind,
        category=effect.category,
        service=effect.service,
        place=effect.place,
        desk=effect.desk,
        language=effect.language,
        summary=effect.description,
        description=effect.description,
        filed_at=effect.filed_at,
        promised_at=effect.promised_at,
        updated_at=effect.filed_at,
    )


def _register(transcript: Transcript) -> RegisterInMemory:
    """The applications that offices have told of."""
    register = RegisterInMemory(
        check_digit=transcript.get("check_digit", ""), down=transcript.get("register_down", False)
    )
    for number, about in transcript.get("applications", {}).items():
        key = normalise(str(number))
        told = {name: value for name, value in about.items() if name not in ("phone", "state")}
        register.applications[key] = application(
            str(number), state=ApplicationState(about.get("state", "ready")), **told
        )
        if about.get("phone") == "me":
            register.phones[key] = PHONE
    return register


def _notices(transcript: Transcript) -> Iterator[Overlay]:
    """What staff say about services while the transcript is held: outages with no words, or news."""
    for service, words in transcript.get("notices", {}).items():
        notice = Notice(id=service, outage=not words, text=words or {}, since=START.date())
        yield Overlay(id=service, service=service, live=True, notice=notice)
