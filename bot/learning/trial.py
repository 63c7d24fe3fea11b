"""A trial: how well examples teach, judged by the messages that are held back from both sides of a comparison.

Two models are compared that were taught alike: the examples of the pack and one set of labels, each without its
held-back part. Both are asked the held-back messages of the pack, and, apart, those of the newer labels: labels
that are wrong agree with each other, but not with the pack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from bot.learning.held_back import is_held_back
from bot.nlu.data import Example, TrainingData, join
from bot.nlu.evaluate import evaluate
from bot.nlu.parse_data import Interpreter

# How much a figure may fall before a model counts as worse: what a handful of a thousand messages may do by chance.
TOLERANCES = MappingProxyType(
    {"accuracy": 0.005, "macro_f1": 0.01, "scope_auroc": 0.002, "services": 0.01, "labelled_accuracy": 0.0}
)

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Shares between 0 and 1, of `messages` of the pack and of those that staff `labelled`; None where there are none.

    `services` is the share of named services that were found.
    """

    messages: int
    accuracy: float
    macro_f1: float
    scope_auroc: float | None
    services: float | None
    labelled: int
    labelled_accuracy: float | None

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def taught(*parts: TrainingData) -> TrainingData:
    """What may be taught: the examples that are not held back."""
    whole = join(parts)
    kept = tuple(each for each in whole.examples if not is_held_back(each.text))
    return TrainingData(examples=kept, synonyms=whole.synonyms)


def held_back(data: TrainingData) -> Sequence[Example]:
    """What judges."""
    return [each for each in data.examples if is_held_back(each.text)]


async def judge(interpreter: Interpreter, of_pack: Sequence[Example], labelled: Sequence[Example]) -> Figures:
    """The figures of an interpreter; raises ValueError where the pack holds nothing back."""
    report = await evaluate(interpreter, of_pack)
    ours = await evaluate(interpreter, labelled) if labelled else None
    return Figures(
        messages=report.messages,
        accuracy=report.accuracy,
        macro_f1=report.macro_f1,
        scope_auroc=report.scope_auroc,
        services=report.services,
        labelled=len(labelled),
        labelled_accuracy=ours.accuracy if ours else None,
    )


def worse(old: Figures, new: Figures, asked: Sequence[Example]) -> list[str]:
    """The names of the figures that fell by more than they may: their tolerance, or what one message weighs where few judge.

    `asked` are the messages of the pack that both were judged by.
    """
    one = dict.fromkeys(TOLERANCES, 1 / new.messages)
    one["labelled_accuracy"] = 1 / max(new.labelled, 1)
    one["macro_f1"] = _macro_f1_of_one(asked)
    return [
        name
        for name, tolerance in TOLERANCES.items()
        if _fell(old.record()[name], new.record()[name], max(tolerance, one[name]))
    ]


def _fell(before: float | None, after: float | None, may: float) -> bool:
    return before is not None and after is not None and after < before - may - _ROUNDING


def _macro_f1_of_one(asked: Sequence[Example]) -> float:
    """What it costs at most when one message is taken for another intent: the rarest intent and one like it fall."""
    counts = Counter(each.intent.partition("/")[0] for each in asked)
    rarest = min(counts.values())
    return (1 / rarest + 1 / (2 * rarest + 1)) / len(counts)
