"""The trained model as it lies in a file and in memory: vocabulary, int8 weights, calibration."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import orjson
from numpy.typing import NDArray

from bot.nlu.errors import ModelUnusable
from bot.nlu.features import BLOCKS

# Raised with every change of what a file holds.
FORMAT = 5

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A multinomial logistic regression over blocks of grams.

    `kinds` are the names that some intents are told apart by ("help/privacy", and "help" itself): a
    second regression, within the intent. `vocabularies` maps each block's grams to rows of `rarity` and
    `weights`; a column of `weights` times its `scale` gives the coefficients of one of `names`.
    `temperature` divides the logits of intents.
    `strange` less `slope` times a message's familiarity is the logit of its belonging to no intent at all. `sounds` names the table of sound.py that
    made the grams, `segmenter` is that of segments.py, `concepts` are the entries of concepts.py.
    `remembered` has the fingerprints of the examples, each with the place of its intent in `names`.
    `scripts` are the scripts of the examples, each with the languages written in it; `letters` are
    those of the examples beyond a to z. `tongues` are the languages that share a
    script, `tongue_weights` the log probability of a gram in each.
    """

    intents: tuple[str, ...]
    kinds: tuple[str, ...]
    vocabularies: tuple[Mapping[str, int], ...]
    rarity: Floats
    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats
    temperature: float
    strange: float
    slope: float
    sounds: str
    segmenter: str
    concepts: Sequence[Sequence[bool | str]]
    remembered: Mapping[int, int]
    scripts: Mapping[str, tuple[str, ...]]
    letters: str
    tongues: tuple[str, ...]
    tongue_grams: Mapping[str, int]
    tongue_weights: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns of `weights` stand for."""
        return (*self.intents, *self.kinds)

    def save(self, path: Path) -> None:
        """Write the file in one step: a reader sees all of it or none."""
        about = {
            "format": FORMAT,
            "intents": self.intents,
            "kinds": self.kinds,
            "temperature": self.temperature,
            "strange": self.strange,
            "slope": self.slope,
            "sounds": self.sounds,
            "segmenter": self.segmenter,
            "concepts": self.concepts,
            "scripts": self.scripts,
            "letters": self.letters,
            "tongues": self.tongues,
        }
        arrays = {
            "about": np.frombuffer(orjson.dumps(about), np.uint8),
            "rarity": self.rarity,
            "weights": self.weights,
            "scale": self.scale,
            "bias": self.bias,
            "remembered": np.array([*self.remembered], np.uint64),
            "remembered_intents": np.array([*self.remembered.values()], np.uint16),
            "tongue_grams": _packed(self.tongue_grams),
            "tongue_weights": self.tongue_weights,
            **{f"grams_{name}": _packed(rows) for name, rows in zip(BLOCKS, self.vocabularies, strict=True)},
        }
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for its options
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a file that `save` wrote; raises ModelUnusable."""
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                about = orjson.loads(file["about"].tobytes())
                if about.pop("format") != FORMAT:
                    raise ModelUnusable
                return cls._of(about, {name: file[name] for name in file.files if name != "about"})
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            BadZipFile,
            zlib.error,
        ) as error:
            raise ModelUnusable from error

    @classmethod
    def _of(cls, about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
        vocabularies, row = [], 0
        for name in BLOCKS:
            grams = _unpacked(arrays[f"grams_{name}"])
            vocabularies.append(dict(zip(grams, range(row, row + len(grams)), strict=True)))
            row += len(grams)
        tongue_grams = _unpacked(arrays["tongue_grams"])
        return cls(
            intents=tuple(about["intents"]),
            kinds=tuple(about["kinds"]),
            vocabularies=tuple(vocabularies),
            rarity=arrays["rarity"],
            weights=arrays["weights"],
            scale=arrays["scale"],
            bias=arrays["bias"],
            temperature=about["temperature"],
            strange=about["strange"],
            slope=about["slope"],
            sounds=about["sounds"],
            segmenter=about["segmenter"],
            concepts=about["concepts"],
            remembered=dict(
                zip(arrays["remembered"].tolist(), arrays["remembered_intents"].tolist(), strict=True)
            ),
            scripts={script: tuple(several) for script, several in about["scripts"].items()},
            letters=about["letters"],
            tongues=tuple(about["tongues"]),
            tongue_grams={gram: index for index, gram in enumerate(tongue_grams)},
            tongue_weights=arrays["tongue_weights"],
        )


def _packed(grams: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(grams).encode(), np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> list[str]:
    text = packed.tobytes().decode()
    return text.split("\n") if text else []
