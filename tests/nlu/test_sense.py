"""What a sensible person at the desk would make of a message: the rows of sense.yml, played by the whole product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.yaml_read import read_yaml
from tests.dialogs.conversation import Said, World

# Of a kind, so many rows in each language that it is written in.
LEAST_ROWS = 8
KINDS: dict[str, dict[str, Any]] = read_yaml(Path(__file__).with_name("sense.yml"))
_OF_A_KIND = ("never", "quiet")

Row = dict[str, Any]


def rows() -> Iterator[Any]:
    for kind, languages in KINDS.items():
        common = {name: languages[name] for name in _OF_A_KIND if name in languages}
        for language, several in languages.items():
            if language in _OF_A_KIND:
                continue
            for row in several:
                never = [*common.get("never", ()), *row.get("never", ())]
                yield pytest.param({**common, **row, "never": never}, id=f"{kind}, {language}: {row['say']}")


@pytest.fixture(scope="session")
async def world(trained: Path) -> World:
    return await World.load(Path("nlu_data"), trained.parent)


@pytest.mark.parametrize("row", list(rows()))
async def test_sense(world: World, row: Row) -> None:
    conversation = world.begin({"channel": "sms"})
    before = row.get("after", ())
    for text in [before] if isinstance(before, str) else before:
        await conversation.say({"user": text})
    said = await conversation.say({"user": row["say"]})
    keys = [response.key.removeprefix("utter_") for response in said.turn.responses]
    told = f"{keys} in {said.turn.wish.get('intent_ranking')}"
    assert keys, row
    assert all(_said(each, keys) for each in _list(row.get("says", ()))), told
    assert not row.get("either") or any(_said(each, keys) for each in row["either"]), told
    assert not any(_said(each, keys) for each in row["never"]), told
    assert not (row.get("quiet") and said.turn.effects), said.turn.effects
    _check_state(said, row)


def _check_state(said: Said, row: Mapping[str, Any]) -> None:
    slots = said.turn.state.slots
    if "service" in row:
        assert slots.get("service") == row["service"], slots
    if "in" in row:
        assert slots.get("language") == row["in"], slots


def _said(beginnings: str, keys: Iterable[str]) -> bool:
    """Whether a text was said that begins with one of these, parted by strokes."""
    return any(key.startswith(tuple(beginnings.split("|"))) for key in keys)


def _list(several: Any) -> list[str]:
    return [several] if isinstance(several, str) else list(several)


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_rows_enough(kind: str) -> None:
    for language, several in KINDS[kind].items():
        if language not in _OF_A_KIND and kind != "thai_letters":
            assert len(several) >= LEAST_ROWS, language
