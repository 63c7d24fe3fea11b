"""One conversation held twice: by a Rasa server with our actions, and by our own engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages import Capabilities
from bot.rasa.names import rasa_payload
from bot.text.choices import match
from tests.dialogs.conversation import Transcript, World
from tests.interop.rasa import Server

# As Rasa's REST channel: one message a response, every choice a button.
REST = Capabilities(max_units=100_000, buttons=1_000, button_units=1_000, inline=True)
_FIGURES = re.compile(r"\d+(?:[ .,:/]\d+)*")


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A message and its two answers."""

    said: str
    ours: Sequence[str]
    theirs: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether they are the same but for figures: references, PINs and dates are drawn and told anew."""
        return [*map(_plain, self.ours)] == [*map(_plain, self.theirs)]


async def hold(world: World, transcript: Transcript, server: Server, sender: str) -> list[Answered]:
    """Hold it with both; a number is the button that the answer before had there."""
    conversation = world.begin({**transcript, "channel": "web"})
    items = [str(word) for words in world.country.pack.lexicon("item_words").values() for word in words]
    buttons: list[Mapping[str, Any]] = []
    answered = []
    for step in transcript["steps"]:
        said = str(step["user"])
        turn = (await conversation.say({**step, "after": 1})).turn
        rendered = conversation.renderer.render(turn.responses, turn.state.language, REST)
        chosen = match(said, [each["title"] for each in buttons], item_words=items)
        told = said if chosen is None else rasa_payload(buttons[chosen]["payload"])
        theirs = await server.say(sender, told)
        buttons = [button for each in theirs for button in each.get("buttons", ())] or buttons
        answered.append(
            Answered(
                said=said,
                ours=[draft.text for draft in rendered.drafts],
                theirs=[each.get("text", "") for each in theirs],
            )
        )
    return answered


def _plain(text: str) -> str:
    return " ".join(_FIGURES.sub("#", text).split())
