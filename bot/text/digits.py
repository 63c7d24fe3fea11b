"""Digits of other scripts as the digits 0 to 9."""

from __future__ import annotations

import re

# The zero of each script: Arabic-Indic, Persian, Thai, Lao, fullwidth.
_ZEROS = (0x0660, 0x06F0, 0x0E50, 0x0ED0, 0xFF10)
_DIGITS = {zero + value: str(value) for zero in _ZEROS for value in range(10)}
_DIGIT = re.compile(f"[{''.join(map(chr, _DIGITS))}]")


def ascii_digits(text: str) -> str:
    """Write Lao, Thai, fullwidth and Arabic-Indic digits as 0-9; the length stays the same."""
    return text.translate(_DIGITS) if _DIGIT.search(text) else text
