"""From the first menu on, digits alone lead to every wish and to every public service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from bot.messages import InboundMessage
from bot.nlu.parse_data import ParseContext
from bot.nlu.understanding import examples_of
from bot.rules import Rules
from bot.trackers import TrackerState
from channels.terminal import CAPABILITIES
from dialogs.menu_tree import COMPLAINT_PLACE, LISTS, way_to
from tests.dialogs.actions.kit import DIALOGS, act, ports
from tests.dialogs.conversation import Conversation, World

# Said in the middle of a talk, or out of politeness: nothing that one sets out to do.
SMALL_WORDS = frozenset(
    (
        "greet",
        "thanks",
        "inform",
        "affirm",
        "deny",
        "cancel",
        "go_back",
        "repeat",
        "out_of_scope",
        "help/menu",
    )
)
ABOUT_A_SERVICE = ("requirements", "fee", "duration", "where_hours")
RULES = Rules.load(DIALOGS / "rules")
SERVICE = re.compile(r'"service": ?"([^"]+)"')


@dataclass(kw_only=True)
class Dialler:
    """Somebody who presses every digit that a screen offers, each meaning once."""

    talk: Conversation
    pressed: dict[str, str] = field(default_factory=dict)

    async def press_everything(self) -> None:
        """Begin with the dial; `pressed` has each payload, and the screen that it led to."""
        # A place is chosen once the words of a complaint are typed.
        ways = [
            (TrackerState(contact_id="me").dump(), "", each)
            for each in ("/menu", way_to(node=COMPLAINT_PLACE))
        ]
        while ways:
            before, digit, payload = ways.pop()
            if payload not in self.pressed:
                self.pressed[payload] = ""
                ways += await self._press(TrackerState.load(before, version=1), digit, payload)

    async def _press(self, state: TrackerState, digit: str, payload: str) -> list[tuple[bytes, str, str]]:
        message = InboundMessage(
            channel="ussd",
            external_id=payload,
            urn=self.talk.urn,
            text=digit,
            payload="" if digit else payload,
            received_at=self.talk.pinned.clock.now(),
        )
        parsed = await self.talk.interpreter.parse(digit, ParseContext())
        turn = await self.talk.engine.respond(state, message, dict(parsed))
        rendered = self.talk.renderer.render(turn.responses, turn.state.language, CAPABILITIES["ussd"])
        self.pressed[payload] = "\n".join(draft.text for draft in rendered.drafts)
        turn.state.choices = [{"title": each.label, "payload": each.payload} for each in rendered.choices]
        after = turn.state.dump()
        return [(after, str(number), each.payload) for number, each in enumerate(rendered.choices, 1)]


@pytest.fixture(scope="module", params=["lao", "fictional"])
async def dialled(worlds: Mapping[str, World], request: pytest.FixtureRequest) -> tuple[World, Dialler]:
    """A country, and all that can be pressed there."""
    world = worlds[request.param]
    dialler = Dialler(talk=world.begin({"channel": "ussd"}))
    await dialler.press_everything()
    return world, dialler


def test_digits_reach_every_wish(dialled: tuple[World, Dialler]) -> None:
    world, dialler = dialled
    taught = {example.intent for example in examples_of(world.country.pack).examples}
    wanted = (taught & RULES.by_intent.keys() | {"danger"}) - SMALL_WORDS
    _none(wanted - {_wish(payload) for payload in dialler.pressed})


def test_digits_reach_every_question_about_every_service(dialled: tuple[World, Dialler]) -> None:
    world, dialler = dialled
    reached = {
        (_wish(payload), service) for payload in dialler.pressed for service in SERVICE.findall(payload)
    }
    wanted = {(wish, service) for service in world.ports.catalogue.services for wish in ABOUT_A_SERVICE}
    _none(f"{wish} of {service}" for wish, service in wanted - reached)


def test_digits_reach_every_category_and_every_place_of_a_complaint(dialled: tuple[World, Dialler]) -> None:
    world, dialler = dialled
    categories = {f'/complaint{{"complaint_category": "{each.id}"}}' for each in world.ports.categories}
    places = {f'/inform{{"complaint_place": "{code}"}}' for code in world.ports.places.by_code}
    _none((categories | places) - dialler.pressed.keys())


def test_every_press_is_answered(dialled: tuple[World, Dialler]) -> None:
    _none(payload for payload, screen in dialled[1].pressed.items() if not screen)
    _none(payload for payload, screen in dialled[1].pressed.items() if "{" in screen)


@pytest.mark.parametrize(
    ("entities", "keys"),
    [
        pytest.param({"node": "no-such-node"}, "Services", id="a node that is no more"),
        pytest.param(
            {"node": "service", "service": "no-such-service"}, "Services", id="a service that is no more"
        ),
        pytest.param(
            {"node": "near_district", "province": "LA0103"}, "Services", id="a district for a province"
        ),
        pytest.param({"node": "life_event", "life_event": "home"}, "Land title", id="a node with its value"),
    ],
)
async def test_what_no_menu_leads_to_is_the_first_menu(entities: dict[str, str], keys: str) -> None:
    (menu,) = (await act(ports(), "action_menu", intent="menu", entities=entities)).said
    assert keys in [button["title"] for button in menu.buttons]


async def test_where_parts_are_paid_a_long_menu_comes_in_portions() -> None:
    world, titles, entities = ports(), list[str](), {"node": "near"}
    for _ in range(len(world.places.provinces())):
        (menu,) = (await act(world, "action_menu", entities=entities, slots={"language": "lo"})).said
        *shown, last = menu.buttons
        titles += [button["title"] for button in shown]
        if "from" not in last["payload"]:
            titles.append(last["title"])
            break
        entities = {**entities, "from": str(len(titles))}
    assert titles == [world.places.name(each.code, "lo") for each in world.places.provinces()]


def test_every_value_of_a_list_has_a_name(dialled: tuple[World, Dialler]) -> None:
    assert set(LISTS.values()) >= {"service", "province", "district", "category", "journey", "life_event"}
    _none(payload for payload in dialled[1].pressed if '""' in payload)


def _wish(payload: str) -> str:
    return payload.partition("{")[0].removeprefix("/")


def _none(missing: Iterable[str]) -> None:
    listed = sorted(missing)
    assert not listed, f"not to be reached: {', '.join(listed)}"
