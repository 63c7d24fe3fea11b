"""Words that mean much the same to a public service, whatever the language: fee, price, ລາຄາ, lakha."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.nlu.features import Reading
from bot.nlu.lexicon import Lexicon
from bot.nlu.phrases import Searches, SoundPhrases, WordPhrases

# Whether the word is compared by its sound; the concept; the word.
Entry = tuple[bool, str, str]


class Concepts:
    """Finds the concepts of a message: what few examples teach about one word holds for its kin."""

    def __init__(self, entries: Iterable[Sequence[bool | str]], sounds: str) -> None:
        heard: list[tuple[str, str]] = []
        written: list[tuple[str, str]] = []
        for by_sound, concept, word in entries:
            (heard if by_sound else written).append((str(word), str(concept)))
        searches = Searches()
        self._heard, self._written = SoundPhrases(heard, sounds, searches), WordPhrases(written, searches)

    def find(self, reading: Reading) -> set[str]:
        """The names of the concepts that the message has words of."""
        hits = self._heard.find(reading.text, reading.sound) + self._written.find(reading.words)
        return {hit.value for hit in hits}


def entries_of(lexicon: Lexicon) -> list[Entry]:
    """The `concepts` of every language, in a form that a model file keeps."""
    sounding = lexicon.sounding
    return [(language in sounding, concept, word) for language, concept, word in lexicon.table("concepts")]
