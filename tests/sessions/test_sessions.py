"""What a phone shows, screen by screen: menus, pages, what was typed ahead, what is asked twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from bot.contacts import People, Person
from bot.messages import SessionEvent
from bot.pipeline import Handled, Outcome, Pipeline
from bot.schema import inbox, trackers, urns
from bot.screens import Frame, screens
from bot.text.gsm import is_gsm, septets
from tests.sessions.conftest import NUMBER, Phone, shown

ROOT = "Door\n1 Things\n2 Report\n3 Long"
THINGS = "Things\n1 Boat\n2 Cart\n0 back"
NEW, CONTINUE, END = SessionEvent.NEW, SessionEvent.CONTINUE, SessionEvent.END


async def test_a_dial_shows_the_menu_and_digits_lead_on_and_back(phone: Phone) -> None:
    assert await phone.dial() == ROOT
    assert await phone.type("1") == THINGS
    assert await phone.type("໒") == "It costs 10.\n0 back"
    assert await phone.type("0") == THINGS
    assert await phone.type("0") == ROOT
    assert await phone.type("Things") == THINGS
    assert await phone.type("2", "00") == ROOT


async def test_a_number_that_is_not_offered_shows_what_is(phone: Phone) -> None:
    await phone.dial()
    assert await phone.type("7") == "1 to 3:\n1 Things\n2 Report\n3 Long"


async def test_pages_are_leafed_through_forth_and_back(phone: Phone) -> None:
    words = [f"word{number}" for number in range(60)]
    phone.long.story = " ".join(words)
    await phone.dial()
    pages = [await phone.type("3")]
    while "99 more" in pages[-1]:
        pages.append(await phone.type("99"))
    read = " ".join(page.replace("99 more", "").replace("0 back", "") for page in pages)
    assert read.split() == words
    assert len(pages) > 2
    for page in reversed(pages[:-1]):
        assert await phone.type("0") == page
    assert await phone.type("0") == ROOT


async def test_more_where_there_is_none_is_the_same_screen_and_no_answer(phone: Phone) -> None:
    assert await phone.dial("2*99") == "What happened?\n0 back"
    assert await phone.type("99") == "What happened?\n0 back"
    assert await phone.type("my story", "99") == "Where?\n0 back"
    assert await phone.type("Pakse") == "Filed: 5724.\n[end]"
    assert await phone.filed() == ["my story"]


async def test_who_gives_up_can_read_what_to_do_next(phone: Phone) -> None:
    await phone.dial("2*my story")
    phone.reader.wish = "cancel"
    assert await phone.type("leave it") == f"Cancelled.\n{ROOT}"
    assert await phone.type("leave it") == f"Nothing.\n{ROOT}"
    phone.reader.wish = ""
    assert await phone.type("1") == THINGS
    assert await phone.type("0") == ROOT


async def test_what_is_typed_ahead_is_one_trip(phone: Phone) -> None:
    assert await phone.dial("1*2") == "It costs 10.\n0 back"
    assert await phone.type("0") == THINGS


async def test_what_is_typed_behind_a_wrong_answer_is_not_taken_for_another(phone: Phone) -> None:
    assert await phone.dial("9*2*my story") == "1 to 3:\n1 Things\n2 Report\n3 Long"
    assert await phone.filed() == []


async def test_a_complaint_in_digits_and_words_ends_the_session_and_goes_by_sms_too(phone: Phone) -> None:
    await phone.dial()
    assert await phone.type("2") == "What happened?\n0 back"
    assert await phone.type("they asked for 5*000") == "Where?\n0 back"
    assert await phone.type("Pakse") == "Filed: 5724.\n[end]"
    assert await phone.filed() == ["they asked for 5*000"]
    assert [each.text for each in await phone.sent()] == ["Filed: 5724."]


async def test_back_in_a_form_leads_to_the_menu_and_gives_nothing_up(phone: Phone) -> None:
    await phone.dial("2*my story")
    assert await phone.type("0") == f"{ROOT}\n0 back"
    assert await phone.type("1") == THINGS
    assert await phone.type("0") == f"{ROOT}\n0 back"
    assert await phone.type("0") == "Where?\n0 back"
    assert await phone.dial() == "Go on?\n1 Yes\n2 Start again"
    assert await phone.type("1") == "Where?\n0 back"


async def test_words_typed_in_the_menu_over_a_form_are_no_answer_to_the_form(phone: Phone) -> None:
    await phone.dial("2*my story")
    await phone.type("00")
    phone.reader.wish = "fee"
    assert await phone.type("what is the fee") == "It costs 10.\nWhere?\n0 back"
    phone.reader.wish = ""
    await phone.type("00")
    await phone.type("blah")
    assert await phone.filed() == []
    assert await phone.type("Pakse") == "Filed: 5724.\n[end]"


async def test_a_number_counts_once_it_has_been_on_the_screen(phone: Phone) -> None:
    phone.long.offers = [{"title": "Yes", "payload": "/affirm"}, {"title": "Fee", "payload": "/fee"}]
    await phone.dial()
    assert "1 Yes" not in await phone.type("3")
    assert "1 Yes" in await phone.type("1")
    assert "1 Yes" not in await phone.type("1")
    assert "1 Yes" not in await phone.type("00", "3")
    assert await phone.type("2") == "It costs 10.\n0 back", "a question needs no reading"


async def test_the_same_request_again_gives_the_same_screen_and_one_effect(phone: Phone) -> None:
    await phone.dial("2*my story")
    last = phone.hop(CONTINUE, "Pakse")
    first = await phone.ask(last)
    again = await phone.ask(last, after=0.5)
    assert shown(first) == shown(again) == "Filed: 5724.\n[end]"
    assert again.kind is Handled.DUPLICATE
    assert await phone.filed() == ["my story"]
    assert len(await phone.sent()) == 1


async def test_the_same_answer_to_the_next_screen_is_a_new_one(phone: Phone) -> None:
    await phone.dial()
    assert await phone.type("2", "2", "2") == "Filed: 5724.\n[end]"


async def test_a_gateway_that_counts_its_requests_is_believed(phone: Phone) -> None:
    await phone.ask(phone.hop(NEW, "", session_id="session-a", external_id="1"))
    first = phone.hop(CONTINUE, "2", session_id="session-a", external_id="2")
    assert (
        shown(await phone.ask(first)) == shown(await phone.ask(first, after=60)) == "What happened?\n0 back"
    )
    at_once = phone.hop(CONTINUE, "2", session_id="session-a", external_id="3")
    assert shown(await phone.ask(at_once, after=0.1)) == "Where?\n0 back"


@pytest.mark.parametrize(
    ("whole", "screen"),
    [
        ("2*the story", "Where?\n0 back"),
        ("2", "What happened?\n0 back"),  # an older request, come late
        ("2*a*b", "Where?\n0 back"),
    ],
)
async def test_a_gateway_that_repeats_all_that_was_typed(phone: Phone, whole: str, screen: str) -> None:
    await phone.dial()
    await phone.ask(phone.hop(CONTINUE, "2", accumulated=True))
    assert shown(await phone.ask(phone.hop(CONTINUE, whole, accumulated=True))) == screen
    assert shown(await phone.ask(phone.hop(CONTINUE, whole, accumulated=True), after=90)) == screen


async def test_all_that_was_typed_in_a_session_nobody_remembers_is_typed_again(phone: Phone) -> None:
    assert shown(await phone.ask(phone.hop(CONTINUE, "1*2", accumulated=True))) == "It costs 10.\n0 back"


async def test_a_session_that_another_took_the_place_of_does_nothing_again(phone: Phone) -> None:
    await phone.ask(phone.hop(NEW, "", session_id="session-a"))
    await phone.ask(phone.hop(CONTINUE, "2", session_id="session-a", accumulated=True))
    await phone.ask(phone.hop(CONTINUE, "2*story", session_id="session-a", accumulated=True))
    await phone.ask(phone.hop(CONTINUE, "2*story*Pakse", session_id="session-a", accumulated=True))
    await phone.ask(phone.hop(NEW, "", session_id="session-b"))
    back = phone.hop(CONTINUE, "2*story*Pakse*0", session_id="session-a", accumulated=True)
    assert shown(await phone.ask(back)) == ROOT  # what the other one shows
    assert shown(await phone.ask(phone.hop(NEW, "2*story*Pakse", session_id="session-a"))) == ROOT
    assert await phone.filed() == ["story"]


async def test_the_last_of_what_was_typed_in_such_a_session_is_an_answer_to_nothing(phone: Phone) -> None:
    assert shown(await phone.ask(phone.hop(CONTINUE, "2"))) == ROOT


async def test_a_dropped_session_goes_on_when_it_is_dialled_again(phone: Phone) -> None:
    await phone.dial("2*my story")
    assert await phone.dial() == "Go on?\n1 Yes\n2 Start again"
    assert await phone.type("1") == "Where?\n0 back"
    assert await phone.type("Pakse") == "Filed: 5724.\n[end]"
    assert await phone.filed() == ["my story"]


async def test_what_was_typed_behind_the_code_answers_no_question_that_was_left_open(phone: Phone) -> None:
    await phone.dial("2*my story")
    assert await phone.dial("1*2") == "Go on?\n1 Yes\n2 Start again"
    assert await phone.filed() == []


async def test_back_from_an_answer_in_the_middle_of_a_form_is_to_its_question(phone: Phone) -> None:
    await phone.dial("2*my story")
    phone.reader.wish = "fee"
    assert await phone.type("how much is it") == "It costs 10.\nWhere?\n0 back"
    phone.reader.wish = ""
    assert await phone.type("0") == "Where?\n0 back"
    assert await phone.type("Pakse") == "Filed: 5724.\n[end]"


async def test_a_wrong_number_in_the_menu_over_a_form_is_no_answer_to_the_form(phone: Phone) -> None:
    await phone.dial("2*my story")
    await phone.type("00")
    for _ in range(2):
        assert (await phone.type("7")).startswith("1 to 3:")
    assert await phone.filed() == []


async def test_a_number_is_one_of_this_screen_whatever_was_said_elsewhere(phone: Phone) -> None:
    await phone.dial("1")
    message = replace(phone.hop(NEW, "hello"), channel="sms", session=None, external_id="m1")
    phone.reader.wish = "long"
    await phone.ask(message)
    phone.reader.wish = ""
    assert await phone.type("2") == "It costs 10.\n0 back"


async def test_a_dial_that_comes_again_is_taken_once_for_as_long_as_a_session_lasts(phone: Phone) -> None:
    dial = phone.hop(NEW, "2*my story*Pakse", session_id="session-a")
    first = shown(await phone.ask(dial))
    assert shown(await phone.ask(dial, after=300)) == first == "Filed: 5724.\n[end]"
    assert await phone.filed() == ["my story"]


async def test_a_gateway_that_names_no_session_but_the_phone_may_be_dialled_again(phone: Phone) -> None:
    dial = phone.hop(NEW, "", session_id="02055512345")
    typed = phone.hop(CONTINUE, "1", session_id="02055512345")
    for _ in range(2):
        assert shown(await phone.ask(dial)) == ROOT
        assert shown(await phone.ask(typed)) == THINGS


async def test_who_was_forgotten_is_not_remembered_by_a_repetition(phone: Phone) -> None:
    await phone.dial("2*my story")
    last = phone.hop(CONTINUE, "2*my story*Pakse", accumulated=True)
    await phone.ask(last)
    await phone.parts.db.run(lambda connection: connection.execute(delete(trackers)))
    assert shown(await phone.ask(last)).endswith("[end]")
    assert await phone.filed() == ["my story"]
    assert await phone.parts.db.fetch(select(trackers)) == []


async def test_only_so_many_sms_an_hour_are_caused_by_dialling(phone: Phone) -> None:
    for number in range(8):
        assert "Filed" in await phone.dial(f"2*story {number}*Pakse")
    assert len(await phone.sent()) == 5
    phone.pinned.advance(3600)
    await phone.dial("2*story*Pakse")
    assert len(await phone.sent()) == 6


async def test_nothing_goes_by_sms_to_a_phone_that_stopped_us(phone: Phone) -> None:
    await phone.dial()
    await phone.parts.db.run(lambda connection: connection.execute(update(urns).values(state="opted_out")))
    assert "Filed" in await phone.dial("2*story*Pakse")
    assert await phone.sent() == []
    (row,) = await phone.parts.db.fetch(select(urns))
    assert row.state == "opted_out"


async def test_what_the_system_says_to_who_dialled_goes_by_sms(phone: Phone) -> None:
    await phone.dial()
    await phone.pipeline.originate(NUMBER, "dial", "fee", {}, "news")
    assert [each.text for each in await phone.sent()] == ["It costs 10."]
    assert await phone.pipeline.originate(NUMBER, "alone", "fee", {}, "more") == Outcome(kind=Handled.LIMITED)


async def test_lao_can_be_chosen_where_it_cannot_be_shown(phone: Phone) -> None:
    phone.channel, phone.language = "plain", "en"
    await phone.dial()
    phone.reader.wish, phone.reader.values = "language", {"language": "lo"}
    screen = await phone.type("lao")
    assert is_gsm(screen)
    phone.reader.wish = ""
    assert await phone.dial() == "Patou\n1 Things\n2 Report\n3 Long"
    phone.channel = "dial"
    assert (await phone.dial()).startswith("ປະຕູ")


async def test_who_starts_again_gets_the_menu(phone: Phone) -> None:
    await phone.dial("2*my story")
    await phone.dial()
    assert await phone.type("2") == ROOT


async def test_what_was_begun_on_the_phone_goes_on_by_sms(phone: Phone) -> None:
    await phone.dial("2*my story")
    message = replace(phone.hop(NEW, "hello"), channel="sms", session=None, external_id="m1")
    await phone.ask(message)
    assert [each.text for each in await phone.sent()] == ["Go on?\n1 Yes\n2 Start again"]


async def test_the_end_of_a_session_is_noted_and_answered_by_nothing(phone: Phone) -> None:
    await phone.dial()
    outcome = await phone.ask(phone.hop(END, ""))
    assert (outcome.kind, outcome.messages) == (Handled.DONE, ())


async def test_an_answer_of_many_screens_goes_by_sms_and_the_screen_says_so(phone: Phone) -> None:
    phone.long.story = "word " * 400
    await phone.dial()
    assert await phone.type("3") == "By SMS.\n0 back"
    (sent,) = await phone.sent()
    assert sent.text.split() == ["word"] * 400


async def test_where_nothing_goes_by_sms_all_screens_are_shown(phone: Phone) -> None:
    phone.channel = "alone"
    phone.long.story = "word " * 400
    await phone.dial()
    assert (await phone.type("3")).endswith("word\n99 more\n0 back")
    assert await phone.sent() == []


async def test_what_comes_too_late_for_its_screen_goes_by_sms(phone: Phone) -> None:
    await phone.dial("2*my story")
    pipeline, gate = _hasty(phone), asyncio.Event()
    phone.reader.think = lambda _: gate.wait()
    phone.pipeline = pipeline
    assert await phone.type("Pakse") == "It follows by SMS.\n[end]"
    gate.set()
    await pipeline.close()
    await phone.backlog.step()
    assert [each.text for each in await phone.sent()] == ["Filed: 5724."]
    assert await phone.filed() == ["my story"]


async def test_where_nothing_goes_by_sms_it_is_shown_to_who_dials_again(phone: Phone) -> None:
    phone.channel = "alone"
    await phone.dial("2*my story")
    pipeline, gate = _hasty(phone), asyncio.Event()
    phone.reader.think = lambda _: gate.wait()
    phone.pipeline, patient = pipeline, phone.pipeline
    assert await phone.type("Pakse") == "Dial again.\n[end]"
    gate.set()
    await pipeline.close()
    phone.pipeline, phone.reader.think = patient, lambda _: None
    assert await phone.dial() == "Filed: 5724.\n[end]"
    assert await phone.dial() == ROOT


class _SlowPeople:
    """Finds nobody before the gate is open."""

    def __init__(self, people: People, gate: asyncio.Event) -> None:
        self._people, self._gate = people, gate
        self.save = people.save

    async def load(self, *about: Any) -> Person:
        await self._gate.wait()
        return await self._people.load(*about)


async def test_a_page_that_was_turned_too_late_is_shown_to_who_dials_again(phone: Phone) -> None:
    await phone.dial("3")
    patient, gate = phone.pipeline, asyncio.Event()
    slow = cast("People", _SlowPeople(phone.parts.people, gate))
    phone.pipeline = Pipeline(
        replace(phone.parts, people=slow, turn_seconds=0.05), committed=lambda: None, waiting=lambda: None
    )
    assert await phone.type("99") == "ກົດໃໝ່.\n[end]"
    gate.set()
    await phone.pipeline.close()
    phone.pipeline = patient
    assert "99 more" not in await phone.dial()
    assert await phone.sent() == []


async def test_a_request_that_is_repeated_while_it_is_answered_waits_for_that(phone: Phone) -> None:
    await phone.dial("2*my story")
    gate = asyncio.Event()
    phone.reader.think = lambda _: gate.wait()
    first = asyncio.create_task(phone.ask(phone.hop(CONTINUE, "Pakse")))
    await asyncio.sleep(0)
    again = asyncio.create_task(phone.ask(phone.hop(CONTINUE, "Pakse"), after=0))
    await asyncio.sleep(0.05)
    gate.set()
    assert shown(await first) == shown(await again) == "Filed: 5724.\n[end]"
    assert await phone.filed() == ["my story"]


async def test_two_processes_answer_a_request_once(phone: Phone) -> None:
    await phone.dial("2*my story")
    other = Pipeline(replace(phone.parts), committed=lambda: None, waiting=lambda: None)
    message = replace(phone.hop(CONTINUE, "Pakse"), received_at=phone.parts.clock.now())
    outcomes = await asyncio.gather(phone.pipeline.accept(message), other.accept(message))
    assert {shown(each) for each in outcomes} == {"Filed: 5724.\n[end]"}
    assert await phone.filed() == ["my story"]


async def test_a_gateway_without_lao_letters_shows_them_in_latin_ones(phone: Phone) -> None:
    phone.language = "lo"
    phone.channel = "plain"
    assert await phone.dial() == "Patou\n1 Things\n2 Report\n3 Long"
    assert await phone.type("2") == "Kerd nyang kheun?\n0 kap"
    phone.channel = "dial"
    assert (await phone.dial()).startswith("ສືບຕໍ່ບໍ່?")


async def test_no_phone_number_and_nothing_typed_stands_in_the_names_of_requests(phone: Phone) -> None:
    await phone.ask(phone.hop(NEW, "2*8842", session_id="8562055512345"))
    names = [row.external_id for row in await phone.parts.db.fetch(select(inbox))]
    assert names
    for name in names:
        assert "55512345" not in name
        assert "*8842" not in name


def _hasty(phone: Phone) -> Pipeline:
    parts = replace(phone.parts, turn_seconds=0.05)
    return Pipeline(parts, committed=lambda: None, waiting=lambda: None)


_LETTERS = st.sampled_from(
    [*"abc .,\n{}[]€~", "ກ", "ຂ", "ແ", "ໜ້າ", "ເມືອງ", " ", "é", "😀", "👨‍👩‍👧", "1 Yes\n"]
)


@settings(deadline=None)
@given(st.lists(_LETTERS, max_size=300).map("".join), st.booleans(), st.sampled_from(["more", "ຕໍ່ໄປ"]))
def test_screens_hold_every_character_once_and_fit(text: str, back: bool, more: str) -> None:
    frame = Frame(units=80, septets=182, more=more, back="back")
    found = screens(text, frame, back=back)
    read = ""
    for number, screen in enumerate(found):
        units = septets(screen) if is_gsm(screen) else len(screen.encode("utf-16-le")) // 2
        assert units <= (182 if is_gsm(screen) else 80)
        lines = frame.lines(more=number < len(found) - 1, back=back or number > 0)
        assert screen.endswith(lines)
        read += screen.removesuffix(lines)
    assert "".join(read.split()) == "".join(text.split())
