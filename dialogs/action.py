"""What every action of a dialog is: a name, and an answer to the turn in hand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import asdict
from itertools import dropwhile, takewhile
from typing import ClassVar

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from bot.messages import Enclosure
from bot.urns import Urn
from dialogs.ports import Ports
from dialogs.words import Words

Events = list[EventType]


class Turn:
    """One message as an action sees it: what was said and is remembered, and the ways to answer."""

    def __init__(self, ports: Ports, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.dispatcher = dispatcher
        self.tracker = tracker
        self._channels = ports.channels
        self.words = Words(pack=ports.pack, language=self.slot("language"))

    @property
    def person(self) -> str:
        """The id of the contact."""
        return str(self.tracker.sender_id)

    @property
    def text(self) -> str:
        """The words of the person."""
        return str(self.tracker.latest_message.get("text") or "")

    @property
    def is_wordless(self) -> bool:
        """Whether a number, or nothing written at all, said what they want: it was chosen."""
        said = self.text.strip()
        return not any(map(str.isalpha, said)) and (not said or any(map(str.isdecimal, said)))

    @property
    def intent(self) -> str:
        """What they want, as understood."""
        return str(self.tracker.latest_message["intent"]["name"])

    @property
    def channel(self) -> str:
        """The name of the channel that the message came by."""
        return str(self.tracker.latest_message.get("channel") or "")

    @property
    def in_session(self) -> bool:
        """Whether the person presses digits, screen by screen (USSD): what can be chosen need not be typed."""
        can = self._channels.get(self.channel)
        return can is not None and can.session

    @property
    def is_paid(self) -> bool:
        """Whether each part of the answer is paid for."""
        can = self._channels.get(self.channel)
        return can is not None and can.sms

    @property
    def phone(self) -> str:
        """The number that the channel vouches for, in E.164 form; empty where the address is none."""
        address = str(self.tracker.latest_message.get("address") or "")
        return Urn.parse(address).phone if address else ""

    @property
    def proven(self) -> Urn | None:
        """Another address of theirs that came with the message, and for which the channel vouches."""
        address = str(self.tracker.latest_message.get("proven") or "")
        return Urn.parse(address) if address else None

    @property
    def scheme(self) -> str:
        """The kind of the address that they write from; empty where nobody wrote."""
        return str(self.tracker.latest_message.get("address") or "").partition(":")[0]

    @property
    def form(self) -> str:
        """The form under way, empty if there is none."""
        return str(self.tracker.active_loop_name or "")

    @property
    def last_answers(self) -> list[str]:
        """The keys of what was said in the turn before, the last one first."""
        before = dropwhile(lambda event: event.get("event") != "bot", reversed(self.tracker.events))
        return [
            str(event.get("text")) for event in takewhile(lambda each: each.get("event") == "bot", before)
        ]

    @property
    def last_answer(self) -> str:
        """The key of what was said last, empty at the beginning."""
        return next(iter(self.last_answers), "")

    @property
    def after(self) -> str:
        """The action that ran just before this one in the same turn, empty if none did."""
        last = self.tracker.events[-1] if self.tracker.events else {}
        return str(last["name"]) if last.get("event") == "action" else ""

    def entity(self, name: str) -> str:
        """The value of the first entity of this name, empty if there is none."""
        return str(next(self.tracker.get_latest_entity_values(name), None) or "")

    def slot(self, name: str) -> str:
        """What a text slot holds, empty if nothing."""
        return str(self.tracker.slots.get(name) or "")

    def say(self, key: str, buttons: Iterable[dict[str, str]] = (), /, **values: object) -> None:
        """Say the text under a key of the pack, with choices besides those it has itself."""
        self.dispatcher.utter_message(response=key, buttons=list(buttons), **values)  # type: ignore[arg-type]  # values of ours never bear a name of rasa-sdk's

    @property
    def offered(self) -> frozenset[str]:
        """What the choices of this turn stand for, so far."""
        text, language = self.words.pack.text, self.words.language
        texts = (text(language, said["response"]).buttons for said in self.dispatcher.messages)
        own = (said["buttons"] for said in self.dispatcher.messages)
        return frozenset(
            [
                *(each.payload for some in texts for each in some),
                *(each["payload"] for some in own for each in some),
            ]
        )

    def also(self, title: str, payload: str) -> None:
        """Offer one more choice with what was said last."""
        self.dispatcher.messages[-1]["buttons"].append({"title": title, "payload": payload})

    def beside(self, title: str, payload: str) -> None:
        """Offer one more choice with what was said last, on channels where it costs nothing."""
        button = {"title": title, "payload": payload, "optional": "yes"}
        self.dispatcher.messages[-1]["buttons"].append(button)

    def enclose(self, enclosure: Enclosure) -> None:
        """Show something with what was said last, on channels that can; the words must do without it."""
        self.dispatcher.messages[-1].setdefault("attachment", None)
        before = self.dispatcher.messages[-1]["attachment"] or []
        self.dispatcher.messages[-1]["attachment"] = [*before, asdict(enclosure)]

    def cause(self, effect: object) -> None:
        """Have something done when the turn is committed."""
        self.dispatcher.effect(effect)  # type: ignore[attr-defined]  # the engine hands in its TurnDispatcher


class DialogAction(Action):
    """An action that answers a `Turn`; `action_name` is what the rules call it."""

    action_name: ClassVar[str]

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    def name(self) -> str:
        """What the rules call it."""
        return self.action_name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Answer; rasa-sdk's way in."""
        del domain
        return await self.respond(Turn(self.ports, dispatcher, tracker))

    @abstractmethod
    async def respond(self, turn: Turn) -> Events:
        """Say and cause what is due; returns what is to be remembered."""


def remember(**slots: object) -> Events:
    """The events that set slots."""
    return [SlotSet(name, value) for name, value in slots.items()]
