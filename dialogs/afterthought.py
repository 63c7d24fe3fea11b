"""What a person says right after a receipt: it may belong to the case just filed."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from complaints.cases import Case, EventKind, possible
from complaints.filing import AddToCase
from complaints.references import spoken
from dialogs import draft
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.enclosed import unused, used
from dialogs.own_cases import OwnCaseWish
from dialogs.ports import Ports

ASK = "action_ask_add_to_case"
RECEIPTS = frozenset({"utter_receipt", "utter_call_back_noted", "utter_added_to_case"})


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [AskAddition(ports), AddWords(ports)]


async def case_just_filed(ports: Ports, turn: Turn) -> Case | None:
    """The person's own case whose receipt was said last, while words can be added to it."""
    said = turn.text or turn.tracker.latest_message.get("attachments")
    if not RECEIPTS.intersection(turn.last_answers) or not said:
        return None
    view = await ports.cases.find(turn.slot("reference"), turn.person)
    return view.case if view and view.own and possible(view.case.state, EventKind.ADDED) else None


def add(ports: Ports, turn: Turn, case: Case, text: str) -> Events:
    """Have the words added, with what was sent for them, and say so."""
    turn.cause(AddToCase(case=case, text=text, attachments=unused(ports, turn)))
    turn.say("utter_added_to_case", reference=spoken(case.reference))
    return [*remember(complaint_draft=None, reference=case.reference), *used()]


class AskAddition(DialogAction):
    """Asks whether what was said belongs to the case; the words wait for the answer."""

    action_name = ASK

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        reference = turn.slot("reference")
        add_it = f'/complaint_status/add{{"own_case": "{reference}"}}'
        turn.say(
            draft.ADD_OR_FILE,
            [
                {"title": turn.words.label("add_it"), "payload": add_it},
                {"title": turn.words.label("another_matter"), "payload": "/complaint"},
            ],
            reference=spoken(reference),
        )
        return remember(complaint_draft=turn.text)


class AddWords(OwnCaseWish):
    """Adds the words that waited."""

    action_name = "action_add_to_case"
    wish = "complaint_status/add"
    nothing = "utter_nothing_to_add"

    def concerns(self, case: Case) -> bool:
        """Whether it is not over yet."""
        return possible(case.state, EventKind.ADDED)

    async def act(self, turn: Turn, case: Case) -> Events:
        """Add them; without any there is nothing to do."""
        words = turn.slot("complaint_draft")
        if words:
            return add(self.ports, turn, case, words)
        turn.say(self.nothing)
        return []
