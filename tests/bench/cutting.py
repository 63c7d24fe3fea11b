"""How long it takes to cut a Lao text into the parts of an SMS, beside slices of as many characters."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from timeit import repeat

from bot.pack import Pack
from bot.text.parts import count, split
from tests.bench.rows import Row

_CHARACTERS, _A_PART = 600, 67
_RUNS, _ROUNDS = 200, 15
_LAO = re.compile(r"[\u0e80-\u0eff]{5}")


def cutting(pack: Path) -> list[Row]:
    """Microseconds of the process's own time, the best of several rounds."""
    said = (each.text for each in Pack.load(pack).texts["lo"].values())
    text = " ".join(each for each in said if _LAO.search(each))[:_CHARACTERS]
    bare = _microseconds(lambda: [text[at : at + _A_PART] for at in range(0, len(text), _A_PART)])
    rows = []
    for what, figure in (
        (f"{len(text)} characters of Lao cut into {count(text)} parts", _microseconds(lambda: split(text))),
        (f"{len(text)} characters of Lao counted", _microseconds(lambda: count(text))),
    ):
        rows.append(
            Row(what=what, figure=f"{figure:.0f} µs", bare=f"{bare:.1f} µs", ratio=f"{figure / bare:.0f}")
        )
    return rows


def _microseconds(work: Callable[[], object]) -> float:
    return min(repeat(work, number=_RUNS, repeat=_ROUNDS, timer=time.process_time)) / _RUNS * 1e6
