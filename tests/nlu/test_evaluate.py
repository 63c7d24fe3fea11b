from __future__ import annotations

import pytest

from bot.nlu.data import Example
from bot.nlu.evaluate import Outcome, report


def test_figures_are_those_of_the_textbook() -> None:
    rows = [
        ("fee", "fee", 0.9, 0.0, "en"),
        ("fee", "duration", 0.5, 0.1, "en"),
        ("duration", "duration", 0.7, 0.0, "lo"),
        ("out_of_scope", "out_of_scope", 0.8, 0.8, "lo"),
    ]
    outcomes = [
        Outcome(
            example=Example(text="x", intent=wanted, language=language),
            predicted=predicted,
            confidence=confidence,
            ranking=(predicted, wanted),
            scope=scope,
        )
        for wanted, predicted, confidence, scope, language in rows
    ]
    figures = report(outcomes)
    assert (figures.accuracy, figures.top3, figures.scope_auroc) == (0.75, 1.0, 1.0)
    assert figures.by_language == {"en": 0.5, "lo": 1.0}
    assert figures.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert figures.confusion == {("fee", "duration"): 1}
    assert figures.calibration_error == pytest.approx((0.1 + 0.5 + 0.3 + 0.2) / 4)


def test_nothing_cannot_be_evaluated() -> None:
    with pytest.raises(ValueError, match="nothing"):
        report([])
