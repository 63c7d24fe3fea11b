from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.sound import TABLES, Sound, key
from bot.pack import load_yaml

PAIRS = [
    (lao, spelt)
    for lao, several in load_yaml(Path(__file__).parent / "sounds.yml").data.items()
    for spelt in several
]
# The block of Lao without tones and digits, unassigned code points included.
LAO = "".join(map(chr, [*range(0x0E80, 0x0EC8), 0x0ECD, *range(0x0EDC, 0x0EE0)]))


@pytest.mark.parametrize(("lao", "spelt"), PAIRS)
def test_both_scripts_sound_alike(lao: str, spelt: str) -> None:
    assert key(lao, "lao") == key(spelt, "lao")


@given(st.text() | st.text("ກຂງຈຊດບຫລວອຮໜຼະາຳິີຶືຸູົັໍເແໂໄ່້ abngrh1", max_size=40), st.sampled_from(sorted(TABLES)))
def test_offsets_lie_in_the_text_and_advance(text: str, table: str) -> None:
    starts, ends = _offsets(Sound(text, table))
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(0 <= start < len(text) for start in starts)
    assert all(0 < end <= len(text) for end in ends)


@given(st.text("ກງດນບມປຍວອຫລຣສຼະັາິຶົຽຳໍເແໂໄໜ", min_size=1, max_size=12) | st.text(LAO, min_size=1, max_size=12))
def test_a_text_sounds_the_same_syllable_by_syllable(run: str) -> None:
    heard = Sound(run, "lao")
    starts, ends = _offsets(heard)
    assert TABLES["lao"].hear(run) == (heard.key, tuple(starts), tuple(ends))


def _offsets(heard: Sound) -> tuple[list[int], list[int]]:
    spans = [heard.span(letter, letter + 1) for letter in range(len(heard.key))]
    return [start for start, _ in spans], [end for _, end in spans]


def test_a_flood_of_vowels_that_wait_for_a_consonant_does_not_stop_the_process() -> None:
    """Looked for anew from each of them, a consonant behind a hundred thousand would be found missing in minutes."""
    assert key("ເແໂໃໄ" * 20_000, "lao") == ""
    assert len(key("ເແໂໃໄ" * 20_000 + "ກ", "lao")) > 1
