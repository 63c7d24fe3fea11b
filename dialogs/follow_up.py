"""Whether what does not arrive here may go to the person's phone: asked once, with a receipt."""

from __future__ import annotations

import re

from rasa_sdk.interfaces import Action

from bot.consent import Purpose, RecordConsent
from bot.pack import Pack, fill
from bot.text.digits import ascii_digits
from complaints.references import Reference, check, spoken
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.hotlines import Hotlines
from dialogs.linking import ending, known_phone, share_choice
from dialogs.ports import Ports
from dialogs.words import Words

_NUMBER = re.compile(r"(?<!\d)\d{4} ?\d{4}(?!\d)")


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [AgreeToFollowUp(ports), RefuseFollowUp(ports)]


async def offer(ports: Ports, turn: Turn) -> Events:
    """Ask, where this channel has a follow-up and the person was never asked."""
    if turn.channel not in ports.follow_ups or turn.slot("follow_up_asked"):
        return []
    stand = await ports.addresses.stand(turn.person)
    answered = Purpose.FOLLOW_UP in stand.agreed or (Purpose.FOLLOW_UP, "") in stand.refused
    reachable = ports.channels[turn.channel].contact or await known_phone(ports, turn)
    if answered or not reachable:
        return []
    turn.say("utter_ask_follow_up")
    return remember(follow_up_asked="yes")


class AgreeToFollowUp(DialogAction):
    """Enters the yes into the ledger; asks for the number where none is known."""

    action_name = "action_agree_to_follow_up"

    async def respond(self, turn: Turn) -> Events:
        """Record, and say to which number."""
        turn.cause(RecordConsent(purpose=Purpose.FOLLOW_UP, granted=True))
        phone = await known_phone(self.ports, turn)
        if phone:
            turn.say("utter_follow_up_agreed", phone=ending(phone))
        else:
            turn.say("utter_follow_up_needs_phone", [share_choice(turn)])
        return []


class RefuseFollowUp(DialogAction):
    """Enters the no into the ledger."""

    action_name = "action_refuse_follow_up"

    async def respond(self, turn: Turn) -> Events:
        """Record and confirm."""
        turn.cause(RecordConsent(purpose=Purpose.FOLLOW_UP, granted=False))
        turn.say("utter_follow_up_refused")
        return []


class ShortNotice:
    """Says in one SMS what was too long for it: of which case it is, and where the rest is found."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._hotlines = Hotlines.load(pack)

    def of(self, text: str, language: str) -> str:
        """The notice in place of a text, in a language of the pack, or its first where that is unknown."""
        words = Words(pack=self._pack, language=language or self._pack.languages[0])
        found = (check(number[0]) for number in _NUMBER.finditer(ascii_digits(text)))
        case = next((each.digits for each in found if isinstance(each, Reference)), "")
        hotline = self._hotlines.spoken("complaint", words, limit=1)
        values = {
            "about": words.label("about_case", reference=spoken(case)) if case else "",
            "call": words.label("or_call", hotline=hotline) if hotline else "",
        }
        return fill(self._pack.text(words.language, "utter_not_reached").text, values)
