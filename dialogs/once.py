"""Questions that are put once: whoever goes on with something else is not asked again."""

from __future__ import annotations

from typing import ClassVar

from rasa_sdk.events import ActiveLoop, SlotSet

from dialogs.action import DialogAction, Events, Turn, remember


class AskOnce(DialogAction):
    """Puts the question `utter_ask_<form>_<slot>`; the second time it ends the form and says nothing."""

    form: ClassVar[str]
    slot: ClassVar[str]

    def name(self) -> str:
        """What the engine looks for beside the form."""
        return f"action_ask_{self.form}_{self.slot}"

    async def respond(self, turn: Turn) -> Events:
        """Ask, or let it be."""
        if turn.slot("asked_once") == self.form:
            return [ActiveLoop(None), *remember(asked_once=None)]
        turn.say(f"utter_ask_{self.form}_{self.slot}")
        return remember(asked_once=self.form)


def begin(form: str, slot: str) -> Events:
    """The events that put such a form on top; its question follows in the same turn."""
    return [*remember(asked_once=None), ActiveLoop(form), SlotSet("requested_slot", slot)]
