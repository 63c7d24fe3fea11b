from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.sound import TABLES, key, sound
from bot.pack import load_yaml

PAIRS = [
    (lao, spelt)
    for lao, several in load_yaml(Path(__file__).parent / "sounds.yml").data.items()
    for spelt in several
]


@pytest.mark.parametrize(("lao", "spelt"), PAIRS)
def test_both_scripts_sound_alike(lao: str, spelt: str) -> None:
    assert key(lao, "lao") == key(spelt, "lao")


@given(st.text() | st.text("ກຂງຈຊດບຫລວອຮໜຼະາຳິີຶືຸູົັໍເແໂໄ່້ abngrh1", max_size=40), st.sampled_from(sorted(TABLES)))
def test_offsets_lie_in_the_text_and_advance(text: str, table: str) -> None:
    heard = sound(text, table)
    assert len(heard.key) == len(heard.starts) == len(heard.ends)
    assert list(heard.starts) == sorted(heard.starts)
    assert list(heard.ends) == sorted(heard.ends)
    assert all(0 <= start < len(text) for start in heard.starts)
    assert all(0 < end <= len(text) for end in heard.ends)
