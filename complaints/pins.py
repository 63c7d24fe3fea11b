"""PINs: six digits told once with the reference, kept as a keyed hash.

The message that told one lies sealed with the conversation until it is erased.

Six digits are a million candidates: any hash that needs no key, however slow, falls to an offline
search within hours. So what is stored is an HMAC under the installation's look-up key, which is not
in the same file as the hash, bound to the reference so that equal PINs do not look alike; on line,
the guesses a day on one reference are few (complaints/store.py). A slow hash would add nothing to
that and would hold up the turn.
"""

from __future__ import annotations

import hmac
import re

from bot.clock import Chance
from bot.crypto import Vault
from bot.text.digits import ascii_digits

LENGTH = 6


def draw(chance: Chance) -> str:
    """Six random digits; a leading zero is as likely as any other."""
    return chance.digits(LENGTH)


def typed(text: str) -> str:
    """The digits of what a person typed as their PIN, without spaces and dashes, Lao digits read."""
    return re.sub(r"[\s\u200b\u2010-\u2015-]+", "", ascii_digits(text))


def sealed(vault: Vault, reference: str, pin: str) -> str:
    """What is stored for this PIN on this reference: 64 hexadecimal digits."""
    return vault.lookup(f"pin:{reference}:{typed(pin)}")


def matches(vault: Vault, reference: str, pin: str, stored: str) -> bool:
    """Whether this is the PIN, in constant time."""
    return hmac.compare_digest(sealed(vault, reference, pin), stored)
