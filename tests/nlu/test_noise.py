"""Noise repeats itself, does no more than it says, and costs the understanding no more than a bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.interpreter import LightInterpreter
from bot.nlu.noise import LETTERS, SPACES, Noise, mistyped
from bot.nlu.parse_data import ParseContext
from bot.pack import Pack
from bot.yaml_read import read_yaml

PACK = Pack.load("nlu_data")
NOISES = {language: Noise.of(told) for language, told in PACK.lexicon("noise").items()} | {"": Noise()}
ROWS: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("noise.yml"))
SEEDS = 300
# Nothing is written longer for anything than this, and a letter at most twice.
LONGEST = 9

HALF, WRONG_LETTERS = 0.5, 0.05
_DRAWN = 4
MESSAGES: dict[str, list[dict[str, Any]]] = {
    language: [
        row for name in ("fresh", "fresh2", "fresh3", "fresh4")
        for row in read_yaml(Path(__file__).with_name(f"{name}.yml"))[language]
    ]
    for language in PACK.languages
}  # fmt: skip
# The most that a kind of noise may take from the share of messages understood: a little over what is measured.
BOUNDS = {
    ("lo", "spoken"): 0.03,
    ("lo", "tones"): 0.02,
    ("lo", "am"): 0.005,
    ("lo", "vowels"): 0.16,
    ("lo", "consonants"): 0.04,
    ("lo", "spaces"): 0.02,
    ("lo", "letters"): 0.05,
    ("lo-Latn", "aspirates"): 0.05,
    ("lo-Latn", "vowels"): 0.1,
    ("lo-Latn", "consonants"): 0.16,
    ("lo-Latn", "spaces"): 0.11,
    ("lo-Latn", "letters"): 0.1,
    ("en", "short"): 0.02,
    ("en", "vowels"): 0.04,
    ("en", "consonants"): 0.08,
    ("en", "spaces"): 0.23,
    ("en", "letters"): 0.08,
}

texts = st.text(max_size=40) | st.text(alphabet="ບໍ່ນ້ຳຫຼໝໃໄ ເກັບ 12aeiou🙏🏽\u200b", max_size=40)
shares = st.dictionaries(
    st.sampled_from(sorted({kind for noise in NOISES.values() for kind in noise.kinds})), st.floats(0, 1)
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['language']}-{row['kind']}-{row['text']}")
def test_a_kind_of_noise(row: dict[str, Any]) -> None:
    noise = NOISES[row["language"]]
    found = {noise.typed(row["text"], {row["kind"]: 1.0}, seed) for seed in range(SEEDS)}
    assert found == set(row["variants"])


def test_letters_change_places() -> None:
    found = {Noise().typed("ບໍນ້ຳ", {LETTERS: 0.5}, seed) for seed in range(SEEDS)}
    assert "ນ້ຳບໍ" in found


def test_every_kind_of_the_pack_has_a_row() -> None:
    told = {(language, kind) for language, noise in NOISES.items() for kind in noise.kinds if language}
    assert {(row["language"], row["kind"]) for row in ROWS} >= {
        (language, kind) for language, kind in told if kind not in {LETTERS, SPACES}
    }


@given(st.sampled_from(sorted(NOISES)), texts, shares, st.integers())
def test_noise_of_any_text(language: str, text: str, told: dict[str, float], seed: int) -> None:
    noise = NOISES[language]
    typed = noise.typed(text, told, seed)
    assert noise.typed(text, told, seed) == typed
    assert bool(typed.strip()) == bool(text.strip())
    assert len(typed) <= 2 * LONGEST * len(text)


@given(st.sampled_from(sorted(NOISES)), texts, st.integers())
def test_no_share_is_no_noise(language: str, text: str, seed: int) -> None:
    noise = NOISES[language]
    assert noise.typed(text, {}, seed) == text
    assert noise.typed(text, dict.fromkeys(noise.kinds, 0.0), seed) == text
    assert noise.typed(text, {"a kind of another language": 1.0}, seed) == text


@given(texts, st.integers())
def test_marks_keep_to_their_order(text: str, seed: int) -> None:
    """Run together, words lose their spaces and nothing else."""
    typed = Noise().typed(text, {SPACES: 1.0}, seed)
    assert typed.replace(" ", "").replace("\u00a0", "") == text.replace(" ", "").replace("\u00a0", "")


def test_examples_are_typed_wrong_where_a_pack_tells_how() -> None:
    """A language that the pack tells nothing of has wrong letters; one that it does not know has no noise."""
    examples = [[f"how much is a passport for {name}", "fee", name] for name in ("xx", "yy", "xx")]
    typed = dict(mistyped(examples, {"xx": {}}))
    assert set(typed) == {0, 2}
    assert typed[0] not in {text for text, _, _ in examples}
    assert list(mistyped(examples, {})) == []


@pytest.mark.parametrize(("language", "kind"), BOUNDS)
async def test_a_message_written_otherwise_is_understood(
    interpreter: LightInterpreter, language: str, kind: str
) -> None:
    """Of messages that no example was written from, at half of the places where such noise can be; drawn several times."""
    share = WRONG_LETTERS if kind == LETTERS else HALF
    right = noisy = 0
    for row in MESSAGES[language]:
        right += _DRAWN * await _understood(interpreter, row["text"], row["intent"])
        for seed in range(_DRAWN):
            typed = NOISES[language].typed(row["text"], {kind: share}, seed)
            noisy += await _understood(interpreter, typed, row["intent"])
    assert (right - noisy) / (_DRAWN * len(MESSAGES[language])) <= BOUNDS[language, kind]


def test_every_kind_has_a_bound() -> None:
    assert set(BOUNDS) == {(name, kind) for name, noise in NOISES.items() for kind in noise.kinds if name}


async def _understood(interpreter: LightInterpreter, text: str, intent: str) -> bool:
    return (await interpreter.parse(text, ParseContext()))["intent"]["name"] == intent
