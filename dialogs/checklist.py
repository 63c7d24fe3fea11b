"""What to check before travelling: papers and copies, what can be left out, form, fee, office and its next day."""

from __future__ import annotations

from collections.abc import Iterator

from rasa_sdk.interfaces import Action

from dialogs.action import Turn
from dialogs.asked_service import ServiceQuestion
from dialogs.directory import Directory
from dialogs.form_files import enclose_forms, form_line
from dialogs.opening import opening_after
from dialogs.ports import Ports
from services.answers import cost_lines, requirement_lines
from services.record import Fact, PublicService, Status


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Checklist(ports)]


class Checklist(ServiceQuestion):
    """One line a matter; what is not known is said to be unknown, so that it is asked before the journey."""

    goal = "checklist"
    intent = "requirements/checklist"
    covers = frozenset(("requirements", "fee", "where_hours"))

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._directory = Directory(ports)

    def answer(self, turn: Turn, service: PublicService) -> None:
        """The list, in the order in which one packs."""
        lines = [*self._papers(turn, service), self._fee(turn, service), self._where(turn, service)]
        turn.say(
            "utter_checklist",
            self.others(turn, service),
            service=self.service_name(turn, service),
            items="\n".join(f"- {line}" for line in lines),
        )
        enclose_forms(self.ports, turn, service)

    def _papers(self, turn: Turn, service: PublicService) -> Iterator[str]:
        pack, language = self.ports.pack, turn.words.language
        if service.requirements_fact.status is Status.UNKNOWN:
            yield turn.words.label("papers_unknown")
        else:
            papers = "; ".join(requirement_lines(pack, service, language, brief=True))
            yield _dated(turn, turn.words.label("papers", papers=papers), service.requirements_fact)
        for each in service.requirements:
            if each.skip:
                paper, skip = pack.pick(each.names, language), pack.pick(each.skip, language)
                yield turn.words.label("may_be_left_out", paper=paper, skip=skip)
        for form in service.forms:
            yield form_line(self.ports, turn, form)

    def _fee(self, turn: Turn, service: PublicService) -> str:
        if service.costs_fact.status is Status.UNKNOWN:
            return turn.words.label("fee_unknown")
        costs = "; ".join(cost_lines(self.ports.pack, service, turn.words.language, brief=True))
        return _dated(turn, turn.words.label("money", costs=costs), service.costs_fact)

    def _where(self, turn: Turn, service: PublicService) -> str:
        centre = self._directory.offering(service.id, turn.slot("place"))
        office = self._directory.name(turn, centre) if centre else self.office(turn, service)
        following = opening_after(turn, self._directory.calendar(centre), self.ports.clock.now())
        return turn.words.label("where_next", office=office, next=following)


def _dated(turn: Turn, line: str, fact: Fact) -> str:
    reported = fact.status is Status.REPORTED
    return turn.words.label("line_reported", line=line, year=fact.year) if reported else line
