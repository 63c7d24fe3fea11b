"""What a person does with a case of their own: the receipt once more, another PIN, taking it back.

Only the address that a case was filed from is answered; for everybody else there is no case, whatever
number they name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from complaints import pins
from complaints.cases import Case, EventKind, possible
from complaints.filing import IssuePin, WithdrawCase
from complaints.references import spoken
from dialogs import draft
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.asked_service import to_staff
from dialogs.ports import Ports

_SHOWN = 40  # code points of the case's own words


def actions(ports: Ports) -> list[Action]:
    """The actions of these goals."""
    return [ResendReceipt(ports), LostPin(ports), AskWithdrawal(ports), Withdraw(ports)]


def case_choice(turn: Turn, case: Case, payload: str) -> dict[str, str]:
    """One of the person's cases, to be chosen."""
    state = turn.words.label(f"state_{case.state}")
    return {
        "title": turn.words.label("own_case", reference=spoken(case.reference), state=state),
        "payload": payload,
    }


class OwnCaseWish(DialogAction):
    """Acts on the case that is meant: named now, the only one that it can be, or chosen from a list."""

    wish: ClassVar[str]
    nothing: ClassVar[str]

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._phrases = ports.phrases

    async def respond(self, turn: Turn) -> Events:
        """Act, ask which case, or say that there is none."""
        own = [view.case for view in await self.ports.cases.of_contact(turn.person)]
        cases = [case for case in own if self.concerns(case)]
        named = turn.entity("own_case") or turn.entity("reference")
        meant = [case for case in cases if case.reference == named] if named else cases
        if len(meant) == 1:
            return await self.act(turn, meant[0])
        if meant:
            turn.say("utter_ask_which_case", self._choices(turn, meant))
            return []
        turn.say(self.nothing, [to_staff(turn)])
        return draft.keep(turn, self._phrases)

    def concerns(self, case: Case) -> bool:
        """Whether this can be done to a case."""
        del case
        return True

    @abstractmethod
    async def act(self, turn: Turn, case: Case) -> Events:
        """Do it, or go on to ask."""

    def _choices(self, turn: Turn, cases: Sequence[Case]) -> list[dict[str, str]]:
        return [case_choice(turn, case, f'/{self.wish}{{"own_case": "{case.reference}"}}') for case in cases]


class ResendReceipt(OwnCaseWish):
    """Tells the receipt once more, without the PIN: nobody but its owner has it."""

    action_name = "action_resend_receipt"
    wish = "complaint_status/resend"
    nothing = "utter_no_own_case"

    async def act(self, turn: Turn, case: Case) -> Events:
        """Tell it."""
        another = f'/complaint_status/lost_pin{{"own_case": "{case.reference}"}}'
        turn.say(
            "utter_receipt_again",
            [{"title": turn.words.label("another_pin"), "payload": another}],
            reference=spoken(case.reference),
            state=turn.words.label(f"state_{case.state}"),
            date=turn.words.date(case.promised_at),
        )
        return remember(reference=case.reference)


class LostPin(OwnCaseWish):
    """Gives another PIN, and the old one stops."""

    action_name = "action_lost_pin"
    wish = "complaint_status/lost_pin"
    nothing = "utter_pin_elsewhere"

    async def act(self, turn: Turn, case: Case) -> Events:
        """Give it."""
        pin = pins.draw(self.ports.chance)
        turn.cause(IssuePin(case=case, pin=pin))
        turn.say("utter_new_pin", reference=spoken(case.reference), pin=pin)
        return remember(reference=case.reference)


class AskWithdrawal(OwnCaseWish):
    """Asks before a case is taken back."""

    action_name = "action_withdraw_start"
    wish = "complaint_status/withdraw"
    nothing = "utter_no_case_to_withdraw"

    def concerns(self, case: Case) -> bool:
        """Whether it is not over yet."""
        return possible(case.state, EventKind.WITHDRAWN)

    async def act(self, turn: Turn, case: Case) -> Events:
        """Show what would be taken back; the form asks."""
        turn.say(
            "utter_about_to_withdraw",
            reference=spoken(case.reference),
            words=turn.words.excerpt(case.description, _SHOWN),
        )
        return [
            *remember(case_to_withdraw=case.reference, withdraw_confirm=None),
            FollowupAction("withdraw_form"),
        ]


class Withdraw(DialogAction):
    """Takes the case back, or leaves it."""

    action_name = "action_withdraw"

    async def respond(self, turn: Turn) -> Events:
        """Do what was confirmed, to the case as it stands now."""
        reference = turn.slot("case_to_withdraw")
        view = await self.ports.cases.find(reference, turn.person)
        agreed = turn.slot("withdraw_confirm") == "yes"
        if agreed and view and view.own and possible(view.case.state, EventKind.WITHDRAWN):
            turn.cause(WithdrawCase(case=view.case))
            turn.say("utter_withdrawn", reference=spoken(reference))
        else:
            turn.say("utter_not_withdrawn", reference=spoken(reference))
        return remember(case_to_withdraw=None, withdraw_confirm=None)
