from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu import features
from bot.nlu.features import tokens_of
from bot.nlu.normalise import fold

ASCII = st.text(st.characters(max_codepoint=127)) | st.text("aZ'-_ 0?.\n\x1c", max_size=30)


@given(ASCII)
def test_the_tokens_of_ascii_are_those_of_any_text(text: str) -> None:
    said = fold(text)
    assert tokens_of(said) == features._TOKEN.findall(said)
