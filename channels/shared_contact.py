"""A contact shared in Telegram: {"phone_number": "8562055512345", "first_name": "…", "user_id": 77}.

Telegram adds `user_id` itself where the number is that of an account. A contact whose `user_id` is its
sender's is the sender's own number, whether the button was pressed or the contact picked by hand;
what is forwarded, or sent through another bot, proves nothing. Source: Bot API, Contact and
KeyboardButton.request_contact.
"""

from __future__ import annotations

from collections.abc import Sequence

from telegram import KeyboardButton, ReplyKeyboardMarkup

from bot.errors import MalformedUrn
from bot.messages import Choice
from bot.urns import Urn
from channels.documents import Document, member, text

# What a shared contact stands for in the rules of the conversation.
PAYLOAD = "/help/shared_phone"
_AT_SECOND_HAND = ("forward_origin", "forward_date", "forward_from", "via_bot")


def own_phone(message: Document) -> Urn | None:
    """The sender's own number, None where the contact is somebody else's or nobody vouches for it.

    Raises Malformed for a contact of wrong types.
    """
    contact, sender, chat = member(message, "contact"), member(message, "from"), member(message, "chat")
    digits = text(contact, "phone_number").removeprefix("+")
    owner = contact.get("user_id")
    if type(owner) is not int or owner != sender.get("id") or owner != chat.get("id"):
        return None
    if any(each in message for each in _AT_SECOND_HAND) or not digits.isascii():
        return None
    try:
        phone = Urn("tel", f"+{digits}")
    except MalformedUrn:
        return None
    return phone if phone.phone else None


def asking_keyboard(choices: Sequence[Choice]) -> ReplyKeyboardMarkup:
    """A keyboard in place of the letters, gone once it was used: only there can a button share a number."""
    rows = [[KeyboardButton(each.label, request_contact=each.shares_phone or None)] for each in choices]
    return ReplyKeyboardMarkup(rows, one_time_keyboard=True, resize_keyboard=True)
