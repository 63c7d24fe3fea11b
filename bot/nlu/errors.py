"""The errors of understanding.

NluError
├── TrainingFailed    the training process ended without a model
└── ModelUnusable     a model file that this version cannot read
"""

from __future__ import annotations

from bot.errors import PatouError


class NluError(PatouError):
    """Understanding is not possible."""


class TrainingFailed(NluError):
    """The training process ended without a model."""


class ModelUnusable(NluError):
    """This model file is broken or of another version."""
