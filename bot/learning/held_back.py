"""The held-back split: which words judge a model, and are never taught to the one that they judge."""

from __future__ import annotations

from hashlib import blake2b

from bot.nlu.normalise import compact

# One in five.
_SHARE = 5


def is_held_back(text: str) -> bool:
    """Whether these words are on the side that judges: always the same, for all who look, however they are typed.

    The rule: the first four bytes of the BLAKE2b digest of the words without tones, case and spaces, big-endian,
    are a multiple of five.
    """
    digest = blake2b(compact(text).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % _SHARE == 0
