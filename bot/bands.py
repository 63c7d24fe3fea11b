"""How sure the understanding must be for what: every threshold of the conversation, in one place.

docs/decisions/0023-confidence-bands.md has the tables by which they were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bands:
    """Confidences, 0 to 1.

    From `sure` on a message is answered, a form begun, and two wishes in one are answered both; from
    `act` on it is answered, with the next best wish to choose instead; below, and before a form, the
    person is asked what was meant.
    From `interrupt` on it leaves a form's question. A guess below `guess` is not worth reading.
    """

    sure: float = 0.75
    act: float = 0.5
    interrupt: float = 0.85
    guess: float = 0.1
