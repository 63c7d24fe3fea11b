"""What is nearest to a name is looked for around some of its pieces, and found as if everywhere."""

from __future__ import annotations

from pathlib import Path
from random import Random

from bot.nlu import mentions
from bot.nlu.mentions import ServiceNames
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack
from services.catalogue import Catalogue

PACK = Pack.load(Path("nlu_data"))
CATALOGUE, LEXICON = Catalogue.load(PACK), lexicon_of(PACK)
NAMES = ServiceNames(
    {service: [name for _, name in CATALOGUE.names(service)] for service in CATALOGUE.services},
    generic=[word for _, word in LEXICON.words("generic")],
    sounds=LEXICON.sounds,
)._names
LETTERS = sorted({letter for name in NAMES for letter in name.whole.letters})


def test_the_nearest_is_the_nearest_of_all_that_is_heard() -> None:
    random = Random(1)  # noqa: S311 - a fixed sequence
    for _ in range(2000):
        name, other = random.choices(NAMES, k=2)
        beside = ["", *("".join(random.choices(LETTERS, k=8)) for _ in range(2)), other.whole.letters]
        heard = random.choice(beside) + _slipped(name.whole.letters, random) + random.choice(beside)
        assert name.nearest(heard) == name.whole.within(mentions._TOLERANCE, heard), (name, heard)


def _slipped(letters: str, random: Random) -> str:
    """With letters wrong, missing or added: one more than is tolerated at the most."""
    for _ in range(random.randint(0, int(mentions._TOLERANCE * len(letters)) + 1)):
        at = random.randrange(len(letters))
        letters = letters[:at] + random.choice(["", *LETTERS]) + letters[at + random.randint(0, 1) :]
    return letters
