"""Filing: nothing that was said is asked again, and what is filed is what was shown."""

from __future__ import annotations

import pytest

from complaints.cases import CaseKind
from complaints.filing import FileCase
from complaints.references import Reference, check
from tests.dialogs.actions.kit import act, ports

WORLD = ports()
STORY = "At the passport office in Kaysone district an officer made me wait for three months"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("I want to complain", False),
        ("complaint!", False),
        ("ຂ້ອຍຢາກຮ້ອງທຸກ", False),
        ("khoy yak hong thuk", False),
        ("complain about passport", False),
        (STORY, True),
        ("ຢາກຮ້ອງທຸກ ເຈົ້າໜ້າທີ່ເກັບເງິນເກີນ", True),
        ("yak hong thuk chao na thi kep ngeun keun", True),
    ],
)
async def test_the_first_message_counts_when_it_says_something(text: str, taken: bool) -> None:
    answer = await act(WORLD, "action_complaint_start", text, intent="complaint")
    assert answer.slots["complaint_text"] == (text if taken else None)


async def test_a_place_in_the_first_message_is_taken() -> None:
    answer = await act(WORLD, "action_complaint_start", STORY, intent="complaint")
    assert WORLD.places.name(answer.slots["complaint_place"], "en") == "Kaisone Phomvihane"


@pytest.mark.parametrize(
    ("text", "remembered", "place"),
    [
        ("nobody answers me for weeks", "LA1601", "LA1601"),
        ("nobody in Kaysone district answers me", "LA1601", "LA1301"),
        ("ຢູ່ ໂພນທອງ ເຈົ້າໜ້າທີ່ບໍ່ສຸພາບ", "LA1601", None),
        ("nobody answers me for weeks", "nowhere", None),
    ],
)
async def test_a_place_that_was_said_before_is_not_asked_again(
    text: str, remembered: str, place: str | None
) -> None:
    slots = {"place": remembered}
    answer = await act(WORLD, "action_complaint_start", text, intent="complaint", slots=slots)
    assert answer.slots["complaint_place"] == place


@pytest.mark.parametrize(("letters", "added"), [(10_000, True), (20_000, False)])
async def test_a_story_does_not_grow_for_ever(letters: int, added: bool) -> None:
    story = STORY.ljust(letters, ".")
    answer = await act(
        WORLD,
        "validate_complaint_form",
        f"and then {STORY}",
        form="complaint_form",
        slots={"complaint_text": story, "complaint_place": "LA1601", "requested_slot": "complaint_confirm"},
        filled={"complaint_confirm": f"and then {STORY}"},
    )
    assert answer.keys == (["utter_complaint_added"] if added else [])
    assert len(answer.slots["complaint_text"]) > letters if added else answer.slots["complaint_text"] == story
    assert answer.slots["complaint_confirm"] is None


async def test_a_shared_name_is_asked_about() -> None:
    start = await act(WORLD, "action_complaint_start", "ຢູ່ ໂພນທອງ ເຈົ້າໜ້າທີ່ບໍ່ສຸພາບ", intent="complaint")
    assert start.slots["complaint_place"] is None
    asked = await act(
        WORLD,
        "action_ask_complaint_form_complaint_place",
        "x",
        slots={"complaint_text": start.slots["complaint_text"]},
    )
    assert asked.keys == ["utter_ask_which_place"]
    assert len(asked.said[0].buttons) == 2


@pytest.mark.parametrize(
    ("intent", "entities", "kind"),
    [("complaint", {}, "complaint"), ("feedback", {}, "suggestion"), ("complaint", {"case_kind": "enquiry"}, "enquiry"),
     ("complaint", {"case_kind": "nonsense"}, "complaint")],
)  # fmt: skip
async def test_the_kind_of_case(intent: str, entities: dict[str, str], kind: str) -> None:
    answer = await act(WORLD, "action_complaint_start", "x", intent=intent, entities=entities)
    assert answer.slots["case_kind"] == kind


async def test_what_was_said_in_danger_is_not_asked_again() -> None:
    answer = await act(
        WORLD,
        "action_complaint_start",
        "1",
        intent="complaint",
        slots={"goal": "danger", "complaint_draft": "my house is on fire in Pakse"},
    )
    assert answer.slots["complaint_text"] == "my house is on fire in Pakse"


async def test_an_old_draft_is_not_filed() -> None:
    answer = await act(
        WORLD,
        "action_complaint_start",
        "complain",
        intent="complaint",
        slots={"goal": "fee", "complaint_draft": "old"},
    )
    assert answer.slots["complaint_text"] is None


@pytest.mark.parametrize(
    ("slot", "value", "slots", "outcome"),
    [
        ("complaint_text", "ok", {}, {"complaint_text": None}),
        ("complaint_text", "ຖືກໂກງ", {}, {"complaint_text": "ຖືກໂກງ"}),
        ("complaint_text", "the chief of Pakse is rude", {}, {"complaint_place": "LA1601"}),
        ("complaint_place", "skip", {}, {"complaint_place": "-"}),
        ("complaint_place", "ບໍ່ຮູ້", {}, {"complaint_place": "-"}),
        ("complaint_place", "-", {}, {"complaint_place": "-"}),
        ("complaint_place", "LA0103", {}, {"complaint_place": "LA0103"}),
        ("complaint_place", "ບ້ານ ນາໄຮ່ນ້ອຍ", {}, {"complaint_place": "ບ້ານ ນາໄຮ່ນ້ອຍ"}),
        ("complaint_place", "ໂພນທອງ", {}, {"complaint_place": None}),
        ("complaint_confirm", "send", {}, {"complaint_confirm": "send", "complaint_change": "nothing"}),
        ("complaint_confirm", "change", {}, {"complaint_confirm": "change"}),
        ("complaint_confirm", "perhaps", {}, {"complaint_confirm": None}),
        (
            "complaint_change",
            "text",
            {},
            {"complaint_text": None, "complaint_confirm": None, "complaint_change": None},
        ),
        ("complaint_change", "place", {}, {"complaint_place": None, "complaint_confirm": None}),
        ("complaint_change", "nothing", {}, {"complaint_confirm": None, "complaint_change": None}),
    ],
)
async def test_each_answer_of_the_form(
    slot: str, value: str, slots: dict[str, str], outcome: dict[str, str | None]
) -> None:
    answer = await act(
        WORLD, "validate_complaint_form", value, slots=slots, form="complaint_form", filled={slot: value}
    )
    assert {name: answer.slots.get(name) for name in outcome} == outcome


async def test_who_is_accused_does_not_decide() -> None:
    answer = await act(
        WORLD,
        "action_ask_complaint_form_complaint_confirm",
        slots={"complaint_text": "he wanted a bribe", "complaint_place": "-"},
    )
    assert answer.keys == ["utter_another_office_decides", "utter_ask_complaint_form_complaint_confirm"]


async def test_the_official_fee_is_told_before_a_complaint_about_a_fee_is_filed() -> None:
    answer = await act(
        WORLD,
        "action_ask_complaint_form_complaint_confirm",
        slots={
            "complaint_text": "they overcharged me",
            "complaint_place": "-",
            "complaint_service": "passport",
        },
    )
    assert answer.keys[0] == "utter_known_fee_reported"
    assert "60" in answer.said[0].values["costs"]


async def test_the_case_is_filed_with_what_its_receipt_says() -> None:
    answer = await act(
        WORLD,
        "action_file_complaint",
        "1",
        slots={
            "complaint_text": STORY,
            "complaint_place": "LA1301",
            "case_kind": "complaint",
            "complaint_service": "passport",
            "service": "id-card",
        },
    )
    (case,) = answer.effects
    assert isinstance(case, FileCase)
    assert isinstance(check(case.reference), Reference)
    assert (case.kind, case.category, case.place, case.description) == (
        CaseKind.COMPLAINT,
        "delay",
        "LA1301",
        STORY,
    )
    assert case.promised_at > case.filed_at
    receipt = answer.said[0]
    assert receipt.key == "utter_receipt"
    assert str(receipt.values["reference"]).replace(" ", "") == case.reference
    assert receipt.values["pin"] == case.pin
    assert answer.slots["reference"] == case.reference
    assert answer.slots["complaint_text"] is None


async def test_a_bribe_goes_to_the_desk_for_integrity() -> None:
    slots = {
        "complaint_text": "the officer wanted a bribe",
        "complaint_place": "LA1301",
        "service": "id-card",
    }
    answer = await act(WORLD, "action_file_complaint", slots=slots)
    assert answer.effects[0].desk == "integrity-desk"


async def test_a_village_that_is_on_no_list_stays_with_the_words() -> None:
    slots = {"complaint_text": "the road is broken", "complaint_place": "ban Nahainoy"}
    answer = await act(WORLD, "action_file_complaint", slots=slots)
    assert (answer.effects[0].place, answer.effects[0].description) == (
        "",
        "the road is broken\nban Nahainoy",
    )


async def test_a_service_that_is_in_no_catalogue_is_not_filed() -> None:
    slots = {"complaint_text": "they overcharged me", "complaint_place": "-", "service": "x" * 100}
    answer = await act(WORLD, "action_file_complaint", "1", slots=slots)
    [case] = answer.effects
    assert isinstance(case, FileCase)
    assert case.service == ""


@pytest.mark.parametrize(
    ("text", "kind", "office", "desk"),
    [
        ("the National one-door desk does not answer", "complaint", "national-desk", "review-desk"),
        ("ໂຕະປະຕູດຽວແຫ່ງຊາດ ບໍ່ຕອບຂ້ອຍ", "complaint", "national-desk", "review-desk"),
        ("someone at the Inspection desk wanted a bribe", "complaint", "integrity-desk", "review-desk"),
        ("a bribe at the Ministry of Finance", "complaint", "finance", "integrity-desk"),
        ("the Ministry of Finance sent no answer", "complaint", "finance", "national-desk"),
        ("please let the National one-door desk open on Saturday", "suggestion", "", "national-desk"),
        ("nobody answers me", "complaint", "", "national-desk"),
    ],
)
async def test_the_office_complained_about_does_not_own_the_case(
    text: str, kind: str, office: str, desk: str
) -> None:
    slots = {"complaint_text": text, "complaint_place": "-", "case_kind": kind}
    [case] = (await act(WORLD, "action_file_complaint", slots=slots)).effects
    assert (case.office, case.desk) == (office, desk)
    asked = await act(WORLD, "action_ask_complaint_form_complaint_confirm", slots=slots)
    assert ("utter_another_office_decides" in asked.keys) is bool(office)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("my mother was sent away from the counter three times", "on_behalf"),
        ("I write on behalf of a woman of our village, nobody answers her", "on_behalf"),
        ("ແມ່ຂ້ອຍລໍຖ້າດົນຫຼາຍ ບໍ່ມີໃຜຕອບ", "on_behalf"),
        ("mae khoy lo tha don lai bo mi phai top", "on_behalf"),
        ("my neighbour makes noise every night", ""),
    ],
)
async def test_a_case_for_somebody_else_is_noted_as_that(text: str, source: str) -> None:
    slots = {"complaint_text": text, "complaint_place": "-"}
    [case] = (await act(WORLD, "action_file_complaint", slots=slots)).effects
    assert case.source == source
