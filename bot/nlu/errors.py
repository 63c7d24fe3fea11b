"""The errors of understanding.

NluError
├── TrainingFailed    the training process ended without a model
├── ModelUnusable     a model file that this version cannot read
└── SegmenterMissing  words by ICU are wanted, and its library is not installed
"""

from __future__ import annotations

from bot.errors import PatouError


class NluError(PatouError):
    """Understanding is not possible."""


class TrainingFailed(NluError):
    """The training process ended without a model."""


class ModelUnusable(NluError):
    """This model file is broken or of another version."""


class SegmenterMissing(NluError):
    """Words by ICU need the extra: pip install 'patou[icu]'. PATOU_SEGMENTER=syllables does without."""
