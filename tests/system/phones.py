"""Phones of citizens: what they write comes to the server as their provider would send it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.servers.kannel import KEY, SendsmsServer
from tests.servers.twilio import ACCOUNT, NUMBER, TwilioServer
from tests.system.server import PatouServer, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TIMEOUT = ClientTimeout(total=15)
# Fifty people who came more often would be most of the load under which the server starts.
_RETRY_SECONDS = 0.3


def sid() -> str:
    """A new MessageSid."""
    return "SM" + secrets.token_hex(16)


def fields_of(sender: str, text: str, message_sid: str) -> dict[str, str]:
    """The form of an inbound SMS."""
    return {
        "MessageSid": message_sid,
        "SmsSid": message_sid,
        "AccountSid": ACCOUNT,
        "From": sender,
        "To": NUMBER,
        "Body": text,
        "NumMedia": "0",
    }


class TwilioSide:
    """Calls the server's webhook as Twilio does, and knows what Twilio was given to send."""

    def __init__(self, server: PatouServer, provider: TwilioServer, session: ClientSession) -> None:
        self.server = server
        self.provider = provider
        self._session = session

    @property
    def url(self) -> str:
        """The webhook of inbound messages."""
        return f"{self.server.url}/channels/twilio/messages"

    async def deliver(self, sender: str, text: str, message_sid: str = "") -> int:
        """One signed webhook; the status of its answer, 0 where there is none."""
        return await self.post(fields_of(sender, text, message_sid or sid()))

    async def post(self, fields: Mapping[str, str], url: str = "") -> int:
        """A form signed as Twilio signs it; see `deliver`."""
        body = urlencode(fields).encode()
        return await self.send(body, {"X-Twilio-Signature": self.provider.sign(url or self.url, fields)}, url)

    async def send(self, body: bytes, headers: Mapping[str, str], url: str = "") -> int:
        """Any body under any headers; see `deliver`."""
        try:
            async with self._session.post(
                url or self.url, data=body, headers={**FORM, **headers}, timeout=_TIMEOUT
            ) as response:
                await response.read()
                return response.status
        except (ClientError, TimeoutError):
            return 0

    async def insist(self, sender: str, text: str, message_sid: str = "") -> str:
        """Send until it is acknowledged, the same message each time; its MessageSid."""
        message_sid = message_sid or sid()

        async def acknowledged() -> bool:
            return await self.deliver(sender, text, message_sid) == 200

        await until(acknowledged, "a message to be acknowledged", pause=_RETRY_SECONDS)
        return message_sid

    def replies(self, phone: str) -> Sequence[str]:
        """What this phone has received, in order."""
        return [each["body"] for each in self.provider.messages if each["to"] == phone]

    async def ask(self, phone: str, text: str) -> str:
        """Write, and wait for the next reply; the last one of those that came."""
        before = len(self.replies(phone))
        await self.insist(phone, text)

        async def answered() -> bool:
            return len(self.replies(phone)) > before

        await until(answered, f"the reply to {text!r}")
        return self.replies(phone)[-1]


class KannelSide:
    """Calls the server as Kannel does, and knows what Kannel was given to send."""

    def __init__(self, server: PatouServer, provider: SendsmsServer, session: ClientSession) -> None:
        self._server = server
        self._provider = provider
        self._session = session

    async def ask(self, phone: str, text: str, message_id: str) -> str:
        """Write, and wait for the next reply."""
        before = len(self.replies(phone))
        words = quote(text.encode("utf-16-be")) if not text.isascii() else quote(text)
        coding = "charset=UTF-16BE&coding=2" if not text.isascii() else "charset=GSM-7&coding=0"
        query = f"key={KEY}&from={quote(phone)}&to=1500&id={message_id}&{coding}&text={words}"
        async with self._session.get(
            f"{self._server.url}/channels/kannel/messages?{query}", timeout=_TIMEOUT
        ) as response:
            assert (response.status, await response.read()) == (200, b"")

        async def answered() -> bool:
            return len(self.replies(phone)) > before

        await until(answered, f"the reply to {text!r}")
        return self.replies(phone)[-1]

    def replies(self, phone: str) -> Sequence[str]:
        """What this phone has received, in order."""
        return [each["text"] for each in self._provider.messages if each["to"] == phone]
