"""Gets the model for the data at hand: from the cache, or trained in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import orjson

from bot.nlu.classifier import OUT_OF_SCOPE, base_of
from bot.nlu.concepts import entries_of
from bot.nlu.data import Example, TrainingData
from bot.nlu.errors import TrainingFailed
from bot.nlu.lexicon import Lexicon
from bot.nlu.segments import SYLLABLES
from bot.nlu.segments import segmenter as segmenter_of

# Every so manieth question about a service is asked about something else, too.
_ELSEWHERE = 4
_ASKED = frozenset(("requirements", "fee", "duration", "where_hours", "status"))
# So many copies of an example that names a service, each with another service in its place: the
# classifier learns that the name does not decide what is asked about it.
_VARIANTS = 2

_TRAINER = "bot.nlu.train"
_ROOT = Path(__file__).parents[2]
_IMPORTED = re.compile(rb"^\s*(?:from|import) (bot(?:\.\w+)*)", re.MULTILINE)


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
        segmenter_of(segmenter)
        await _train(told, path, proof)
    return path


def _name(told: bytes) -> str:
    made_by = b"".join(code_of(_TRAINER).values())
    return f"{sha256(made_by + told).hexdigest()[:32]}.npz"


def _told(data: TrainingData, names: Mapping[str, Sequence[str]], lexicon: Lexicon, segmenter: str) -> bytes:
    return orjson.dumps(
        {
            "sounds": lexicon.sounds,
            "segmenter": segmenter,
            "concepts": entries_of(lexicon),
            "noise": {name: entries.get("noise") or {} for name, entries in lexicon.languages.items()},
            "examples": [
                *((each.text, each.intent, each.language) for each in data.examples),
                *asked_elsewhere(data.examples, lexicon),
            ],
            "variants": list(variants(data.examples, names)),
        }
    )


async def _train(told: bytes, path: Path, proof: Callable[[], None] | None) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _TRAINER, str(path),
        # Threads of the numeric library fight over small matrices: one is faster than several.
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        if proof:
            # Meanwhile the trainer loads scikit-learn, which takes longer.
            await asyncio.to_thread(proof)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        _, complaint = await process.communicate(told)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise TrainingFailed(complaint.decode(errors="replace").strip()[-2000:])


@cache
def code_of(module: str) -> Mapping[str, bytes]:
    """A module of ours and all of ours that it imports, each with its source: with other code a model is another."""
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = source = _source(name)
            waiting += (match[1].decode() for match in _IMPORTED.finditer(source))
    return dict(sorted(found.items()))


def _source(module: str) -> bytes:
    path = _ROOT.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_bytes()


def variants(examples: Sequence[Example], names: Mapping[str, Sequence[str]]) -> Iterable[tuple[int, str]]:
    """Examples that name a service with others named in its place: where each was among them, and the text.

    `names` are services' names by language. Which are taken goes by the example's own text.
    """
    pools: dict[str, set[str]] = {language: set(given) for language, given in names.items()}
    for example in examples:
        for mark in example.entities:
            pools.setdefault(example.language, set()).add(example.text[mark["start"] : mark["end"]])
    rings = {language: _ring(pool) for language, pool in pools.items()}
    for origin, example in enumerate(examples):
        for mark in example.entities[:1]:
            for turn in range(_VARIANTS):
                other = _next(rings[example.language], f"{turn} {example.text}")
                yield origin, example.text[: mark["start"]] + other + example.text[mark["end"] :]


def asked_elsewhere(examples: Sequence[Example], lexicon: Lexicon) -> Iterator[tuple[str, str, str]]:
    """Questions about services asked about things that are `not_ours`: (text, out_of_scope, language).

    Else "how do I make …" would be our question whatever it is that is made.
    """
    things: dict[str, list[str]] = {}
    for language, thing in lexicon.words("not_ours"):
        things.setdefault(language, []).append(thing)
    rings = {language: _ring(several) for language, several in things.items()}
    for example in examples:
        first = next(iter(example.entities), None)
        if first is None or first["entity"] != "service" or example.language not in rings:
            continue
        if base_of(example.intent) in _ASKED and crc32(example.text.encode()) % _ELSEWHERE == 0:
            thing = _next(rings[example.language], example.text)
            yield (
                example.text[: first["start"]] + thing + example.text[first["end"] :],
                OUT_OF_SCOPE,
                example.language,
            )


def _ring(words: Iterable[str]) -> list[tuple[int, str]]:
    return sorted((crc32(word.encode()), word) for word in words)


def _next(ring: Sequence[tuple[int, str]], text: str) -> str:
    """The next word around the ring: a word more changes few, a text more none of the others."""
    return ring[bisect(ring, (crc32(text.encode()), "")) % len(ring)][1]
