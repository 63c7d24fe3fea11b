"""Grapheme clusters: what a reader takes for one letter, never to be torn apart.

Source: Unicode Standard Annex #29, rules GB3 to GB13 with the extended clusters (GB9a, GB9b); the
conjuncts of Indic scripts (GB9c) are left out. Every character is first given a kind of one
letter, so that the rules become one regular expression over a string of the same length.
"""

from __future__ import annotations

import re
import unicodedata

# Extended_Pictographic of Unicode's emoji-data.txt.
_PICTOGRAPH = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u2388\u23cf"
    "\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612"
    "\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747"
    "\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1\u27b0\u27bf\u2934\u2935"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff"
    "\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f171\U0001f17e\U0001f17f\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f1ad-\U0001f1e5\U0001f201-\U0001f20f\U0001f21a\U0001f22f"
    "\U0001f232-\U0001f23a\U0001f23c-\U0001f23f\U0001f249-\U0001f3fa\U0001f400-\U0001f53d"
    "\U0001f546-\U0001f64f\U0001f680-\U0001f6ff\U0001f774-\U0001f77f\U0001f7d5-\U0001f7ff"
    "\U0001f80c-\U0001f80f\U0001f848-\U0001f84f\U0001f85a-\U0001f85f\U0001f888-\U0001f88f"
    "\U0001f8ae-\U0001f8ff\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001faff"
    "\U0001fc00-\U0001fffd]"
)
# Kinds that a general category does not tell; the first that matches counts.
_EXCEPTIONS = (
    ("z", re.compile("\u200d")),
    ("r", re.compile("\r")),
    ("n", re.compile("\n")),
    ("i", re.compile("[\U0001f1e6-\U0001f1ff]")),
    # Non-joiner, halfwidth voicing marks, skin tones, tags.
    ("e", re.compile("[\u200c\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")),
    # Marks that the standard leaves to stand alone, all in Myanmar, Tai Tham, Meetei and Ahom.
    (
        ".",
        re.compile(
            "[\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f\u109a-\u109c"
            "\u1a61\u1a63\u1a64\uaa7b\uaa7d\U00011720\U00011721]"
        ),
    ),
    # Thai and Lao AM: letters by category, but written partly above their base.
    ("s", re.compile("[\u0e33\u0eb3]")),
    (
        "p",
        re.compile(
            "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3"
            "\U0001193f\U00011941\U00011a3a\U00011a84-\U00011a89\U00011d46\U00011f02]"
        ),
    ),
    ("l", re.compile("[\u1100-\u115f\ua960-\ua97c]")),
    ("v", re.compile("[\u1160-\u11a7\ud7b0-\ud7c6]")),
    ("t", re.compile("[\u11a8-\u11ff\ud7cb-\ud7fb]")),
    ("x", _PICTOGRAPH),
)
_CATEGORIES = {"Mn": "e", "Me": "e", "Mc": "s", "Cc": "c", "Cf": "c", "Zl": "c", "Zp": "c", "Cs": "c"}
_HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)


def _kind(code: int) -> str:
    """Give the letter that stands for a code point in the rules; "." is any other character."""
    if code in _HANGUL_SYLLABLES:
        return "T" if (code - 0xAC00) % 28 else "L"
    character = chr(code)
    for kind, characters in _EXCEPTIONS:
        if characters.match(character):
            return kind
    return _CATEGORIES.get(unicodedata.category(character), ".")


class _Kinds(dict[int, str]):
    """A table for `str.translate`: the common blocks worked out once, the rest when asked."""

    def __missing__(self, code: int) -> str:
        return _kind(code)


# Latin with the combining marks, Thai and Lao, punctuation, the emoji most used.
_COMMON = (range(0x370), range(0xE00, 0xF00), range(0x2000, 0x2070), range(0x1F300, 0x1F650))
_KINDS = _Kinds({code: _kind(code) for block in _COMMON for code in block})

_CLUSTER = re.compile(
    r"rn|[rnc]"  # GB3-GB5
    r"|p*"  # GB9b
    r"(?:l*(?:v+|Lv*|T)t*|l+|t+"  # GB6-GB8
    r"|ii"  # GB12, GB13
    r"|x(?:e*zx)*"  # GB11
    r"|[^rnc])"
    r"[ezs]*"  # GB9, GB9a
)
# After one of these a boundary depends on what stands further left.
_LOOK_LEFT = frozenset("ezspilvtr")
_ATTACHED = frozenset("ezs")
_CONTROLS = frozenset("rnc")


def clusters(text: str) -> list[str]:
    """The grapheme clusters of `text` in order; joined, they are `text`."""
    kinds = text.translate(_KINDS)
    return [text[match.start() : match.end()] for match in _CLUSTER.finditer(kinds)]


def is_boundary(text: str, at: int) -> bool:
    """Whether `text` may be cut before the code point at index `at` without tearing a cluster.

    Looks only as far left as the rules ask, so that one place in a long text is cheap.
    """
    if not 0 < at < len(text):
        return True
    kind, before = _KINDS[ord(text[at])], _KINDS[ord(text[at - 1])]
    if kind == ".":  # what no rule names but GB9b
        return before != "p"
    if kind in _ATTACHED:  # GB9 and GB9a, after GB4
        return before in _CONTROLS
    start = at - 1
    while start and _KINDS[ord(text[start])] in _LOOK_LEFT:
        start -= 1
    kinds = text[start : at + 1].translate(_KINDS)
    return any(match.end() == at - start for match in _CLUSTER.finditer(kinds))


def cut(text: str, limit: int) -> tuple[str, str]:
    """Cut `text` into as many whole clusters as `limit` code points hold, and the rest.

    A first cluster longer than `limit` is torn, so that the head is empty only for an empty text.
    Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError("A cut needs room for at least one code point.")
    if len(text) <= limit:
        return text, ""
    at = limit
    while at and not is_boundary(text, at):
        at -= 1
    at = at or limit
    return text[:at], text[at:]
