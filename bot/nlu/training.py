"""Gets the model for the data at hand: from the cache, or trained in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import orjson

from bot.nlu.concepts import entries_of
from bot.nlu.data import Example, TrainingData
from bot.nlu.errors import TrainingFailed
from bot.nlu.lexicon import Lexicon
from bot.nlu.segments import SYLLABLES
from bot.nlu.segments import segmenter as segmenter_of

# So many copies of an example that names a service, each with another service in its place: the
# classifier learns that the name does not decide what is asked about it.
_VARIANTS = 2


async def model_file(
    data: TrainingData,
    folder: Path,
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    lexicon: Lexicon | None = None,
    proof: Callable[[], None] | None = None,
    segmenter: str = SYLLABLES,
) -> Path:
    """The trained model of this data, by content, in `folder`; seconds if it must be trained first.

    `names` are more names of services by language, as a catalogue has them; `lexicon` says
    how words are compared and which are alike; `proof` raises what is wrong with the data, and is called in a
    thread, only where there is something to train; `segmenter` is one of segments.py. Raises TrainingFailed,
    SegmenterMissing.
    """
    told = _told(data, names or {}, lexicon or Lexicon(languages={}), segmenter)
    path = folder / _name(told)
    if not await asyncio.to_thread(path.exists):
        if proof:
            await asyncio.to_thread(proof)
        segmenter_of(segmenter)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await _train(told, path)
    return path


def model_name(
    data: TrainingData, names: Mapping[str, Sequence[str]] | None = None, lexicon: Lexicon | None = None
) -> str:
    """The file name of the model of this data: other data or other code, another name."""
    return _name(_told(data, names or {}, lexicon or Lexicon(languages={}), SYLLABLES))


def _name(told: bytes) -> str:
    return f"{sha256(_code() + told).hexdigest()[:32]}.npz"


def _told(data: TrainingData, names: Mapping[str, Sequence[str]], lexicon: Lexicon, segmenter: str) -> bytes:
    return orjson.dumps(
        {
            "sounds": lexicon.sounds,
            "segmenter": segmenter,
            "concepts": entries_of(lexicon),
            "noise": {name: entries.get("noise") or {} for name, entries in lexicon.languages.items()},
            "examples": [(each.text, each.intent, each.language) for each in data.examples],
            "variants": list(_variants(data.examples, names)),
        }
    )


async def _train(told: bytes, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.nlu.train", str(path),
        # Threads of the numeric library fight over small matrices: one is faster than several.
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, complaint = await process.communicate(told)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise TrainingFailed(complaint.decode(errors="replace").strip()[-2000:])


def _code() -> bytes:
    """What else decides the model: the code that makes it."""
    return b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))


def _variants(examples: Sequence[Example], names: Mapping[str, Sequence[str]]) -> Iterable[tuple[int, str]]:
    pools: dict[str, set[str]] = {language: set(given) for language, given in names.items()}
    for example in examples:
        for mark in example.entities:
            pools.setdefault(example.language, set()).add(example.text[mark["start"] : mark["end"]])
    choices = {language: sorted(pool) for language, pool in pools.items()}
    for origin, example in enumerate(examples):
        for mark in example.entities[:1]:
            pool = choices[example.language]
            for turn in range(_VARIANTS):
                other = pool[(origin * 7 + turn * 13 + 5) % len(pool)]
                yield origin, example.text[: mark["start"]] + other + example.text[mark["end"] :]
