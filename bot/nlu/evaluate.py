"""How good the understanding is on messages with known intents: figures for a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.nlu.classifier import OUT_OF_SCOPE
from bot.nlu.data import Example
from bot.nlu.interpreter import Interpreter, ParseContext

_BINS = 10


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One message: what was wanted, what was understood."""

    example: Example
    predicted: str
    confidence: float
    ranking: tuple[str, ...]
    scope: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """Shares between 0 and 1. `confusion` counts (wanted, understood) pairs that differ.

    `scope_auroc` is the chance that a message in scope has a lower `out_of_scope` probability than
    one that is not; `calibration_error` is the expected one over ten equal bins of confidence.
    """

    messages: int
    accuracy: float
    top3: float
    macro_f1: float
    by_language: Mapping[str, float]
    f1: Mapping[str, float]
    confusion: Mapping[tuple[str, str], int]
    scope_auroc: float | None
    calibration_error: float


async def evaluate(interpreter: Interpreter, examples: Iterable[Example]) -> Report:
    """Interpret every example without context and compare."""
    outcomes = []
    for example in (replace(each, intent=each.intent.partition("/")[0]) for each in examples):
        parsed = await interpreter.parse(example.text, ParseContext())
        ranking = {each["name"]: each["confidence"] for each in parsed["intent_ranking"]}
        outcomes.append(
            Outcome(
                example=example,
                predicted=parsed["intent"]["name"],
                confidence=parsed["intent"]["confidence"],
                ranking=tuple(ranking),
                scope=ranking.get(OUT_OF_SCOPE, 0.0),
            )
        )
    return report(outcomes)


def report(outcomes: list[Outcome]) -> Report:
    """The figures for these outcomes; raises ValueError for none."""
    if not outcomes:
        raise ValueError("nothing to evaluate")
    right = [outcome.predicted == outcome.example.intent for outcome in outcomes]
    languages: dict[str, list[bool]] = defaultdict(list)
    for outcome, good in zip(outcomes, right, strict=True):
        languages[outcome.example.language].append(good)
    f1 = _f1(outcomes)
    return Report(
        messages=len(outcomes),
        accuracy=sum(right) / len(right),
        top3=sum(outcome.example.intent in outcome.ranking[:3] for outcome in outcomes) / len(outcomes),
        macro_f1=sum(f1.values()) / len(f1),
        by_language={name: sum(good) / len(good) for name, good in sorted(languages.items())},
        f1=f1,
        confusion=Counter(
            (outcome.example.intent, outcome.predicted)
            for outcome, good in zip(outcomes, right, strict=True)
            if not good
        ),
        scope_auroc=_auroc(outcomes),
        calibration_error=_calibration_error(outcomes, right),
    )


def _f1(outcomes: list[Outcome]) -> dict[str, float]:
    wanted = Counter(outcome.example.intent for outcome in outcomes)
    understood = Counter(outcome.predicted for outcome in outcomes)
    both = Counter(o.predicted for o in outcomes if o.predicted == o.example.intent)
    return {name: 2 * both[name] / (wanted[name] + understood[name]) for name in sorted(wanted)}


def _auroc(outcomes: list[Outcome]) -> float | None:
    inside = [outcome.scope for outcome in outcomes if outcome.example.intent != OUT_OF_SCOPE]
    outside = [outcome.scope for outcome in outcomes if outcome.example.intent == OUT_OF_SCOPE]
    if not inside or not outside:
        return None
    won = sum((foreign > own) + 0.5 * (foreign == own) for foreign in outside for own in inside)
    return won / (len(inside) * len(outside))


def _calibration_error(outcomes: list[Outcome], right: list[bool]) -> float:
    bins: dict[int, list[float]] = defaultdict(list)
    for outcome, good in zip(outcomes, right, strict=True):
        bins[min(int(outcome.confidence * _BINS), _BINS - 1)].append(outcome.confidence - good)
    return sum(abs(sum(gaps)) for gaps in bins.values()) / len(outcomes)
