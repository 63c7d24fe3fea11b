"""What a browser says of itself, read with care."""

from __future__ import annotations

import pytest

from bot.browsers import from_our_page, language

KNOWN = ("lo", "lo-Latn", "en")


@pytest.mark.parametrize(
    ("wanted", "accepted", "found"),
    [
        ("", "", "lo"),
        ("en", "lo", "en"),
        ("EN", "", "en"),
        ("lo-latn", "", "lo-Latn"),
        ("th", "en-GB;q=0.8, lo;q=0.1", "en"),
        ("", "fr, *;q=0.1", "lo"),
        ("'\"><", "\x00" * 500 + "en", "lo"),
    ],
)
def test_the_language(wanted: str, accepted: str, found: str) -> None:
    assert language(wanted, accepted, KNOWN) == found


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://a.la", "Host": "a.la"}, False),
        ({"Origin": "https://a.la", "Host": "a.la"}, True),
        ({"Origin": "https://A.la:8443", "Host": "a.LA:8443"}, True),
        ({"Origin": "https://a.la.evil.example", "Host": "a.la"}, False),
        ({"Origin": "null", "Host": "a.la"}, False),
        ({"Origin": "http://[", "Host": "a.la"}, False),
    ],
)
def test_whose_page_sent_a_form(headers: dict[str, str], ours: bool) -> None:
    assert from_our_page(headers) is ours
