"""How well intents are told on public sets of examples, learnt from few of them; writes docs/public-sets.md.

`make bench NLU_DATA=DIR` runs it; DIR holds the repositories that the page names, side by side. Nothing of them is
part of the project.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import platform
import statistics
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.nlu.data import Example, TrainingData, with_names
from bot.nlu.evaluate import Outcome, evaluate, report
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.model import Model
from bot.nlu.parse_data import ParseContext
from bot.nlu.segments import ICU, SYLLABLES
from bot.nlu.training import model_file

_SHOTS, _PARTS = 10, 5
_SAME = "the same"
_FOLD = "CrossValidation/autoGeneFromRealAnno/autoGene_2018_03_22-13_01_25_169/CrossValidation/KFold_1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """What is learnt from and what is asked; `elsewhere` are messages that belong to no intent."""

    train: Sequence[Example]
    test: Sequence[Example]
    elsewhere: Sequence[Example] = ()


def banking77(folder: Path) -> Split:
    """77 intents of a bank's customers; the official test."""
    data = folder / "task-specific-datasets" / "banking_data"
    train, test = (list(_table(data / f"{name}.csv", "text", "category")) for name in ("train", "test"))
    return Split(train=few(train), test=test)


def clinc150(folder: Path) -> Split:
    """150 intents of an assistant, and messages that belong to none."""
    told = json.loads((folder / "oos-eval" / "data" / "data_full.json").read_text("utf-8"))
    train, test, elsewhere = (
        [Example(text=text, intent=intent) for text, intent in told[name]]
        for name in ("train", "test", "oos_test")
    )
    return Split(train=few(train), test=test, elsewhere=elsewhere)


def hwu64(folder: Path) -> Split:
    """64 intents of an assistant at home; the first of its ten folds."""
    fold = folder / "NLU-Evaluation-Data" / _FOLD
    train, test = (
        [
            Example(text=each.text, intent=file.stem)
            for file in sorted(where.glob("*.csv"))
            for each in _table(file, "answer_from_anno", "intent", ";")
        ]
        for where in (fold / "trainset", fold / "testset" / "csv")
    )
    return Split(train=few(train), test=test)


def sib200_lao(folder: Path) -> Split:
    """Seven topics of sentences in Lao; the official splits, all of the first."""
    return Split(train=_sib200(folder, "train"), test=_sib200(folder, "test"))


def sib200_lao_in_turn(folder: Path) -> Iterator[Split]:
    """All sentences, in five parts by the SHA-256 of their text: each is asked of what the other four teach."""
    sentences = sorted(
        (each for name in ("train", "dev", "test") for each in _sib200(folder, name)), key=_sha256
    )
    for part in range(_PARTS):
        rest = [each for place, each in enumerate(sentences) if place % _PARTS != part]
        yield Split(train=rest, test=sentences[part::_PARTS])


def _sib200(folder: Path, name: str) -> list[Example]:
    rows = _table(
        folder / "sib-200" / "data" / "annotated" / "lao_Laoo" / f"{name}.tsv", "text", "category", "\t"
    )
    return [replace(each, language="lo") for each in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicSet:
    """A set as the page names it: `source` with its licence; `read` gives its splits from the folder of all."""

    name: str
    source: str
    segmenter: str = SYLLABLES
    read: Callable[[Path], Iterable[Split]]


def _one(read: Callable[[Path], Split]) -> Callable[[Path], Iterable[Split]]:
    return lambda folder: (read(folder),)


SETS = (
    PublicSet(
        name="banking77, 10 examples an intent",
        source="github.com/PolyAI-LDN/task-specific-datasets, CC BY 4.0",
        read=_one(banking77),
    ),
    PublicSet(
        name="clinc150, 10 examples an intent",
        source="github.com/clinc/oos-eval, CC BY 3.0",
        read=_one(clinc150),
    ),
    PublicSet(
        name="hwu64, 10 examples an intent",
        source="github.com/xliuhw/NLU-Evaluation-Data, first fold, CC BY 4.0",
        read=_one(hwu64),
    ),
    PublicSet(
        name="SIB-200 Lao, 701 sentences of 7 topics",
        source="github.com/dadelani/sib-200, lao_Laoo, Apache-2.0",
        read=_one(sib200_lao),
    ),
    PublicSet(
        name="SIB-200 Lao, with words by ICU",
        source=_SAME,
        segmenter=ICU,
        read=_one(sib200_lao),
    ),
    PublicSet(
        name="SIB-200 Lao, all 1,004 sentences in turn",
        source=_SAME,
        read=sib200_lao_in_turn,
    ),
)
_PAGE = """# Public sets of examples

`make bench NLU_DATA=DIR` writes this page: how well intents are told that a model of ours learnt from these examples
and their names alone, with no words of a pack. DIR holds the repositories below side by side; nothing of them is part of the project.

Of each intent the ten examples are learnt whose text has the least SHA-256; every message of the test is asked.
Messages that belong to no intent are told from the others by how sure the model is: the area is 1 where each of
them is less sure than every other one. The 204 sentences of SIB-200's test are few for a calibration error: a model
that is as sure as it is right shows between 0.034 and 0.085 on so many. Beside it all its 1,004 sentences are asked,
in five parts, each of a model that learnt the other four.

Machine: {machine}.

| set | right | among the first three | calibration error | area for no intent | training | model | a message, p50 / p99 |
|---|---|---|---|---|---|---|---|
{rows}

Sources: {sources}.
"""


def few(examples: Iterable[Example]) -> list[Example]:
    """Ten of each intent: those whose text has the least SHA-256."""
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for each in examples:
        by_intent[each.intent].append(each)
    return [each for several in by_intent.values() for each in sorted(several, key=_sha256)[:_SHOTS]]


def _sha256(example: Example) -> bytes:
    return hashlib.sha256(example.text.encode()).digest()


async def measured(told: PublicSet, splits: Iterable[Split], models: Path) -> str:
    """The line of one set; of several splits their messages together, and the training of the last model."""
    outcomes: list[Outcome] = []
    times: list[float] = []
    for split in splits:
        began = time.perf_counter()
        data = with_names(TrainingData(examples=tuple(split.train)))
        path = await model_file(data, models, segmenter=told.segmenter)
        trained = time.perf_counter() - began
        interpreter = LightInterpreter(Model.load(path))
        outcomes += (await evaluate(interpreter, split.test)).outcomes
        times += [_milliseconds(interpreter, each.text) for each in split.test]
        area = f"{_area(interpreter, split):.3f}" if split.elsewhere else ""
    figures, taken = report(outcomes), statistics.quantiles(times, n=100)
    cells = (
        told.name,
        f"{figures.accuracy:.1%}",
        f"{figures.top3:.1%}",
        f"{figures.calibration_error:.3f}",
        area,
        f"{trained:.1f} s",
        f"{path.stat().st_size / 1000:,.0f} KB",
        f"{taken[49]:.2f} / {taken[98]:.2f} ms",
    )
    return f"| {' | '.join(cells)} |"


def _milliseconds(interpreter: LightInterpreter, text: str) -> float:
    began = time.process_time_ns()
    interpreter.read(text, ParseContext())
    return (time.process_time_ns() - began) / 1e6


def _area(interpreter: LightInterpreter, split: Split) -> float:
    """How often a message of an intent is surer than one of none; half of a draw."""
    within, beyond = (
        [interpreter.read(each.text, ParseContext())["intent"]["confidence"] for each in examples]
        for examples in (split.test, split.elsewhere)
    )
    ranked = sorted(within)
    surer = sum(len(ranked) - (bisect_left(ranked, one) + bisect_right(ranked, one)) / 2 for one in beyond)
    return surer / (len(within) * len(beyond))


def _table(path: Path, text: str, intent: str, delimiter: str = ",") -> Iterator[Example]:
    for row in csv.DictReader(io.StringIO(path.read_text("utf-8")), delimiter=delimiter):
        yield Example(text=row[text], intent=row[intent])


async def measure(folder: Path) -> str:
    """The page."""
    with tempfile.TemporaryDirectory(prefix="patou-bench-") as models:
        rows = [await measured(each, each.read(folder), Path(models)) for each in SETS]
    machine = f"{platform.machine()}, Python {platform.python_version()}, {platform.system()}"
    sources = "; ".join(
        f"{each.name.partition(',')[0]}: {each.source}" for each in SETS if each.source != _SAME
    )
    return _PAGE.format(machine=machine, rows="\n".join(rows), sources=sources)


def main() -> None:
    """Measure the sets in the folder that is named, and write."""
    page = asyncio.run(measure(Path(sys.argv[1])))
    (Path(__file__).parents[2] / "docs" / "public-sets.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
