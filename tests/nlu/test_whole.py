"""What is looked at quickly first is answered as if it were not."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.lexicon import Lexicon
from bot.nlu.understanding import lexicon_of
from bot.nlu.whole import WholeMessages, _Ends
from bot.pack import Pack


class Thorough(WholeMessages):
    def _says_more(self, rest: str) -> bool:  # noqa: ARG002 - what it stands in for has it
        return False


LEXICON = lexicon_of(Pack.load(Path("nlu_data")))
QUICK, THOROUGH = WholeMessages(LEXICON), Thorough(LEXICON)
POLITE = sorted(
    word for entry in ("particles", "linking", "deny") for _, word in LEXICON.words(entry) if word.isascii()
)
SPOKEN = st.sampled_from(POLITE) | st.sampled_from(POLITE).map(str.capitalize)
OTHER = st.sampled_from(["fee", "Passport", "nooo", "sooo", "ok_ok", "it's", "a1", "2", "?", "!!!", "/", ""])
SHORT = st.text("abກາ", min_size=1, max_size=3)


@given(st.lists(st.tuples(SPOKEN | OTHER, st.sampled_from(["", " ", "  ", "?", ", "])), max_size=7))
def test_a_quick_look_at_the_rest_says_what_a_thorough_one_does(pieces: list[tuple[str, str]]) -> None:
    rest = "".join(word + gap for word, gap in pieces)
    assert QUICK.says_nothing(rest) == THOROUGH.says_nothing(rest)


@given(st.sets(SHORT, min_size=1, max_size=5), st.data())
def test_every_word_at_an_end_is_taken_off(words: set[str], data: st.DataObject) -> None:
    """The longest, at the end first; a Latin word only as a whole, and never all that there is."""
    several = sorted(words)
    ends = _Ends(Lexicon(languages={"en": {"particles": several}}), "particles")
    said = st.sampled_from(several) | SHORT | st.just(" ")
    text = " ".join("".join(data.draw(st.lists(said, min_size=1, max_size=5))).split())
    assert ends.strip(text) == _stripped(ends.words, text)


def _stripped(words: set[str], text: str) -> str:
    for length in sorted({len(word) for word in words}, reverse=True):
        several = [word for word in words if len(word) == length]
        for pattern in (r"(.+?)({gap}{word})", r"({word}{gap})(.+)"):
            for word in several:
                gap = " +" if word.isascii() else " *"
                found = re.fullmatch(pattern.format(word=re.escape(word), gap=gap), text)
                if found:
                    return found[1] if pattern[1] == "." else found[2]
    return text
