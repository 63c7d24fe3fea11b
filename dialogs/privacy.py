"""Who can see what a person writes, how long it is kept, and having it erased; who is answering."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from bot.erasure import ForgetPerson
from complaints.cases import TERMINAL
from complaints.references import spoken
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.linking import told_of
from dialogs.ports import Ports


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Privacy(ports), AskErasure(ports), Erase(ports)]


class Privacy(DialogAction):
    """Says who reads, who does not, and for how long."""

    action_name = "action_privacy"

    async def respond(self, turn: Turn) -> Events:
        """One honest answer, with the way to have it erased."""
        kept = self.ports.keeping
        turn.say("utter_privacy", days=kept.messages_days, years=max(1, kept.cases_days // 365))
        own = await self.ports.addresses.of(turn.person)
        if len(own) > 1:
            turn.say("utter_linked_addresses", addresses=told_of(own))
        await self._tell_followers(turn)
        return []

    async def _tell_followers(self, turn: Turn) -> None:
        """Name the person's cases that somebody else sees too."""
        ids = await self.ports.follows.followed(turn.person)
        own = [view.case for view in await self.ports.cases.of_contact(turn.person)]
        followed = [case.reference for case in own if case.id in ids]
        if followed:
            stop = f'/complaint_status/stop_followers{{"own_case": "{followed[0]}"}}'
            choice = {"title": turn.words.label("stop_followers"), "payload": stop}
            turn.say("utter_followed_cases", [choice], references=", ".join(map(spoken, followed)))


class AskErasure(DialogAction):
    """Asks before anything is erased; says first what has to stay."""

    action_name = "action_ask_erasure_form_erasure_confirm"

    async def respond(self, turn: Turn) -> Events:
        """One question."""
        stays = await _unfinished(self.ports, turn)
        key = "utter_ask_erasure_form_erasure_confirm"
        turn.say(f"{key}_open" if stays else key)
        return []


class Erase(DialogAction):
    """Has the person forgotten, or leaves all as it is."""

    action_name = "action_erase"

    async def respond(self, turn: Turn) -> Events:
        """Do what was confirmed."""
        if turn.slot("erasure_confirm") != "yes":
            turn.say("utter_not_erased")
        else:
            stays = await _unfinished(self.ports, turn)
            turn.cause(ForgetPerson())
            turn.say("utter_erased_open" if stays else "utter_erased")
        return remember(erasure_confirm=None)


async def _unfinished(ports: Ports, turn: Turn) -> bool:
    """Whether somebody still works on a case of this person."""
    own = await ports.cases.of_contact(turn.person)
    return any(view.case.state not in TERMINAL for view in own)
