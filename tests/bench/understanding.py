"""How fast a message is understood, what the model weighs, and what letters typed wrong cost; the pack's own model.

`python -m tests.bench.understanding` measures this alone.
"""

from __future__ import annotations

import asyncio
import gc
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.nlu.data import Example
from bot.nlu.evaluate import evaluate
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.model import Model
from bot.nlu.noise import LETTERS, Noise
from bot.nlu.parse_data import ParseContext
from bot.yaml_read import read_yaml
from composition.country import Country
from composition.understanding import understanding
from tests.bench.rows import Row

_PACK = Path("nlu_data")
_TABLES = Path(__file__).parents[1] / "nlu"
_LAO = 160  # code points
_ROUNDS, _LOADS, _DRAWN = 9, 9, 8
# At how many of the places where it can each kind of noise befalls a message.
_NOISY = 0.5
_LETTER = re.compile(r"[^\W\d_]")
# What a process of the interpreter alone holds, beside one of numpy alone.
_ALONE = """
import sys
from pathlib import Path
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.parse_data import ParseContext
from bot.nlu.model import Model
LightInterpreter(Model.load(Path(sys.argv[1]))).read("passport", ParseContext())
"""
_BARE = "import numpy"
_RESIDENT = """
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


async def understood() -> list[Row]:
    """The rows; times are the process's own."""
    with tempfile.TemporaryDirectory(prefix="patou-bench-") as folder:
        began = time.perf_counter()
        country = Country.load(_PACK)
        interpreter = await understanding(Config(data_dir=Path(folder), pack=_PACK), country)
        trained = time.perf_counter() - began
        (model,) = (Path(folder) / "models").glob("*.npz")
        messages = _fresh()
        return [
            *_speed(interpreter, [each.text for each in messages]),
            Row(what="Model of the Lao pack, trained", figure=f"{trained:.1f} s"),
            Row(what="… its file", figure=f"{model.stat().st_size / 1000:,.0f} KB"),
            Row(what="… loaded", figure=f"{_median_load(model):.2f} s"),
            Row(
                what="… resident with the classifier alone",
                figure=f"{_resident(_ALONE, str(model)):.0f} MB",
                bare=f"{_resident(_BARE):.0f} MB (Python importing numpy)",
            ),
            *await _wrong_letters(interpreter, messages),
            *await _written_otherwise(interpreter, messages, country.pack.lexicon("noise")),
        ]


def _fresh() -> list[Example]:
    """Messages written by who had not read the examples; the examples have grown by what was wrong of them since."""
    return [
        Example(text=row["text"], intent=row["intent"], language=language)
        for name in ("fresh", "fresh2", "fresh3", "fresh4", "fresh5")
        for language, rows in _table(name).items()
        for row in rows
    ]


def _table(name: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = read_yaml(_TABLES / f"{name}.yml")
    return found


def _speed(interpreter: LightInterpreter, texts: Sequence[str]) -> list[Row]:
    lao = [text for text in texts if re.search(r"[\u0e80-\u0eff]", text)]
    long = " ".join(lao)[:_LAO]
    # As a server does that has started.
    gc.collect()
    gc.freeze()
    rounds = sorted(([_milliseconds(interpreter, text) for text in texts] for _ in range(_ROUNDS)), key=sum)
    quickest, median = rounds[0], rounds[_ROUNDS // 2]
    return [
        Row(
            what=f"A message understood, p50 / p99, in the quickest of {_ROUNDS} rounds (in the median round)",
            figure=f"{_told(quickest)} ({_told(median)})",
        ),
        Row(
            what="… in one process and second",
            figure=f"{1000 * len(texts) / sum(quickest):,.0f} ({1000 * len(texts) / sum(median):,.0f})",
        ),
        Row(
            what=f"… a text in Lao of {_LAO} characters",
            figure=f"{min(_milliseconds(interpreter, long) for _ in range(50)):.2f} ms",
        ),
    ]


def _told(taken: Sequence[float]) -> str:
    hundredths = statistics.quantiles(taken, n=100)
    return f"{hundredths[49]:.2f} / {hundredths[98]:.2f} ms"


def _milliseconds(interpreter: LightInterpreter, text: str) -> float:
    began = time.process_time_ns()
    interpreter.read(text, ParseContext())
    return (time.process_time_ns() - began) / 1e6


def _median_load(model: Path) -> float:
    times = []
    for _ in range(_LOADS):
        began = time.perf_counter()
        LightInterpreter(Model.load(model))
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _resident(program: str, *arguments: str) -> float:
    """Megabytes that a process holds at the end of a program."""
    told = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", program + _RESIDENT, *arguments], check=True, capture_output=True, text=True
    )
    return int(told.stdout) / 1024


async def _wrong_letters(interpreter: LightInterpreter, messages: Sequence[Example]) -> list[Row]:
    """What becomes of the accuracy when so many letters of a hundred are typed wrong, drawn several times."""
    right = await evaluate(interpreter, messages)
    languages = ", ".join(f"{name} {share:.1%}" for name, share in right.by_language.items())
    rows = [
        Row(what=f"Intents right of {right.messages} messages", figure=f"{right.accuracy:.1%} ({languages})")
    ]
    for share in (0.05, 0.1):
        lost = []
        for seed in range(_DRAWN):
            chance = random.Random(seed)  # noqa: S311 - it must repeat itself
            typed = [replace(each, text=_mistyped(each.text, share, chance)) for each in messages]
            lost.append(100 * (right.accuracy - (await evaluate(interpreter, typed)).accuracy))
        figure = f"{statistics.mean(lost):.1f} points less ({min(lost):.1f} to {max(lost):.1f})"
        rows.append(Row(what=f"… {share:.0%} wrong letters, drawn {_DRAWN} times", figure=figure))
    return rows


async def _written_otherwise(
    interpreter: LightInterpreter, messages: Sequence[Example], told: Mapping[str, Mapping[str, Any]]
) -> list[Row]:
    """What becomes of the accuracy with every other spelling that people mix up, of the languages that have it."""
    noises = {language: Noise.of(entry) for language, entry in told.items()}
    kinds = dict.fromkeys(kind for noise in noises.values() for kind in noise.kinds if kind != LETTERS)
    rows = []
    for kind in kinds:
        own = [each for each in messages if kind in noises[each.language].kinds]
        typed = [replace(each, text=noises[each.language].typed(each.text, {kind: _NOISY})) for each in own]
        right, noisy = await evaluate(interpreter, own), await evaluate(interpreter, typed)
        languages = ", ".join(
            f"{name} {share:.1%} of {right.by_language[name]:.1%}"
            for name, share in noisy.by_language.items()
        )
        rows.append(Row(what=f"… {kind} otherwise at half of the places", figure=languages))
    return rows


def _mistyped(text: str, share: float, chance: random.Random) -> str:
    """The text with that share of its letters left out, doubled, changed for another of the text, or put behind the next."""
    letters = _LETTER.findall(text)
    typed = list(text)
    for place, letter in enumerate(text):
        if not _LETTER.match(letter) or chance.random() >= share:
            continue
        ways = ["", letter * 2, chance.choice(letters)]
        typed[place] = chance.choice(ways)
        if place + 1 < len(text) and chance.random() < 1 / (len(ways) + 1):
            typed[place], typed[place + 1] = text[place + 1], letter
    return "".join(typed)


async def _main() -> None:
    for row in await understood():
        sys.stdout.write(f"{row.what}: {row.figure}  {row.bare}\n")


if __name__ == "__main__":
    asyncio.run(_main())
