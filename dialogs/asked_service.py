"""Questions about one public service: which one is meant, and what to say when that is not known."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from dialogs import draft
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.circumstances import Circumstances
from dialogs.from_list import from_list
from dialogs.menu_tree import SERVICES
from dialogs.ports import Ports
from dialogs.rating import offer_rating
from dialogs.reminders import offer_of
from services.answers import answer, note_lines, office
from services.offered import offered
from services.record import PublicService, Topic

# A follow-up ("and how much?") is short, for each of its wishes; a longer text without a known service means another one.
_FOLLOW_UP_LETTERS = 25


class ServiceQuestion(DialogAction):
    """Answers one goal (`fee`, `duration`, …) for the service that is meant, or asks which it is.

    `intent` is what a message must mean to be asked about the goal; empty: the goal's own name. `covers` are
    the other questions that its answer answers.
    """

    goal: ClassVar[str]
    intent: ClassVar[str] = ""
    covers: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._services = ports.catalogue.services
        self._often = offered(ports.catalogue)
        self._phrases = ports.phrases

    def name(self) -> str:
        """Follow from the goal."""
        return f"action_{self.goal}"

    async def respond(self, turn: Turn) -> Events:
        """Answer, ask which service, or own up to not knowing it."""
        meant = self._meant(turn)
        if meant in self._services:
            asked = Circumstances(self.ports, turn, meant)
            asked.announce()
            self.tell(turn, asked)
            self._offer_others(turn, asked.service)
            offer_rating(turn)
            return [*asked.remembered(), *remember(goal=self.goal)]
        if meant or turn.last_answer == "utter_ask_service":
            turn.say("utter_service_not_known")
        else:
            turn.say("utter_ask_service", [*self._offered(turn), *from_list(turn, SERVICES), to_staff(turn)])
        return [*draft.keep(turn, self._phrases), *remember(goal=self.goal)]

    def tell(self, turn: Turn, asked: Circumstances) -> None:
        """Answer for the circumstances of the turn; by itself an answer depends on the record alone."""
        self.answer(turn, asked.service)

    def tell_notes(self, turn: Turn, service: PublicService, *topics: Topic) -> None:
        """Say what is worth knowing beside the answer, where the pack has it."""
        pack, language = self.ports.pack, turn.words.language
        notes = [line for topic in topics for line in note_lines(pack, service, topic, language)]
        if notes:
            turn.say("utter_known_beside", notes=". ".join(notes))

    @abstractmethod
    def answer(self, turn: Turn, service: PublicService) -> None:
        """Say what the catalogue knows, and how sure it is."""

    def service_name(self, turn: Turn, service: PublicService) -> str:
        """What the service is called."""
        return self.ports.pack.pick(service.names, turn.words.language)

    def office(self, turn: Turn, service: PublicService) -> str:
        """Where to go or ask, in few words."""
        return office(self.ports.pack, service, turn.words.language, brief=True)

    def _offer_others(self, turn: Turn, service: PublicService) -> None:
        """What else may be asked about the service, one digit away where digits are pressed."""
        if not turn.in_session:
            return
        questions = turn.words.pack.text(turn.words.language, "utter_ask_what_of_service").buttons
        for each in questions:
            asks = each.payload.removeprefix("/")
            if asks not in self.covers | {self.intent or self.goal} and each.payload not in turn.offered:
                turn.also(each.title, each.payload)
        # What is new is worth another look on its day.
        for offer in offer_of(turn, service.id) if service.notices else ():
            turn.also(offer["title"], offer["payload"])

    def _meant(self, turn: Turn) -> str:
        """The id of the service that is meant, empty if the message leaves it open."""
        letters = sum(map(str.isalpha, self._phrases.asked(turn.text)))
        short = letters <= _FOLLOW_UP_LETTERS * int(turn.tracker.latest_message.get("wishes", 1))
        return turn.entity("service") or (turn.slot("service") if short else "")

    def others(self, turn: Turn, answered: PublicService) -> list[dict[str, str]]:
        """The same question about what else the message names."""
        named = dict.fromkeys(map(str, turn.tracker.get_latest_entity_values("service")))
        return [
            choice(self.ports, turn, self.goal, each, self.intent)
            for each in named
            if each in self._services and each != answered.id
        ]

    def _offered(self, turn: Turn) -> list[dict[str, str]]:
        return [
            {
                "title": self.service_name(turn, service),
                "payload": f'/{self.intent or self.goal}{{"service": "{service.id}"}}',
            }
            for service in self._often
        ]


class ListQuestion(ServiceQuestion):
    """A question that a list in the record answers, which may differ by type of citizen and by place."""

    topic: ClassVar[Topic]

    def answer(self, turn: Turn, service: PublicService) -> None:
        """Say the list as it stands for them."""
        self.tell(turn, Circumstances(self.ports, turn, service.id))

    def tell(self, turn: Turn, asked: Circumstances) -> None:
        """Say the list that holds for them; then for whom or where another one holds."""
        service, about, intent = asked.service, self.topic, self.intent or self.goal
        told = answer(self.ports.pack, service, about, turn.words.language, asked.narrowed(about))
        types = asked.other_types(about, intent)
        turn.say(told.key, [*self.others(turn, service), *types], **told.values)
        if not service.knows(about):
            # Nothing else is known of the papers: where to ask for them may differ too.
            self.tell_notes(turn, service, about, *([Topic.WHERE] if about is Topic.REQUIREMENTS else ()))
        asked.ask_where(about, intent)


def choice(ports: Ports, turn: Turn, goal: str, service: str, intent: str = "") -> dict[str, str]:
    """A question about one service, to be chosen; `intent` where that is not the goal's own name."""
    words, called = turn.words, ports.catalogue.name(service, turn.words.language)
    return {
        "title": words.label("intent_of_service", intent=words.label(f"intent_{goal}"), service=called),
        "payload": f'/{intent or goal}{{"service": "{service}"}}',
    }


def to_staff(turn: Turn) -> dict[str, str]:
    """The way out where no answer fits."""
    return {"title": turn.words.label("a_person"), "payload": '/complaint{"case_kind": "enquiry"}'}
