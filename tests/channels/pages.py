"""The pages of a web channel over a store, answered by a pipeline that a test writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import DatabaseUnavailable
from bot.limits import MemoryLimits
from bot.messages import Choice, Enclosure, InboundMessage, MediaKind, OutboundMessage
from bot.pack import Pack
from bot.uploads import Uploads
from channels.base import Wiring
from channels.case_slip import CaseSlips
from channels.chat import ChatPages
from channels.chat_files import ChatFiles
from channels.config import ChannelConfig
from channels.kiosk import Kiosk
from channels.plain_chat import PlainChat
from channels.uploads import UploadDoor
from channels.web import Settings, WebChannel, build
from tests.channels.harness import Edge, Handled, Recorder, Store
from web.assets import Assets

ROOT = Path(__file__).parents[2]
PACK = Pack.load(ROOT / "nlu_data")
FOLDERS = (ROOT / "web" / "static", ROOT / "channels" / "static")
RECEIPT = PACK.text("en", "utter_receipt").text
LIMITS = {
    MediaKind.PHOTO: 2_000_000,
    MediaKind.VOICE: 500_000,
    MediaKind.VIDEO: 0,
    MediaKind.DOCUMENT: 1_000_000,
}
SESSION = "0123456789abcdef0123456789abcdef"


@dataclass
class Answering(Recorder):
    """A pipeline that stores what it answers as the real one does: `answers` by the words of the message.

    A message whose words are in `late` is left to a worker; one in `limited` gets no answer.
    """

    store: Store | None = None
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    enclosures: Mapping[str, Enclosure] = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    late: Sequence[str] = ()
    limited: Sequence[str] = ()
    given: dict[str, tuple[OutboundMessage, ...]] = field(default_factory=dict)

    async def accept(self, message: InboundMessage) -> Handled:
        """See `channels.webhook.Accepting`."""
        if self.away:
            raise DatabaseUnavailable
        if message.key in self.given:
            return Handled(kind="duplicate", messages=self.given[message.key])
        self.messages.append(message)
        if message.text in self.limited:
            return Handled(kind="limited")
        if message.text in self.late:
            self.given[message.key] = ()
            return Handled(kind="pending")
        self.given[message.key] = tuple(
            [
                await self.say(message, text, self.enclosures.get(message.text))
                for text in self.answers.get(message.text, (f"re: {message.text}",))
            ]
        )
        return Handled(kind="done", messages=self.given[message.key])

    async def say(self, to: InboundMessage, text: str, enclosure: Enclosure | None = None) -> OutboundMessage:
        """Store a reply, queued until the page has shown it."""
        assert self.store is not None
        written = await self.store.put(
            to.channel, str(to.urn), text, choices=self.choices, enclosure=enclosure
        )
        (found,) = [
            each for each in await self.store.outbox.pull(to.channel, to.urn, ()) if each.id == written
        ]
        return found


async def open_pages(edge: Edge, wiring: Wiring, settings: Settings | None = None) -> Answering:
    """Serve a channel "web" with all its pages on the edge; gives what answers."""
    settings = settings or Settings(kiosk=True)
    channel = build(ChannelConfig(name="web", kind="web", settings=settings), wiring)
    assert isinstance(channel, WebChannel)
    channel.slips = CaseSlips(text.text for texts in PACK.texts.values() for text in texts.values())
    edge.channels["web"] = channel
    answering = Answering(store=edge.store)
    edge.pipeline = answering
    assets, limits = Assets(FOLDERS), MemoryLimits(edge.clock)
    outbox, store = edge.store.outbox, edge.store
    door = UploadDoor(Uploads(store.db, store.clock, store.chance), LIMITS)
    files = ChatFiles(channel, answering, limits, door, lambda: None)
    await edge.listen(
        [
            *assets.routes(),
            *files.routes(),
            *ChatPages(channel, outbox, limits, PACK, assets, door.accepts).routes(),
            *PlainChat(channel, files, outbox, limits, PACK, assets).routes(),
            *Kiosk(channel, PACK, assets).routes(),
            *edge.door().routes(),
        ]
    )
    return answering
