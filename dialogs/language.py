"""Another language, asked for by name or chosen from a list, at any time."""

from __future__ import annotations

from rasa_sdk.interfaces import Action

from dialogs.action import DialogAction, Events, Turn, remember
from dialogs.ports import Ports
from dialogs.verified import forget


def actions(ports: Ports) -> list[Action]:
    """The actions of this goal."""
    return [ChooseLanguage(ports)]


class ChooseLanguage(DialogAction):
    """Answers in the language named from now on; from then on no message changes it by itself."""

    action_name = "action_language"

    async def respond(self, turn: Turn) -> Events:
        """Change, or list the languages."""
        wanted = turn.entity("language")
        if wanted not in self.ports.pack.languages:
            turn.say("utter_ask_language")
            return []
        turn.say("utter_language_changed")
        # Another language may be another person's.
        return [*remember(language=wanted, language_chosen=True), *forget()]
