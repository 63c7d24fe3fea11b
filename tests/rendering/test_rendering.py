"""Words become messages that a channel can carry, as cheap as they faithfully can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.dispatcher import Response
from bot.messages import Capabilities
from bot.pack import Button, Pack, Text
from bot.rendering import Renderer
from bot.text.choices import match
from bot.text.parts import count
from bot.yaml_read import read_yaml

CASES = read_yaml(Path(__file__).parent / "rendering.yml")
SMS = Capabilities(max_units=1600, sms=True)
BUTTONS = Capabilities(max_units=4000, buttons=3, button_units=10)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.load(Path(__file__).parents[2] / "nlu_data")


def saying(pack: Pack, says: list[dict[str, Any]]) -> tuple[Renderer, list[Response]]:
    """A renderer over texts of these lengths, and responses that say them."""
    texts = {f"utter_{number}": text(each) for number, each in enumerate(says)}
    budgets = {f"utter_{number}": each["budget"] for number, each in enumerate(says) if "budget" in each}
    own = replace(pack, texts=dict.fromkeys(pack.languages, texts))
    return Renderer(own, budgets), [Response(key=key) for key in texts]


def text(about: dict[str, Any]) -> Text:
    letter, length = about["long"]
    short_letter, short_length = about.get("short", ("", 0))
    buttons = tuple(Button(title=each, payload=f"/{each.lower()}") for each in about.get("buttons", ()))
    return Text(text=letter * length, short=short_letter * short_length, buttons=buttons)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_an_sms_is_one_message_within_its_budget(pack: Pack, case: dict[str, Any]) -> None:
    renderer, responses = saying(pack, case["says"])
    rendered = renderer.render(responses, "en", SMS)
    (draft,) = rendered.drafts
    wanted = case["sms"]
    assert draft.text.startswith(wanted.get("begins", ""))
    assert wanted.get("contains", "") in draft.text
    assert wanted.get("lacks", "\0") not in draft.text
    assert count(draft.text) == wanted["parts"]
    assert [each.label for each in rendered.choices] == case.get("choices", [])


def test_a_screen_has_words_of_its_own(pack: Pack) -> None:
    said = {"utter_a": Text(text="write to us here", short="write", screen="dial again")}
    texts = {language: {**known, **said} for language, known in pack.texts.items()}
    renderer = Renderer(replace(pack, texts=texts), {})
    screen = Capabilities(max_units=80, max_septets=182, session=True)
    for can, words in ((screen, "dial again"), (SMS, "write to us here"), (BUTTONS, "write to us here")):
        assert [each.text for each in renderer.render([Response(key="utter_a")], "en", can).drafts] == [words]


def test_nothing_to_say_is_no_message(pack: Pack) -> None:
    assert Renderer(pack, {}).render([], "lo", SMS).drafts == ()


def test_buttons_where_the_channel_shows_them(pack: Pack) -> None:
    renderer, responses = saying(pack, [{"long": ["a", 5], "buttons": ["Yes", "No"]}, {"long": ["b", 5]}])
    first, second = renderer.render(responses, "en", BUTTONS).drafts
    assert (first.text, [each.label for each in first.choices]) == ("aaaaa", ["Yes", "No"])
    assert (second.text, second.choices) == ("bbbbb", ())


def test_numbers_where_there_are_too_many_for_buttons(pack: Pack) -> None:
    renderer, responses = saying(pack, [{"long": ["a", 5], "buttons": ["A", "B", "C", "D"]}])
    (draft,) = renderer.render(responses, "en", BUTTONS).drafts
    assert (draft.text, draft.choices) == ("aaaaa\n1 A\n2 B\n3 C\n4 D", ())


def test_numbers_and_beginnings_where_buttons_are_too_small(pack: Pack) -> None:
    renderer, responses = saying(pack, [{"long": ["a", 5], "buttons": ["Yes", "much too long a title"]}])
    rendered = renderer.render(responses, "en", BUTTONS)
    (draft,) = rendered.drafts
    assert draft.text == "aaaaa\n1 Yes\n2 much too long a title"
    assert [each.label for each in draft.choices] == ["1 Yes", "2 much…"]
    assert [each.payload for each in draft.choices] == [each.payload for each in rendered.choices]
    titles = [each.label for each in rendered.choices]
    assert [match(each.label, titles) for each in draft.choices] == [0, 1]


def test_a_text_beyond_the_channels_limit_becomes_several_messages(pack: Pack) -> None:
    renderer, responses = saying(pack, [{"long": ["ab ", 50], "buttons": ["Yes"]}])
    drafts = renderer.render(responses, "en", replace(BUTTONS, max_units=60)).drafts
    assert all(len(draft.text) <= 60 for draft in drafts)
    assert "".join(draft.text for draft in drafts).replace(" ", "") == "ab" * 50
    assert [bool(draft.choices) for draft in drafts] == [False] * (len(drafts) - 1) + [True]


WISHED = {"title": "Rate", "payload": "/rate", "optional": "yes"}


@pytest.mark.parametrize(
    ("length", "capabilities", "shown"),
    [
        (100, SMS, True),  # room is left in the part
        (155, SMS, False),  # it would cost a second part
        (100, BUTTONS, True),
        (100, replace(BUTTONS, buttons=1), False),  # it would make numbers of a button
        (100, replace(BUTTONS, buttons=0, max_units=120), True),
        (100, replace(BUTTONS, buttons=0, max_units=107), False),  # it would take a second screen
    ],
)
def test_a_choice_beside_the_others_is_shown_where_it_costs_nothing(
    pack: Pack, length: int, capabilities: Capabilities, shown: bool
) -> None:
    renderer, _ = saying(pack, [{"long": ["x", length], "buttons": ["Go"]}])
    rendered = renderer.render([Response(key="utter_0", buttons=(WISHED,))], "en", capabilities)
    assert [each.label for each in rendered.choices] == (["Go", "Rate"] if shown else ["Go"])
    assert "Rate" in str(rendered.drafts) or not shown


def test_a_choice_beside_the_others_never_shortens_the_words(pack: Pack) -> None:
    renderer, _ = saying(pack, [{"long": ["x", 300], "short": ["y", 20]}])
    [draft] = renderer.render([Response(key="utter_0", buttons=(WISHED,))], "en", SMS).drafts
    assert draft.text == "x" * 300


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ([{"long": ["x", 200]}, {"long": ["y", 50], "budget": 0}], True),
        ([{"long": ["x", 300]}, {"long": ["y", 50], "budget": 0}], False),
        # Shortened, there is room for it.
        ([{"long": ["x", 300], "short": ["z", 100]}, {"long": ["y", 50], "budget": 0}], True),
        # Alone it is the answer.
        ([{"long": ["y", 50], "budget": 0}], True),
    ],
)
def test_what_is_said_beside_an_answer_is_said_where_there_is_room(
    pack: Pack, says: list[dict[str, Any]], said: bool
) -> None:
    renderer, responses = saying(pack, says)
    [draft] = renderer.render(responses, "en", SMS).drafts
    assert ("y" in draft.text) == said
    assert draft.parts == count(draft.text) == renderer.parts(responses, "en") <= 2
    shown = renderer.render(responses, "en", BUTTONS)
    assert "y" in "".join(each.text for each in shown.drafts)
