"""Cuts a text into Latin words, numbers, signs and Lao syllables; it stands alone, for it goes into the project too."""

import re
from collections.abc import Iterator

# Lao has no spaces between words: lead vowel, consonant (with a silent or second one), signs and tones, final.
_SIGNS = "\u0eb0-\u0ebd\u0ec8-\u0ecd"
_CONSONANT = "\u0e81-\u0eae\u0edc-\u0edf"
_TOKEN = re.compile(
    rf"""
      [\u0ec0-\u0ec4]*(?:\u0eab(?=[\u0e87\u0e8d\u0e99\u0ea1\u0ea3\u0ea5\u0ea7\u0ebc]))?
        [{_CONSONANT}][{_SIGNS}]*
        (?:[\u0ea7\u0ead\u0e8d](?=[{_CONSONANT}](?![{_SIGNS}])))?
        (?:[\u0e81\u0e87\u0e94\u0e95\u0e99\u0e9a\u0e9b\u0ea1\u0e8d\u0ea7\u0ead](?![{_SIGNS}\u0ea7\u0ead]))?
    | [^\W\d_\u0e80-\u0eff]+(?:'[^\W\d_]+)?
    | \d+
    | \S
    """,
    re.VERBOSE,
)


def syllables(text: str) -> Iterator[tuple[str, int]]:
    """Each piece with the code point that it starts at; nothing but white space is left out."""
    for found in _TOKEN.finditer(text):
        yield found.group(), found.start()
