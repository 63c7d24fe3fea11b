"""What a phone shows, screen by screen: menus, pages, what was typed ahead, what is asked twice."""

from __future__ import annotations

from tests.sessions.conftest import Phone

ROOT = "Door\n1 Things\n2 Report\n3 Long"


async def test_a_dial_shows_the_menu_and_digits_lead_on(phone: Phone) -> None:
    assert await phone.dial() == ROOT
    assert await phone.type("1") == "Things\n1 Boat\n2 Cart\n0 back"
    assert await phone.type("໒") == "It costs 10.\n0 back"
    assert await phone.type("0") == "Things\n1 Boat\n2 Cart\n0 back"
    assert await phone.type("0") == ROOT
    assert await phone.type("Things") == "Things\n1 Boat\n2 Cart\n0 back"
    assert await phone.type("2", "00") == ROOT
