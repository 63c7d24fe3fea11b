"""A phone and an app become one person's, when the app vouches for the phone; and are parted again."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.interfaces import Action

from bot.addresses import PHONE
from bot.linking import LinkPhone, UnlinkPhones
from bot.trackers import TrackerState
from bot.urns import Urn
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.follows import end
from dialogs.ports import Ports

# What sharing the phone stands for; the channel says the same of a contact that was picked by hand.
_SHARED = "/help/shared_phone"
# What a form that goes on elsewhere does not bring along.
_OF_ONE_TALK = frozenset({"language", "language_chosen", "verified", "requested_slot"})
_SHOWN = 3  # the last digits of a number


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [AskPhone(ports), Link(ports), Unlink(ports)]


def share_choice(turn: Turn) -> dict[str, str]:
    """The choice that shares the phone, on channels that can ask for it."""
    title = turn.words.label("share_phone")
    return {"title": title, "payload": _SHARED, "shares_phone": "yes"}


def ending(phone: Urn) -> str:
    """A number as its holder knows it, and a passer-by does not."""
    return f"..{phone.address[-_SHOWN:]}"


def told_of(addresses: Sequence[Urn]) -> str:
    """What a person is told of their addresses."""
    return ", ".join(f"SMS {ending(each)}" if each.phone else each.scheme.capitalize() for each in addresses)


async def known_phone(ports: Ports, turn: Turn) -> Urn | None:
    """The phone by which the person can be reached: just shared, linked, or that which their address is made of."""
    if turn.proven:
        return turn.proven
    own = await ports.addresses.of(turn.person)
    linked = [each for each in own if each.scheme == PHONE]
    if linked:
        return linked[-1]
    return Urn(PHONE, turn.phone) if turn.phone else None


class AskPhone(DialogAction):
    """Says what for, and asks; or says why there is nothing to ask for."""

    action_name = "action_ask_phone"

    async def respond(self, turn: Turn) -> Events:
        """One answer."""
        own = await self.ports.addresses.of(turn.person)
        phones = [each for each in own if each.scheme == PHONE]
        if turn.scheme == PHONE:
            turn.say("utter_link_is_phone")
        elif phones:
            turn.say("utter_link_already", phone=ending(phones[-1]))
        elif self.ports.channels[turn.channel].contact:
            turn.say("utter_link_ask", [share_choice(turn), _no(turn)])
        else:
            turn.say("utter_link_by_pin")
        return []


class Link(DialogAction):
    """Links the phone that came with the message; a contact that nobody vouches for links nothing."""

    action_name = "action_link"

    async def respond(self, turn: Turn) -> Events:
        """Link it, and say how that ends."""
        phone = turn.proven
        if phone is None:
            turn.say("utter_contact_not_own")
            return []
        addresses = self.ports.addresses
        linked = LinkPhone(
            phone=phone,
            holder=await addresses.holder(phone),
            stand=await addresses.stand(turn.person),
            scheme=turn.scheme,
        )
        turn.cause(linked)
        known = linked.holder is not None and linked.holder.contact_id == turn.person
        moves = linked.holder is not None and not known and not linked.joins
        turn.say("utter_linked_anew" if moves else "utter_linked", phone=ending(phone))
        return _taken_up(turn, linked.holder.talk) if linked.holder and linked.joins and not known else []


class Unlink(DialogAction):
    """Parts the phones from the apps, whichever of them speaks; sharing the phone again links it again."""

    action_name = "action_unlink"

    async def respond(self, turn: Turn) -> Events:
        """Part them, if there is anything to part."""
        own = await self.ports.addresses.of(turn.person)
        phones = tuple(each for each in own if each.scheme == PHONE)
        followed = await self.ports.follows.of(turn.person)
        if followed:
            end(turn)
            turn.say("utter_unfollowed")
        if not phones or len(phones) == len(own):
            if not followed:
                turn.say("utter_nothing_linked")
            return []
        turn.cause(UnlinkPhones(phones=phones))
        turn.say("utter_unlinked", phones=", ".join(map(ending, phones)))
        return []


def _taken_up(turn: Turn, talk: TrackerState) -> Events:
    """The form that was under way on the phone, to go on here; none where another is."""
    if turn.form or talk.form is None:
        return []
    said = {name: value for name, value in talk.slots.items() if name not in _OF_ONE_TALK}
    here = {name for name, value in turn.tracker.slots.items() if value is not None}
    return [
        *remember(**{name: value for name, value in said.items() if name not in here}),
        ActiveLoop(talk.form.name),
        SlotSet("requested_slot", talk.form.requested),
    ]


def _no(turn: Turn) -> dict[str, str]:
    return {"title": turn.words.label("rather_not"), "payload": "/deny"}
