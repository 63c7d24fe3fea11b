"""What is heard of a wish to be reminded, and what is said of a reminder that is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.nlu.dates import Dates
from bot.nlu.features import Reading
from bot.nlu.understanding import lexicon_of
from services.reminders import AskReminder, CloseReminder, Reminder, ReminderKind
from tests.dialogs.actions.kit import Answer, act, ports
from tests.dialogs.actions.reminding import RemindersInMemory
from tests.pinned import START

WORLD = ports()
LEXICON = lexicon_of(WORLD.pack)
DATES = Dates(LEXICON)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("remind me to pay the road tax in September", "pay the road tax"),
        ("Please remind me on Friday about the photos.", "the photos"),
        ("in 3 days remind me to call the office, please", "call the office"),
        ("set a reminder for 15/9: bring the book", "bring the book"),
        ("remind me before the 15th to hand in the form", "hand in the form"),
        ("ເຕືອນຂ້ອຍຈ່າຍຄ່າທາງໃນເດືອນກັນຍາແດ່", "ຈ່າຍຄ່າທາງ"),
        ("ມື້ອື່ນຊ່ວຍເຕືອນຂ້ອຍໄປເອົາບັດແດ່ເດີ້", "ໄປເອົາບັດ"),
        ("ອີກ 3 ມື້ ເຕືອນຂ້ອຍໃຫ້ຍື່ນຄຳຮ້ອງ", "ຍື່ນຄຳຮ້ອງ"),
        ("teuan khoy pai hongkan meu eun dae", "pai hongkan"),
        ("kaluna teuan khoy hai chai kha thang van thi 15 kanya", "chai kha thang"),
    ],
)
async def test_of_what_is_the_rest_of_the_message(text: str, about: str) -> None:
    answer = await _asked(text)
    assert about in (answer.slots.get("reminder_about"), *(each.about for each in answer.effects))


@pytest.mark.parametrize("text", ["remind me", "Remind me tomorrow, please.", "ເຕືອນຂ້ອຍແດ່", "teuan khoy dae"])
async def test_the_bare_wish_says_nothing_of_what(text: str) -> None:
    answer = await _asked(text)
    assert answer.slots["requested_slot"] == "reminder_about"
    assert answer.effects == ()


async def test_a_long_story_is_cut_to_what_a_reminder_holds() -> None:
    answer = await _asked("remind me tomorrow to " + "carry all the papers of the whole family " * 5)
    (effect,) = answer.effects
    assert len(effect.about) <= 40
    assert effect.about.endswith("...")


async def test_a_reminder_goes_out_in_the_morning_of_its_day() -> None:
    (effect,) = (await _asked("remind me tomorrow to pay")).effects
    assert effect == AskReminder(
        kind=ReminderKind.DAY, about="pay", due_at=(START + timedelta(hours=22)).replace(minute=0)
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ["utter_reminder_due"]),
        ({"due_at": START + timedelta(hours=1)}, []),
        ({"contact_id": "somebody else"}, []),
        ({"kind": ReminderKind.SERVICE_BACK, "service": "passport"}, ["utter_service_is_back"]),
        ({"kind": ReminderKind.SERVICE_BACK, "service": "no longer offered"}, []),
        ({"service": "no longer offered"}, ["utter_reminder_due"]),
    ],
)
async def test_only_ones_own_reminder_that_is_due_is_said(change: dict[str, str], said: list[str]) -> None:
    reminder = Reminder(
        id="r1", contact_id="me", kind=ReminderKind.DAY, about="pay", service="", due_at=START, channel="sms", urn=None
    )  # fmt: skip
    world = replace(WORLD, reminders=RemindersInMemory([replace(reminder, **change)]))  # type: ignore[arg-type]  # the values fit their fields
    answer = await act(world, "action_reminder_due", entities={"reminder": "r1"}, intent="reminder_due")
    assert answer.keys == said
    theirs = "contact_id" in change or "due_at" in change
    assert answer.effects == (() if theirs else (CloseReminder(id="r1"),))


@pytest.mark.parametrize("action", ["action_reminder", "action_cancel_reminder"])
@pytest.mark.parametrize("which", ["last", "r7", "all"])
async def test_a_reminder_that_is_not_there_is_neither_changed_nor_cancelled(action: str, which: str) -> None:
    answer = await act(WORLD, action, entities={"reminder": which}, intent="subscribe")
    assert (answer.keys, answer.effects) == (["utter_no_reminders"], ())


async def _asked(text: str) -> Answer:
    entities, spans = {}, {}
    for found in DATES.find(Reading(text, LEXICON.sounds)):
        entities["date"] = str(found["value"])
        spans["date"] = found["start"], found["end"]
    return await act(WORLD, "action_reminder", text, intent="subscribe", entities=entities, spans=spans)
