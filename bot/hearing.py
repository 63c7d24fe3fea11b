"""What came in, taken up before it is answered: what it picks, what is enclosed, its language and its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from bot.clock import to_ms
from bot.forms import MEDIA
from bot.media import KeepMedia, media_id
from bot.messages import InboundMessage
from bot.parsed import Parsed, certain, parsed_payload
from bot.text.choices import match
from bot.trackers import TrackerState
from bot.turns import Stage
from bot.wishes import Wishes

# The wish of a message that has something with it and no words.
ENCLOSED = "attachment"
# So much that is not spoken of yet is remembered: more than is taken of one person in a day, so that what
# is too much is refused in words (PATOU_MEDIA_DAILY_FILES) and not forgotten here.
_MOST_MEDIA = 100
_WORD = re.compile(r"\b[^\W\d_]{2,}\b")


class Hearing:
    """Takes messages up; holds nothing of them."""

    def __init__(
        self,
        *,
        choosable: Collection[str],
        languages: Sequence[str],
        item_words: Collection[str],
        key: Callable[[str], str],
        heard: Callable[[Parsed, TrackerState], Parsed],
    ) -> None:
        """`choosable` are the wishes that a button may stand for; `heard` takes out of a message what is to be kept nowhere."""
        self._choosable = choosable
        self._languages = languages
        self._item_words = item_words
        self._key = key
        self._heard = heard

    def hear(self, stage: Stage, inbound: InboundMessage) -> None:
        """Have the stage, and its tracker, know what came."""
        self._resolve_choice(stage, inbound)
        self._receive(stage, inbound)
        self._choose_language(stage, inbound)
        self._note(stage, inbound)
        if not stage.chosen:
            stage.parsed = self._heard(stage.parsed, stage.state)

    def _resolve_choice(self, stage: Stage, inbound: InboundMessage) -> None:
        payload = inbound.payload
        if not payload and stage.state.choices:
            titles = [choice["title"] for choice in stage.state.choices]
            chosen = match(inbound.text, titles, item_words=self._item_words, key=self._key)
            payload = stage.state.choices[chosen]["payload"] if chosen is not None else ""
        picked = parsed_payload(payload, stage.state.language)
        if picked and picked["intent_response_key"] in self._choosable:
            stage.parsed = {**picked, "text": inbound.text}
            stage.chosen = True
        elif first := Wishes.first_of_all(stage):
            stage.parsed = dict(first)
            stage.chosen = True

    def _receive(self, stage: Stage, inbound: InboundMessage) -> None:
        """Have what came with the message kept, and remember it until a dialog makes use of it."""
        enclosed = [
            {
                "id": media_id(inbound.key, position),
                "kind": each.kind.value,
                "at": to_ms(inbound.received_at),
                "latitude": each.latitude,
                "longitude": each.longitude,
            }
            for position, each in enumerate(inbound.attachments)
        ]
        if enclosed:
            stage.dispatcher.effect(KeepMedia(message=inbound.key, attachments=inbound.attachments))
            before = stage.state.slots.get(MEDIA) or []
            stage.state.slots[MEDIA] = [*before, *enclosed][-_MOST_MEDIA:]
        if enclosed and not inbound.text.strip() and not stage.chosen:
            stage.parsed = certain(ENCLOSED, {}, stage.state.language)
            stage.chosen = True
        stage.parsed["attachments"] = enclosed

    def _choose_language(self, stage: Stage, inbound: InboundMessage) -> None:
        slots = stage.state.slots
        if slots.get("language_chosen"):
            return
        if stage.in_session and slots.get("language") and not _tells_language(inbound.text):
            return
        heard = stage.parsed.get("language") or inbound.language
        if heard in self._languages:
            slots["language"] = heard
        elif not slots.get("language"):
            slots["language"] = (
                inbound.language if inbound.language in self._languages else self._languages[0]
            )

    def _note(self, stage: Stage, inbound: InboundMessage) -> None:
        """Write down what was said, where and when; a danger comes before every other wish."""
        parsed = stage.parsed
        danger = next((each for each in parsed["entities"] if each["entity"] == "danger"), None)
        if danger:
            certain = {"name": "danger", "confidence": 1.0}
            parsed = {**parsed, "intent": certain, "intent_response_key": "danger", "further": []}
            stage.parsed = parsed
        parsed["message_id"] = inbound.key
        parsed["channel"] = inbound.channel
        parsed["address"] = str(inbound.urn)
        parsed["proven"] = str(inbound.proven or "")
        stage.state.seen[inbound.channel] = to_ms(inbound.received_at)
        stage.state.events.append(
            {
                "event": "user",
                "timestamp": inbound.received_at.timestamp(),
                "text": inbound.text,
                "input_channel": inbound.channel,
                **({"enclosed": len(inbound.attachments)} if inbound.attachments else {}),
                "parse_data": {"intent": parsed["intent"], "entities": parsed["entities"]},
            }
        )


def _tells_language(text: str) -> bool:
    """Whether what was typed on a screen is enough to tell: two words, or letters that few languages have."""
    return not text.isascii() or len(_WORD.findall(text)) > 1
