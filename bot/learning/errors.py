"""The errors of learning.

LearningError
└── LabelSetUnknown    labels that this installation has not, or has no longer
"""

from __future__ import annotations

from bot.errors import PatouError


class LearningError(PatouError):
    """What was learnt cannot be used."""


class LabelSetUnknown(LearningError):
    """No such set of labels is here."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"The labels {name} are not here; restore the folder `learning` of the data folder.")
