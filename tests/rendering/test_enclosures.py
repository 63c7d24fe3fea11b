"""What goes with words is shown where a channel can, before them; everywhere else the words do without."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Row

from bot.crypto import Vault
from bot.dispatcher import Response, TurnDispatcher
from bot.messages import Capabilities, Enclosure, MediaKind, OutboundMessage
from bot.outbox_rows import opened, row_of
from bot.pack import Pack
from bot.rendering import Renderer
from bot.urns import Urn

PLACE = Enclosure(kind=MediaKind.LOCATION, title="The hall", latitude=17.9667, longitude=102.6)
SAID = Response(
    key="utter_greet",
    buttons=({"title": "Yes", "payload": "/affirm"},),
    enclosures=(asdict(PLACE),),
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Pack.load(Path(__file__).parents[2] / "nlu_data"), {})


def test_a_place_comes_before_the_words_and_the_buttons_stay_below_them(renderer: Renderer) -> None:
    can = Capabilities(max_units=4000, buttons=9, button_units=40, enclosures=frozenset({MediaKind.LOCATION}))
    place, words = renderer.render([SAID], "en", can).drafts
    assert (place.text, place.enclosure, place.choices) == ("The hall", PLACE, ())
    assert words.choices


@pytest.mark.parametrize(
    "can",
    [
        Capabilities(max_units=4000, buttons=9, button_units=40),
        Capabilities(max_units=4000),
        Capabilities(max_units=1600, sms=True, enclosures=frozenset({MediaKind.LOCATION})),
        Capabilities(max_units=4000, enclosures=frozenset({MediaKind.DOCUMENT})),
    ],
)
def test_where_it_cannot_be_shown_there_are_the_words(renderer: Renderer, can: Capabilities) -> None:
    without: dict[str, Any] = {"key": SAID.key, "buttons": SAID.buttons}
    assert renderer.render([SAID], "en", can) == renderer.render([Response(**without)], "en", can)


def test_a_repetition_shows_it_again() -> None:
    assert Response.recall(SAID.record()) == SAID


def test_an_action_encloses_by_the_dispatcher() -> None:
    dispatcher = TurnDispatcher()
    dispatcher.utter_message(response="utter_greet")
    dispatcher.messages[-1]["attachment"] = [asdict(PLACE)]
    (response,) = dispatcher.take_responses()
    assert response.enclosures == (asdict(PLACE),)


@pytest.mark.parametrize("place", [None, PLACE])
async def test_it_is_sealed_and_opened_with_its_message(vault: Vault, place: Enclosure | None) -> None:
    message = OutboundMessage(
        id="0" * 26,
        channel="telegram",
        urn=Urn("telegram", "77"),
        text="The hall",
        cause="t:1",
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
        enclosure=place,
    )
    row = row_of(message, contact_id="p1", urn_lookup="x", vault=vault, purge_at=0)
    assert b"The hall" not in row["message_sealed"]
    assert opened(cast("Row[Any]", SimpleNamespace(**row)), vault).enclosure == place
