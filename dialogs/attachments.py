"""Photos, recordings, papers and places that come without words, and what is said of those that could not be kept."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction
from rasa_sdk.interfaces import Action

from bot.files.errors import Reason
from bot.messages import MediaKind
from complaints.filing import AddToCase
from complaints.references import spoken
from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.afterthought import case_just_filed
from dialogs.directory import Directory
from dialogs.enclosed import promised, unused, used
from dialogs.ports import Ports

_FORM, _PLACE = "complaint_form", "complaint_place"
# An album comes as one message a picture: those that follow each other so closely are answered once.
_ALBUM_SECONDS = 30.0
# Wishes whose own answers speak of what came with them.
_ABOUT_A_CASE = frozenset({"complaint", "feedback", "talk_to_human", "affirm", "deny", "inform"})

_WHY = {
    Reason.TOO_LARGE: "utter_media_too_large",
    Reason.NOT_TAKEN: "utter_media_not_taken",
    Reason.UNREADABLE: "utter_media_unreadable",
    Reason.TOO_MANY: "utter_media_too_many",
    Reason.GONE: "utter_media_gone",
}


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [
        AttachmentCame(ports),
        AttachmentBeside(ports),
        AttachmentOfNothing(ports),
        AttachmentRefused(ports),
    ]


class AttachmentCame(DialogAction):
    """Adds it to the complaint under way or just filed, takes a place for the place; else asks what it is about."""

    action_name = "action_attachment"

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports)
        self._directory = Directory(ports)

    async def respond(self, turn: Turn) -> Events:
        """One answer for all that comes together."""
        quiet = [FollowupAction("action_listen")] if _in_a_row(turn) else []
        if turn.form == _FORM:
            return self._for_the_form(turn, quiet)
        case = await case_just_filed(self.ports, turn)
        if case:
            turn.cause(AddToCase(case=case, text="", attachments=unused(self.ports, turn)))
            if not quiet:
                turn.say("utter_added_to_case", reference=spoken(case.reference))
            return [*remember(reference=case.reference), *used(), *quiet]
        if quiet:
            return quiet
        if turn.form:
            turn.say("utter_media_kept")
        elif all(each["kind"] == MediaKind.LOCATION for each in _came(turn)):
            return self._nearest(turn)
        else:
            turn.say("utter_ask_media_complaint")
        return []

    def _nearest(self, turn: Turn) -> Events:
        """The centre that is nearest to a position, where all are known; else the district must be said."""
        where = _came(turn)[-1]
        centre = self.ports.centres.nearest(where["latitude"], where["longitude"])
        if centre:
            told = {
                "centre": self._directory.name(turn, centre),
                "details": self._directory.details(turn, centre),
            }
            turn.say("utter_nearest", **told)
            self._directory.show(turn, centre)
        else:
            turn.say("utter_position_alone")
            turn.say("utter_ask_place")
        return remember(goal="nearest")

    def _for_the_form(self, turn: Turn, quiet: Events) -> Events:
        promise = promised(self.ports, turn, _FORM)
        place = next((each for each in _came(turn) if each["kind"] == MediaKind.LOCATION), None)
        if place and turn.slot("requested_slot") == _PLACE:
            # Ten metres, as far as a confirmation has room; what was sent is kept as it is.
            where = {name: f"{place[name]:.4f}" for name in ("latitude", "longitude")}
            said = turn.words.label("shared_position", **where)
            return [*promise, *remember(complaint_place=said), FollowupAction(_FORM)]
        if not quiet:
            turn.say("utter_media_added")
        return [*promise, *quiet]


class AttachmentBeside(DialogAction):
    """Says, after an answer to the words that came with it, what can be done with it."""

    action_name = "action_attachment_beside"

    async def respond(self, turn: Turn) -> Events:
        """Nothing where a question is open, or where the answer was about a case."""
        if not turn.form and turn.intent not in _ABOUT_A_CASE and unused(self.ports, turn):
            turn.say("utter_media_kept")
        return []


class AttachmentOfNothing(DialogAction):
    """Forgets what belongs to no complaint; it is erased with its day."""

    action_name = "action_attachment_none"

    async def respond(self, turn: Turn) -> Events:
        """Say so."""
        turn.say("utter_media_not_used")
        return used()


class AttachmentRefused(DialogAction):
    """Tells what could not be kept and why; the reasons are the entities, their values how many."""

    action_name = "action_attachment_refused"

    async def respond(self, turn: Turn) -> Events:
        """A text for each reason."""
        for reason, key in _WHY.items():
            if count := turn.entity(reason):
                turn.say(key, count=count)
        return []


def _came(turn: Turn) -> list[dict[str, Any]]:
    """What came with this message."""
    return list(turn.tracker.latest_message.get("attachments") or ())


def _in_a_row(turn: Turn) -> bool:
    """Whether the message before had something with it too, and no words, and came just now."""
    heard = [each for each in turn.tracker.events if each.get("event") == "user"][-2:]
    if len(heard) < 2 or not heard[0].get("enclosed") or heard[0].get("text"):  # noqa: PLR2004 - this one and the one before
        return False
    return float(heard[1]["timestamp"]) - float(heard[0]["timestamp"]) <= _ALBUM_SECONDS
