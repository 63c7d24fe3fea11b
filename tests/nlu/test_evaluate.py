"""The figures of an evaluation are those that one works out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.data import Entity, Example
from bot.nlu.evaluate import Figures, Outcome, Report, report
from bot.pack import load_yaml

CASES = load_yaml(Path(__file__).with_name("figures.yml")).data


def outcome(
    wanted: str,
    understood: str,
    confidence: float,
    scope: float,
    language: str,
    service: str = "",
    found: tuple[str, ...] = (),
) -> Outcome:
    named = Entity(entity="service", value=service, start=0, end=1, confidence=1.0)
    return Outcome(
        example=Example(text="x", intent=wanted, language=language, entities=(named,) if service else ()),
        predicted=understood,
        confidence=confidence,
        ranking=(understood, wanted),
        scope=scope,
        services=tuple(found),
    )


def _same(figures: Figures, told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        wanted = value if value is None else pytest.approx(float(Fraction(str(value))))
        assert getattr(figures, name) == wanted, name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_figures_are_those_worked_out_by_hand(case: dict[str, Any]) -> None:
    found = report([outcome(*row) for row in case["outcomes"]])
    _same(found, case["figures"])
    for language, figures in case.get("languages", {}).items():
        _same(found.languages[language], figures)
        assert found.by_language[language] == found.languages[language].accuracy
    assert found.confusion == {tuple(pair.split()): count for pair, count in case["confusion"].items()}
    assert sum(found.counts.values()) == sum(each.messages for each in found.bins) == found.messages


def test_nothing_cannot_be_evaluated() -> None:
    with pytest.raises(ValueError, match="nothing"):
        report([])


def test_those_wanted_are_looked_for_among_the_first_three() -> None:
    row = outcome("fee", "greet", 0.5, 0.0, "en")
    ranked = [
        Outcome(**{**vars(row), "ranking": ("greet", "help", *more)})
        for more in (("fee",), ("thanks", "fee"))
    ]
    assert report(ranked).top3 == 0.5


intents = st.sampled_from(["fee", "status", "out_of_scope"])
shares = st.floats(0, 1)
outcomes = st.lists(
    st.builds(outcome, intents, intents, shares, shares, st.sampled_from(["en", "lo"])), min_size=1
)


@given(outcomes)
def test_every_figure_is_a_share(several: list[Outcome]) -> None:
    found: Report = report(several)
    for figures in (found, *found.languages.values()):
        for name, value in figures.figures().items():
            if name != "messages" and value is not None:
                assert -1e-9 <= value <= 1 + 1e-9, name
    assert sum(each.messages for each in found.languages.values()) == found.messages
    assert found.confidently_wrong <= 1 - found.accuracy + 1e-9


@given(outcomes)
def test_the_area_is_that_of_all_pairs(several: list[Outcome]) -> None:
    inside = [each.scope for each in several if each.example.intent != "out_of_scope"]
    outside = [each.scope for each in several if each.example.intent == "out_of_scope"]
    pairs = [(foreign > own) + (foreign == own) / 2 for foreign in outside for own in inside]
    wanted = pytest.approx(sum(pairs) / len(pairs)) if pairs else None
    assert report(several).scope_auroc == wanted
