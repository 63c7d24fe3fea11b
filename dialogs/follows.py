"""Following a case that somebody else filed: offered after its PIN was right, told to who filed, ended by a no."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.interfaces import Action

from complaints.cases import OPEN, Case, Protection
from complaints.follows import EndFollowing, FollowCase, FollowState, RefuseFollowers, TellFollowed
from complaints.references import spoken
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.own_cases import OwnCaseWish
from dialogs.ports import Ports
from dialogs.verified import forget, is_verified


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [Follow(ports), CaseFollowed(ports), StopFollowers(ports)]


async def offer(ports: Ports, turn: Turn, case: Case) -> Events:
    """Offer it once for a case that was opened by its PIN, as long as whoever filed it can be told."""
    asked = turn.slot("follow_offered")
    if asked == case.reference or not await _may_be_followed(ports, turn, case):
        return []
    turn.say(
        "utter_offer_follow", [_follow_choice(turn, case), _not_now(turn)], reference=spoken(case.reference)
    )
    return remember(follow_offered=case.reference)


async def shown_cases(ports: Ports, turn: Turn) -> Sequence[Case]:
    """The cases that the person sees without a PIN: their own, then those that they follow."""
    own = [view.case for view in await ports.cases.of_contact(turn.person)]
    return [*own, *(case for case in await ports.follows.of(turn.person) if case not in own)]


class Follow(DialogAction):
    """Follows the case, if its PIN was given a short while ago."""

    action_name = "action_follow_case"

    async def respond(self, turn: Turn) -> Events:
        """Follow it; the PIN has served."""
        reference = turn.entity("followed_case")
        view = await self.ports.cases.find(reference, turn.person) if reference else None
        verified = is_verified(turn, reference, self.ports.clock.now())
        if view is None or not verified or not await _may_be_followed(self.ports, turn, view.case):
            turn.say("utter_follow_needs_pin")
            return []
        turn.cause(FollowCase(case=view.case))
        turn.say("utter_following", reference=spoken(reference))
        return [*forget(), *remember(reference=reference)]


class CaseFollowed(DialogAction):
    """Tells who filed a case that somebody follows it; a no is one of the answers."""

    action_name = "action_case_followed"

    async def respond(self, turn: Turn) -> Events:
        """Tell it; nothing at all if it has ended meanwhile or is another's."""
        asked = turn.entity("follow")
        untold = await self.ports.follows.untold_one(asked)
        if untold is None or untold.case.contact_id != turn.person:
            return []
        turn.cause(TellFollowed(id=asked))
        refuse = f'/complaint_status/stop_followers{{"own_case": "{untold.case.reference}"}}'
        turn.say(
            "utter_case_followed",
            [
                {"title": turn.words.label("follow_refused"), "payload": refuse},
                {"title": turn.words.label("follow_known"), "payload": "/affirm"},
            ],
            reference=spoken(untold.case.reference),
        )
        return []


class StopFollowers(OwnCaseWish):
    """Ends all following of a case, for good."""

    action_name = "action_stop_followers"
    wish = "complaint_status/stop_followers"
    nothing = "utter_no_own_case"

    async def act(self, turn: Turn, case: Case) -> Events:
        """End it, and offer another PIN: somebody has the old one."""
        turn.cause(RefuseFollowers(case=case))
        another = f'/complaint_status/lost_pin{{"own_case": "{case.reference}"}}'
        turn.say(
            "utter_followers_stopped",
            [{"title": turn.words.label("another_pin"), "payload": another}],
            reference=spoken(case.reference),
        )
        return remember(reference=case.reference)


def end(turn: Turn) -> None:
    """Have the person follow nothing any longer."""
    turn.cause(EndFollowing())


async def _may_be_followed(ports: Ports, turn: Turn, case: Case) -> bool:
    if case.protection is not Protection.NAMED or case.contact_id == turn.person or case.state not in OPEN:
        return False
    state = await ports.follows.state(case.id, turn.person)
    if state in (FollowState.FOLLOWING, FollowState.REFUSED):
        return False
    return await ports.follows.filer(case) is not None


def _follow_choice(turn: Turn, case: Case) -> dict[str, str]:
    payload = f'/complaint_status/follow{{"followed_case": "{case.reference}"}}'
    return {"title": turn.words.label("follow_yes"), "payload": payload}


def _not_now(turn: Turn) -> dict[str, str]:
    return {"title": turn.words.label("follow_no"), "payload": "/deny"}
