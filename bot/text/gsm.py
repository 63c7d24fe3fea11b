"""The GSM 7-bit default alphabet: which characters an ordinary SMS can carry, and their septets.

Source: 3GPP TS 23.038 (GSM 03.38), sections 6.2.1 and 6.2.1.1.
"""

from __future__ import annotations

import re

# In code order from 0x00; 0x1B, the escape to the extension table, is no character.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

# Each is sent as the escape and a second septet.
EXTENSION = "\f^{}\\[~]|€"

_EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")
_FOREIGN = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")


def is_gsm(text: str) -> bool:
    """Whether every character of `text` is in the GSM alphabet; true of the empty text."""
    # Nothing but the grave accent keeps plain ASCII out.
    if text.isascii() and "`" not in text and text.replace("\n", " ").isprintable():
        return True
    return _FOREIGN.search(text) is None


def septets(text: str) -> int:
    """Length of a GSM `text` in septets: one a character, two for those of the extension table."""
    return len(text) + len(_EXTENDED.findall(text))
