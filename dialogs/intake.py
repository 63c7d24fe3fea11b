"""A new case out of a conversation: what it is about, which desk owns it, by when it is answered."""

from __future__ import annotations

from typing import NamedTuple

from complaints import pins, references
from complaints.cases import CaseKind
from complaints.categories import Category
from complaints.clocks import promise
from complaints.filing import FileCase
from dialogs.accused import Accused
from dialogs.action import Events, Turn, remember
from dialogs.enclosed import unused, used
from dialogs.ports import Ports
from dialogs.subject import Subjects

# The source of a case that somebody files for somebody else.
ON_BEHALF = "on_behalf"


class Matter(NamedTuple):
    """What a case is about: a service of the catalogue and the code of a place, if known; without a category its words tell it."""

    service: str = ""
    place: str = ""
    category: Category | None = None


class Intake:
    """Makes cases and hands out their receipts."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.subjects = Subjects.load(ports.pack, ports.categories)
        self._accused = Accused.load(ports.desks)
        self._phrases = ports.phrases

    def office(self, text: str, kind: CaseKind) -> str:
        """The desk complained about; who asks or thanks an office means it to read that."""
        return self._accused.named(text) if kind is CaseKind.COMPLAINT else ""

    def category(self, text: str, chosen: str = "") -> Category:
        """What the words are about: as chosen, unless that was "something else"."""
        known = self._ports.categories.get(chosen)
        return known if known and known.id != self.subjects.general else self.subjects.guess(text)

    def case(
        self,
        turn: Turn,
        text: str,
        kind: CaseKind,
        matter: Matter,
        *,
        source: str = "",
        told: str,
    ) -> FileCase:
        """The case of a person's own words; `told` is the key of its receipt.

        Without another `source` it is noted if they are for somebody else: nothing more of them is asked.
        """
        ports, now = self._ports, self._ports.clock.now()
        category = matter.category or self.subjects.guess(text)
        service = ports.catalogue.get(matter.service)
        service_id = service.id if service else ""
        office = self.office(text, kind)
        return FileCase(
            reference=references.draw(ports.chance),
            pin=pins.draw(ports.chance),
            kind=kind,
            category=category.id,
            description=text,
            place=matter.place,
            service=service_id,
            language=turn.words.language,
            channel=turn.channel,
            filed_at=now,
            promised_at=promise(now, category.targets.resolution, ports.calendar),
            desk=ports.desks.route(category, self._outwards(matter.place), service_id, office).id,
            office=office,
            source=source or (ON_BEHALF if self._phrases.for_another(text) else ""),
            told=told,
            attachments=unused(ports, turn),
        )

    def file(self, turn: Turn, case: FileCase) -> Events:
        """Cause it and say its receipt; from now on "how does it stand?" is about this case."""
        turn.cause(case)
        turn.say(
            case.told,
            reference=references.spoken(case.reference),
            pin=case.pin,
            date=turn.words.date(case.promised_at),
        )
        if case.attachments:
            turn.say("utter_media_with_it", count=len(case.attachments))
        return [*remember(reference=case.reference), *used()]

    def _outwards(self, code: str) -> list[str]:
        place = self._ports.places.get(code)
        return [each for each in (place.code, place.parent) if each] if place else []
