"""What to bring to get a public service."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.ports import Ports
from services.answers import note_lines, requirement_lines
from services.catalogue import PublicService, Topic


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Requirements(ports)]


class Requirements(ServiceQuestion):
    """Lists the papers, originals and copies."""

    goal = "requirements"

    def answer(self, turn: Turn, service: PublicService) -> None:
        """One paper a line, what is to know about them, then where to hand them in."""
        pack, language = self.ports.pack, turn.words.language
        papers = [f"- {line}" for line in requirement_lines(pack, service, language)]
        notes = [f"{line}." for line in note_lines(pack, service, Topic.REQUIREMENTS, language)]
        items = "\n".join([*papers, *notes])
        self.say(turn, service.requirements_fact, service, items=items, office=self.office(turn, service))
