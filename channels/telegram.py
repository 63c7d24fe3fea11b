"""Telegram: a bot's private chats, through the Bot API and its webhook.

Sample of an update: {"update_id": 1, "message": {"message_id": 5, "date": 1790000000,
"from": {"id": 77, "is_bot": false, "language_code": "lo"}, "chat": {"id": 77, "type": "private"}, "text": "…"}}.
A pressed button is {"update_id": 2, "callback_query": {"id": "…", "from": {…}, "data": "/fee", "message": {…}}}. Who blocks
the bot is {"update_id": 3, "my_chat_member": {"chat": {…}, "new_chat_member": {"status": "kicked"}}}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
)
from telegram.constants import InlineKeyboardButtonLimit, MessageLimit
from telegram.error import TelegramError

from bot.messages import (
    Attachment,
    Capabilities,
    Choice,
    Ignored,
    InboundEvent,
    InboundMessage,
    MediaKind,
    OutboundMessage,
    Reachability,
)
from bot.parts_ledger import SentPart
from bot.text.graphemes import cut
from bot.urns import Urn
from channels import telegram_media
from channels.base import Accepted, Finding, RawRequest, RawResponse, Sent, Source, Wiring, same_secret
from channels.config import ChannelConfig, setting
from channels.documents import Document, member, read_json, text, whole
from channels.errors import NotAuthentic, SendError
from channels.forms import fitted
from channels.shared_contact import PAYLOAD, asking_keyboard, own_phone
from channels.telegram_http import RefusedError, TelegramHttp

API = "https://api.telegram.org"
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}")
_BUTTONS = 10
_BUTTON_UNITS = 60
_NOTE = 200
_CAPTION = int(MessageLimit.CAPTION_LENGTH)
# A message put right soon after it was sent is the person's next word; a later one changes history.
_CORRECTED_SECONDS = 120
_COMMAND = re.compile(r"/([a-z]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_COMMANDS = {
    "start": "/greet",
    "help": "/help",
    "language": "/language",
    "link": "/help/link",
    "unlink": "/help/unlink",
}
_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_AWAY = frozenset({"kicked", "left"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "telegram"` section."""

    token: str = setting("token that BotFather gave, 123456:ABC…", secret=True)
    secret: str = setting("secret_token of the webhook: 16 to 256 of A-Z, a-z, 0-9, _ and -", secret=True)
    previous_secret: str = setting("secret that still counts while it is changed", "", secret=True)
    api_url: str = setting("address of the Bot API, for a server of one's own", API)
    rate: float = setting("messages a second, over all chats", 30.0)
    timeout: float = setting("seconds that a call may take in all", 10.0)

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("token: must look like 123456:ABC…")
        if not _SECRET.fullmatch(self.secret):
            raise ValueError("secret: must be 16 to 256 of A-Z, a-z, 0-9, _ and -")
        if urlsplit(self.api_url).scheme not in ("http", "https"):
            raise ValueError("api_url: must begin with https:// or http://")


def build(config: ChannelConfig, wiring: Wiring) -> TelegramChannel:
    """The channel of one section."""
    return TelegramChannel(config.name, config.settings, wiring)


class TelegramChannel:
    """See `channels.base.Channel`. Telegram tells nothing of what became of a message, nor can it be asked."""

    kind = "telegram"
    endpoints = {"messages": ("POST",)}  # noqa: RUF012 - never written to
    capabilities = Capabilities(
        max_units=int(MessageLimit.MAX_TEXT_LENGTH),
        buttons=_BUTTONS,
        button_units=_BUTTON_UNITS,
        contact=True,
        enclosures=frozenset({MediaKind.LOCATION, MediaKind.DOCUMENT}),
    )

    # What Telegram advises for one chat; a burst is let through, and answered 429 later.
    pause = 1.0
    burst = 1

    def __init__(self, name: str, settings: Settings, wiring: Wiring) -> None:
        self.name = name
        self.rate = settings.rate
        self.timeout = settings.timeout
        self._settings = settings
        self._clock = wiring.clock
        self._webhook = wiring.url(name, "messages")
        http = TelegramHttp(wiring.session, settings.timeout)
        api = settings.api_url.rstrip("/")
        self._files = telegram_media.Files(wiring.session, api, settings.token, settings.timeout)
        self._bot = Bot(
            settings.token,
            base_url=f"{api}/bot",
            request=http,
            get_updates_request=http,
        )

    def verify(self, request: RawRequest) -> None:
        """The secret that the webhook was set with."""
        given = request.headers.get(_SECRET_HEADER, "")
        if not same_secret(given, self._settings.secret, self._settings.previous_secret):
            raise NotAuthentic

    def parse(self, request: RawRequest) -> Sequence[InboundEvent]:
        """One event an update."""
        update = read_json(request.body)
        update_id = fitted(str(whole(update, "update_id")))
        if "message" in update:
            return [self._message(update_id, member(update, "message"))]
        if "edited_message" in update:
            return [self._edited(update_id, member(update, "edited_message"))]
        if "callback_query" in update:
            return [self._pressed(update_id, member(update, "callback_query"))]
        if "my_chat_member" in update:
            return [self._stopped(update_id, member(update, "my_chat_member"))]
        return [Ignored(reason="unknown_update")]

    def answer(self, request: RawRequest, outcomes: Sequence[Accepted]) -> RawResponse:  # noqa: ARG002 - the port's
        """Nothing; after a pressed button the call that ends its waiting: Telegram executes what it is answered."""
        query = text(member(read_json(request.body), "callback_query"), "id")
        if not query:
            return RawResponse()
        done = {"method": "answerCallbackQuery", "callback_query_id": query}
        return RawResponse(body=json.dumps(done).encode(), content_type="application/json")

    async def send(self, message: OutboundMessage) -> Sent:
        """Send the message, its choices as buttons below it."""
        try:
            sent = await self._sent(message)
        except RefusedError as refused:
            raise refused.error from None
        except (TelegramError, ValueError, KeyError, TypeError):
            # What the client makes nothing of was answered 200.
            raise SendError(code="unreadable_answer", in_doubt=True) from None
        return Sent(parts=(SentPart(provider_id=f"{sent.chat_id}:{sent.message_id}"),))

    async def _sent(self, message: OutboundMessage) -> Message:
        chat, enclosed = message.urn.address, message.enclosure
        if enclosed is None:
            return await self._bot.send_message(
                chat_id=chat,
                text=message.text,
                reply_markup=_keyboard(message.choices),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        if enclosed.kind is MediaKind.DOCUMENT:
            # Telegram fetches it itself, a PDF of up to 20 MB.
            return await self._bot.send_document(chat, enclosed.url, caption=cut(enclosed.title, _CAPTION)[0])
        # A venue has an address; a place without one is a pin on the map.
        if enclosed.address:
            return await self._bot.send_venue(
                chat, enclosed.latitude, enclosed.longitude, enclosed.title, enclosed.address
            )
        return await self._bot.send_location(chat, enclosed.latitude, enclosed.longitude)

    async def examine(self) -> Sequence[Finding]:
        """Whose token it is, where updates go, how many wait there and what the last fault was."""
        try:
            user, hook = await self._bot.get_me(), await self._bot.get_webhook_info()
        except RefusedError as refused:
            raise refused.error from None
        waiting = f"{hook.pending_update_count} updates wait at Telegram"
        if hook.last_error_message:
            waiting += f"; the last fault: {hook.last_error_message[:_NOTE]}"
        return (
            Finding(what="account", fine=True, note=f"@{user.username}"),
            Finding(what="webhook", fine=hook.url == self._webhook, note=hook.url or "none is set"),
            Finding(what="waiting", fine=not hook.last_error_message, note=waiting),
            Finding(what="brought again", fine=None, note="for 24 hours"),
        )

    async def register(self) -> None:
        """Set the webhook, with its secret, for the updates that are read here."""
        try:
            await self._bot.set_webhook(
                self._webhook,
                secret_token=self._settings.secret,
                allowed_updates=list(_UPDATES),
            )
        except RefusedError as refused:
            raise refused.error from None

    async def locate(self, attachment: Attachment) -> Source:
        """Where the Bot API says."""
        return await self._files.locate(attachment)

    def probe(self) -> RawRequest:
        """An update of a kind that nobody knows."""
        return RawRequest(
            method="POST",
            path=f"/channels/{self.name}/messages",
            headers={"content-type": "application/json", _SECRET_HEADER: self._settings.secret},
            body=b'{"update_id": 0}',
        )

    def _message(self, update_id: str, message: Document) -> InboundEvent:
        chat, sender = member(message, "chat"), member(message, "from")
        if chat.get("type") != "private":
            return Ignored(reason="group")
        if sender.get("is_bot") is True:
            return Ignored(reason="bot")
        if "contact" in message:
            shared = self._said(update_id, chat, sender, "", PAYLOAD)
            return replace(shared, proven=own_phone(message))
        words, enclosed = (
            text(message, "text") or text(message, "caption"),
            telegram_media.attachments(message),
        )
        if not (words or enclosed):
            return Ignored(reason="no_text")
        command = _COMMAND.fullmatch(words)
        words, payload = _ordered(command[1], command[2] or "") if command else (words, "")
        return replace(self._said(update_id, chat, sender, words, payload), attachments=enclosed)

    def _stopped(self, update_id: str, change: Document) -> InboundEvent:
        """A person has blocked the bot, or let it write again."""
        chat = member(change, "chat")
        if chat.get("type") != "private":
            return Ignored(reason="group")
        return Reachability(
            channel=self.name,
            urn=Urn("telegram", fitted(str(whole(chat, "id")))),
            reachable=text(member(change, "new_chat_member"), "status") not in _AWAY,
            external_id=update_id,
            at=self._clock.now(),
        )

    def _edited(self, update_id: str, message: Document) -> InboundEvent:
        """A correction made at once is heard, its words alone: the file came before.

        What is changed later was answered long ago; a place that moves is told every few seconds.
        """
        if "location" in message:
            return Ignored(reason="edited_place")
        if whole(message, "edit_date") - whole(message, "date") > _CORRECTED_SECONDS:
            return Ignored(reason="edited_late")
        event = self._message(update_id, message)
        if not isinstance(event, InboundMessage):
            return event
        wordless = not (event.text or event.payload)
        return Ignored(reason="no_text") if wordless else replace(event, attachments=())

    def _pressed(self, update_id: str, query: Document) -> InboundEvent:
        shown, data = member(query, "message"), text(query, "data")
        chat = member(shown, "chat")
        if chat.get("type") != "private":
            return Ignored(reason="group")
        if not data:
            return Ignored(reason="no_data")
        payload = data if data.startswith("/") else ""
        label = _label(data, shown) or ("" if payload else data.removeprefix("#"))
        return self._said(update_id, chat, member(query, "from"), label, payload)

    def _said(
        self, update_id: str, chat: Document, sender: Document, words: str, payload: str
    ) -> InboundMessage:
        return InboundMessage(
            channel=self.name,
            external_id=update_id,
            urn=Urn("telegram", fitted(str(whole(chat, "id")))),
            text=words,
            payload=payload,
            language=text(sender, "language_code").partition("-")[0][:8],
            received_at=self._clock.now(),
        )


def _ordered(command: str, words: str) -> tuple[str, str]:
    """The words and the payload of a command; what follows /start, as links and posters have it, is said."""
    said = words.replace("_", " ").replace("-", " ").strip() if command == "start" else words.strip()
    return (said, "") if said else (command, _COMMANDS.get(command, ""))


def _keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """A row for each choice; one whose payload is too long is told by its number on the keyboard."""
    if not choices:
        return None
    if any(each.shares_phone for each in choices):
        return asking_keyboard(choices)
    rows = [
        [InlineKeyboardButton(choice.label, callback_data=_data(choice, number))]
        for number, choice in enumerate(choices, 1)
    ]
    return InlineKeyboardMarkup(rows)


def _data(choice: Choice, number: int) -> str:
    short = len(choice.payload.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA
    return choice.payload if short else f"#{number}"


def _label(data: str, shown: Document) -> str:
    """What stands on the button: the message that it is below comes back with it."""
    keyboard = member(shown, "reply_markup").get("inline_keyboard", [])
    rows = keyboard if isinstance(keyboard, list) else []
    buttons = [each for row in rows if isinstance(row, list) for each in row if isinstance(each, dict)]
    labels = (str(each.get("text", "")) for each in buttons if each.get("callback_data") == data)
    return next(labels, "")
