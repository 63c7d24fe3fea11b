"""The examples that are taught and the word lists, held against the country and the rules: what they name must be there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from bot.config import Config
from bot.errors import PackError
from bot.learning.history import LEARNING, History
from bot.learning.labels import LABELS, gather_labels
from bot.nlu import lexicon_check
from bot.nlu.faults import Known, faults
from bot.nlu.understanding import gather_examples
from bot.pack import Pack
from bot.places import DISTRICT, PROVINCE, Places
from bot.rules import Rules
from complaints.categories import Categories
from services.catalogue import Catalogue
from services.centres import Centres

RULES = Path(__file__).parent.parent / "dialogs" / "rules"

# They are found by what they look like; no list has them all.
_ANY = ("village", "reference", "phone", "date", "amount")
_IN_FORCE = "This label is in force: mend it in the folder of labels and run patou nlu retrain, or patou nlu rollback none."


def check(pack: Pack) -> list[PackError]:
    """What is wrong with the examples of a pack."""
    problems: list[PackError] = []
    data = gather_examples(pack, problems)
    return problems + faults(data, known(pack))


def check_lexicons(pack: Pack) -> list[PackError]:
    """What is wrong with the word lists of a pack."""
    return lexicon_check.check(pack, known(pack))


def check_installation(pack: Pack, config: Config) -> list[PackError]:
    """What is wrong with its labels, those that wait and those in force."""
    return [*check_labels(pack, config.data_dir / LABELS), *check_in_force(pack, config)]


def check_labels(pack: Pack, labels: Path) -> list[PackError]:
    """What is wrong with a folder of labels, beside the examples of this pack."""
    problems: list[PackError] = []
    data = gather_labels(labels, problems)
    return problems + faults(data, known(pack), whole=False)


def check_in_force(pack: Pack, config: Config) -> list[PackError]:
    """The same of the labels in force: they fitted the pack when they came to be."""
    history = History(config.data_dir / LEARNING)
    found = check_labels(pack, history.labels_folder(history.in_force()))
    return [replace(each, remedy=_IN_FORCE) for each in found]


def known(pack: Pack) -> Known:
    """What examples and word lists may name; where a file of the pack cannot be read, which is told elsewhere, anything."""
    return Known(
        intents=Rules.load(RULES).intents,
        values={
            "service": _read(lambda: Catalogue.load(pack).services),
            "category": _read(lambda: [each.id for each in Categories.load(pack)]),
            "centre": _read(lambda: [each.id for each in Centres.load(pack, Places.load(pack)).all()]),
            "province": _places(pack, PROVINCE),
            "district": _places(pack, DISTRICT),
            "language": pack.languages,
            **dict.fromkeys(_ANY),
        },
    )


def _places(pack: Pack, level: str) -> Collection[str] | None:
    return _read(lambda: [code for code, each in Places.load(pack).by_code.items() if each.level == level])


def _read(names: Callable[[], Collection[str]]) -> Collection[str] | None:
    try:
        return names()
    except PackError:
        return None
