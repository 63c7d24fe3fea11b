"""How good the understanding is on messages with known intents: figures for a report."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from bot.bands import Bands
from bot.nlu.classifier import OUT_OF_SCOPE
from bot.nlu.data import Example
from bot.nlu.parse_data import Interpreter, ParseContext

_BINS = 10
_SURE = Bands().sure


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One message: what was wanted, what was understood, and which `services` were found in it."""

    example: Example
    predicted: str
    confidence: float
    ranking: tuple[str, ...]
    scope: float
    services: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether that was wanted."""
        return self.predicted == self.example.intent

    @property
    def service(self) -> str:
        """The service that is named in the message; empty where none is marked."""
        named = (str(each["value"]) for each in self.example.entities if each["entity"] == "service")
        return next(named, "")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Shares between 0 and 1; None where no message is of the kind that they are about.

    `top3` is the share wanted among the first three; `macro_f1` the mean over the intents that are wanted of
    2 · right / (wanted + understood). `calibration_error` is the expected one: over ten equal bins of confidence,
    how far apart confidence and accuracy lie, weighed by messages. `confidently_wrong` is the share of messages
    that would be answered outright, and wrongly. `scope_auroc` is the chance that a message in scope has a lower
    `out_of_scope` probability than one that is not; `services` the share found of those that are named.
    """

    messages: int
    accuracy: float
    top3: float
    macro_f1: float
    calibration_error: float
    confidently_wrong: float
    scope_auroc: float | None
    services: float | None

    def figures(self) -> dict[str, int | float | None]:
        """By their names."""
        return {each.name: getattr(self, each.name) for each in fields(Figures)}


@dataclass(frozen=True, kw_only=True)
class Bin:
    """The messages whose confidence is at least `low` and below `high`: how sure, and how often right, on average."""

    low: float
    high: float
    messages: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Report(Figures):
    """The figures of all messages, and of those in each language.

    `counts` has the messages by (wanted, understood), `f1` that of each intent that is wanted; of `bins` those
    that have messages.
    """

    languages: Mapping[str, Figures]
    f1: Mapping[str, float]
    counts: Mapping[tuple[str, str], int]
    bins: Sequence[Bin]
    outcomes: Sequence[Outcome]

    @property
    def by_language(self) -> dict[str, float]:
        """The accuracy in each."""
        return {name: figures.accuracy for name, figures in self.languages.items()}

    @property
    def confusion(self) -> dict[tuple[str, str], int]:
        """The counts of what was wanted and not understood, the largest first."""
        wrong = [(pair, count) for pair, count in self.counts.items() if pair[0] != pair[1]]
        return dict(sorted(wrong, key=lambda each: (-each[1], each[0])))

    def record(self) -> dict[str, Any]:
        """All of it as JSON has it, but for the messages."""
        return {
            **self.figures(),
            "languages": {language: figures.figures() for language, figures in self.languages.items()},
            "f1": dict(self.f1),
            "confusion": [
                {"wanted": wanted, "understood": understood, "messages": count}
                for (wanted, understood), count in self.confusion.items()
            ],
            "bins": [asdict(each) for each in self.bins],
        }


async def evaluate(interpreter: Interpreter, examples: Iterable[Example]) -> Report:
    """Interpret every example without context and compare; raises ValueError for none."""
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
                services=tuple(
                    str(each["value"]) for each in parsed["entities"] if each["entity"] == "service"
                ),
            )
        )
    return report(outcomes)


def report(outcomes: Sequence[Outcome]) -> Report:
    """The figures for these outcomes; raises ValueError for none."""
    if not outcomes:
        raise ValueError("nothing to evaluate")
    languages: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        languages[outcome.example.language].append(outcome)
    return Report(
        **asdict(_figures(outcomes)),
        languages={name: _figures(several) for name, several in sorted(languages.items())},
        f1=_f1(outcomes),
        counts=Counter((each.example.intent, each.predicted) for each in outcomes),
        bins=_bins(outcomes),
        outcomes=outcomes,
    )


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    f1 = _f1(outcomes)
    wrong = [each for each in outcomes if not each.right]
    named = [each.service in each.services for each in outcomes if each.service]
    return Figures(
        messages=len(outcomes),
        accuracy=(len(outcomes) - len(wrong)) / len(outcomes),
        top3=sum(each.example.intent in each.ranking[:3] for each in outcomes) / len(outcomes),
        macro_f1=sum(f1.values()) / len(f1),
        calibration_error=sum(
            each.messages * abs(each.confidence - each.accuracy) for each in _bins(outcomes)
        )
        / len(outcomes),
        confidently_wrong=sum(each.confidence >= _SURE for each in wrong) / len(outcomes),
        scope_auroc=_auroc(outcomes),
        services=sum(named) / len(named) if named else None,
    )


def _f1(outcomes: Sequence[Outcome]) -> dict[str, float]:
    wanted = Counter(outcome.example.intent for outcome in outcomes)
    understood = Counter(outcome.predicted for outcome in outcomes)
    both = Counter(outcome.predicted for outcome in outcomes if outcome.right)
    return {name: 2 * both[name] / (wanted[name] + understood[name]) for name in sorted(wanted)}


def _auroc(outcomes: Sequence[Outcome]) -> float | None:
    inside = sorted(outcome.scope for outcome in outcomes if outcome.example.intent != OUT_OF_SCOPE)
    outside = [outcome.scope for outcome in outcomes if outcome.example.intent == OUT_OF_SCOPE]
    if not inside or not outside:
        return None
    # A tie counts half.
    won = sum(bisect_left(inside, foreign) + bisect_right(inside, foreign) for foreign in outside) / 2
    return won / (len(inside) * len(outside))


def _bins(outcomes: Sequence[Outcome]) -> list[Bin]:
    bins: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        bins[min(int(outcome.confidence * _BINS), _BINS - 1)].append(outcome)
    return [
        Bin(
            low=place / _BINS,
            high=(place + 1) / _BINS,
            messages=len(several),
            confidence=sum(each.confidence for each in several) / len(several),
            accuracy=sum(each.right for each in several) / len(several),
        )
        for place, several in sorted(bins.items())
    ]
