"""Every text that can be said exists in every language, fits its channel's price, and says the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.dispatcher import Response
from bot.pack import Pack, Text, fill, placeholders
from bot.rules import Rules
from bot.text.choices import numbered
from bot.text.gsm import is_gsm
from bot.text.parts import count
from bot.yaml_read import read_yaml
from tests.dialogs.actions.kit import DIALOGS, PACK, CasesInMemory, act, case, confirmed, ports

PAYING = Pack.load(PACK)
BUDGETS = read_yaml(DIALOGS / "budgets.yml")
# Names that rasa-sdk's utter_message takes for itself: a value called so would never arrive.
RESERVED = {"text", "image", "json_message", "template", "response", "attachment", "buttons", "elements"}
ANSWERED = ("fee", "duration", "requirements", "where_hours", "contact", "checklist", "someone_else")
LANGUAGES = ("lo", "lo-Latn", "en")
WORLD = ports()


def _keys_said() -> set[str]:
    root = DIALOGS.parent
    files = [*DIALOGS.glob("*.py"), *(root / "bot").glob("*.py"), *(DIALOGS / "rules").glob("*.yml")]
    said: set[str] = set()
    for path in files:
        said |= set(re.findall(r"[\"' ](utter_[a-z_]+[a-z])[\"'\n]", Path(path).read_text(encoding="utf-8")))
    forms = Rules.load(DIALOGS / "rules").forms.values()
    asked = {f"{form.name}_{slot}" for form in forms for slot in form.required_slots}
    goals = {
        f"utter_{goal}{state}"
        for goal in ("fee", "duration", "requirements")
        for state in ("", "_reported", "_unknown")
    }
    return (said | goals | {f"utter_ask_{each}" for each in asked}) - {"utter_message"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_is_said_has_a_text(language: str) -> None:
    missing = _keys_said() - set(PAYING.texts[language])
    assert not missing


def test_every_text_is_said_somewhere() -> None:
    made = {"utter_ask_erasure_form_erasure_confirm_open", "utter_screen_more", "utter_screen_back"}
    said = _keys_said() | made  # made of a form's question, and of what is on the screen
    services = (DIALOGS.parent / "services").glob("*.py")
    answers = {key for path in services for key in re.findall(r"utter_[a-z_]+", path.read_text("utf-8"))}
    assert set(PAYING.texts["en"]) <= said | answers


@pytest.mark.parametrize("language", ["lo", "lo-Latn"])
def test_placeholders_and_answers_agree_with_english(language: str) -> None:
    for key, english in PAYING.texts["en"].items():
        other = PAYING.texts[language][key]
        assert placeholders(other.text) == placeholders(english.text), key
        assert not placeholders(english.text) & RESERVED, key
        assert [each.payload for each in other.buttons] == [each.payload for each in english.buttons], key
    for key, label in PAYING.labels["en"].items():
        assert placeholders(PAYING.labels[language][key].text) == placeholders(label.text), key


@pytest.mark.parametrize("language", ["lo-Latn", "en"])
def test_latin_texts_stay_within_the_cheap_alphabet(language: str) -> None:
    # Labels of the chat page never go by SMS.
    labels = {key: text for key, text in PAYING.labels[language].items() if not key.startswith("chat_")}
    for key, text in {**PAYING.texts[language], **labels}.items():
        assert is_gsm(_whole(text.text, text)), key
        assert is_gsm(_whole(text.short, text)), key
        assert is_gsm(text.screen), key


def test_no_text_that_a_lao_speaker_must_check_claims_to_be_checked() -> None:
    for language in ("lo", "lo-Latn"):
        assert not [key for key, text in PAYING.texts[language].items() if text.reviewed]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_without_values_fit_two_parts(language: str) -> None:
    for key, text in PAYING.texts[language].items():
        if not placeholders(text.text):
            assert count(_whole(text.short or text.text, text)) <= 2, key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", sorted(WORLD.catalogue.services))
async def test_answers_about_services_fit_their_budget(language: str, service: str) -> None:
    worlds = WORLD, confirmed(WORLD, service)
    for goal in ANSWERED:
        for world in worlds:
            answer = await act(
                world, f"action_{goal}", entities={"service": service}, slots={"language": language}
            )
            for response in answer.said:
                _assert_fits(response, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_with_a_fee_offers_to_report_who_asks_for_more(language: str) -> None:
    texts = PAYING.texts[language]
    with_a_fee = [key for key in texts if key.startswith("utter_fee") or key == "utter_checklist"]
    assert len(with_a_fee) >= 4
    for key in with_a_fee:
        assert [button.payload for button in texts[key].buttons][:1] == ["/complaint"], key


@pytest.mark.parametrize("language", LANGUAGES)
async def test_filing_fits_two_parts_a_step(language: str) -> None:
    words = {"lo": "ເຈົ້າໜ້າທີ່ຫ້ອງການເມືອງໃຫ້ລໍຖ້າດົນຫຼາຍເດືອນແລ້ວ ", "en": "the officer made us wait for weeks "}
    slots: dict[str, Any] = {
        "language": language,
        "complaint_text": words.get(language, words["en"]) * 9,
        "complaint_place": "LA1301",
        "reference": "10000004",
    }
    world = ports(cases=CasesInMemory({"10000004": case("10000004", "me")}))
    for name in (
        "action_ask_complaint_form_complaint_place",
        "action_ask_complaint_form_complaint_confirm",
        "action_file_complaint",
        "action_complaint_status",
        "action_danger",
        "action_talk_to_human",
        "action_ask_complaint_status_form_pin",
    ):
        for response in (await act(world, name, slots=slots)).said:
            _assert_fits(response, language)


def _assert_fits(response: Response, language: str) -> None:
    text = PAYING.text(language, response.key)
    words = _whole(fill(text.short or text.text, response.values), text)
    assert count(words) <= (BUDGETS.get(response.key) or 2), (
        f"{count(words)} parts, {len(words)} letters: {words}"
    )
    assert language == "lo" or is_gsm(words), words


def _whole(words: str, text: Text) -> str:
    """A text with its numbered answers, as a phone shows it."""
    offered = numbered([button.title for button in text.buttons])
    return f"{words}\n{offered}" if offered else words
