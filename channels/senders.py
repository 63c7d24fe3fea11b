"""Senders: what a phone shows a message to come from, and what of it can be answered.

A sender is a number in international form, a short code or national number, or a name. Names:
3GPP TS 23.040, section 9.1.2.5, has room for 11 septets.
"""

from __future__ import annotations

import re
from enum import StrEnum

from bot.text.gsm import is_gsm, septets

_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9]{2,15}")
_NAME_SEPTETS = 11


class SenderKind(StrEnum):
    """What a sender is; nobody can answer a name."""

    INTERNATIONAL = "international"
    SHORT = "short"
    NAME = "name"


def sender_kind(sender: str) -> SenderKind:
    """What a configured sender is; raises ValueError, naming the setting, for what no phone could show."""
    if _INTERNATIONAL.fullmatch(sender):
        return SenderKind.INTERNATIONAL
    if _DIGITS.fullmatch(sender):
        return SenderKind.SHORT
    worded = any(letter.isalpha() for letter in sender) and sender == sender.strip() and sender.isprintable()
    if worded and is_gsm(sender) and septets(sender) <= _NAME_SEPTETS:
        return SenderKind.NAME
    raise ValueError(
        "sender: must be a number like +85620…, a short code, or a name of at most 11 letters that GSM phones know"
    )


def check_sender(sender: str) -> None:
    """Raise ValueError for a sender that is set and no phone could show."""
    if sender:
        sender_kind(sender)
