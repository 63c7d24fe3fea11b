"""Redaction: whatever field a canary sits in, and however it is written, it gets into no log."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import InboundMessage
from bot.redaction import redact, scrub
from bot.text.digits import ascii_digits
from bot.urns import Urn
from tests.pinned import START

PHONE = "+8562055512345"
URN = Urn("tel", PHONE)
WORDS = "ເຈົ້າໜ້າທີ່ຂໍເງິນ"
PHONES = [
    PHONE, "2055512345", "020 5551 2345", "020-555-12-345", "(020) 5551 2345", "020.5551.2345",
    "໐໒໐໕໕໕໑໒໓໔໕", "໐໒໐ ໕໕໕໑ ໒໓໔໕", "0２０55512345", "%2B8562055512345", "%2b856%2020%205551%202345",
]  # fmt: skip
ADDRESSES = [
    "tel:+8562055512345",
    "telegram:99887766",
    "messenger:page:abcdef",
    "whatsapp:x-y_z",
    "web:q7Zp-secret",
]
# Names that no list can know: what they hold is searched.
names = st.sampled_from(["event", "error", "detail", "channel", "id", "cause", "path", "url", "value", "x"])
# Letters and signs that do not themselves add digits to the canary.
around = st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@"), max_size=40)


def logged(**fields: Any) -> str:
    return json.dumps(redact(None, "info", {"event": "door.taken", **fields}), ensure_ascii=False)


def bare(text: str) -> str:
    return "".join(character for character in ascii_digits(text) if character in "0123456789")


@given(names, st.sampled_from(PHONES), around, around)
def test_no_phone_number_gets_through(name: str, phone: str, before: str, after: str) -> None:
    line = json.dumps(redact(None, "info", {name: f"{before} {phone} {after}"}), ensure_ascii=False)
    assert "5551" not in bare(line)


@given(names, st.sampled_from(PHONES))
def test_nesting_hides_nothing(name: str, phone: str) -> None:
    for value in ([phone], {name: {"deep": (phone,)}}, {phone: 1}, {phone}, Path("/sms") / phone):
        assert "5551" not in bare(json.dumps(redact(None, "info", {name: value}), ensure_ascii=False))


@given(names, st.sampled_from(ADDRESSES), around)
def test_no_urn_gets_through(name: str, urn: str, after: str) -> None:
    line = json.dumps(redact(None, "info", {name: f"claimed {urn} {after}"}))
    assert urn.partition(":")[2] not in line


@pytest.mark.parametrize(
    "name",
    ["text", "body", "payload", "message", "urn", "address", "phone", "name", "pin", "token", "Authorization",
     "message_text", "raw_body", "sender_phone", "auth_token", "bot_token", "account_secret", "summary"],
)  # fmt: skip
@pytest.mark.parametrize("value", [WORDS, WORDS.encode(), [WORDS], {"deep": WORDS}, URN, 123456])
def test_named_fields_lose_their_value(name: str, value: object) -> None:
    line = logged(**{name: value})
    assert WORDS not in line
    assert PHONE not in line
    assert "123456" not in line


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("POST /channels/sms/messages?key=s3cr3t&id=4", "POST /channels/sms/messages?key=[redacted]&id=4"),
        ("GET /x?a=1;token=s3cr3t", "GET /x?a=1;token=[redacted]"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
        ("Basic dXNlcjpwYXNz", "Basic [redacted]"),
        ("postgresql://patou:s3cr3t@db/patou", "postgresql://[redacted]@db/patou"),
        ("https://api.telegram.org/bot123456789:AAF-s3cr3t_s3cr3t_s3cr3t/send", "https://api.telegram.org/bot[redacted]/send"),
        ("mail somchai@example.la now", "mail [redacted] now"),
        ("mail somchai%40example.la now", "mail [redacted] now"),
    ],
)  # fmt: skip
def test_secrets_in_urls_and_headers_go(written: str, read: str) -> None:
    assert scrub(written) == read


@pytest.mark.parametrize(
    "value",
    [
        "door.taken",
        "2026-03-02T03:00:00.123456Z",
        "2026-03-02 03:00:00,123",
        "019caba12345670123456789ab",
        "SM" + "0123456789abcdef" * 2,
        "0123456789abcdef" * 4,
        "http://127.0.0.1:8080/health/live",
        "3 of 120000 messages in 1.25 s",
        "30007",
    ],
)
def test_what_an_operator_needs_stays(value: str) -> None:
    assert scrub(value) == value


def test_measures_and_flags_stay_and_other_long_numbers_go() -> None:
    kept = {"received_at": 1772420400000, "took_ms": 12, "ok": True, "rows": 42, "ratio": 0.5, "none": None}
    assert redact(None, "info", dict(kept)) == kept
    assert redact(None, "info", {"user": 8562055512345}) == {"user": "[redacted]"}


def test_an_address_of_a_machine_stays_where_it_belongs() -> None:
    assert redact(None, "info", {"remote": "192.168.100.200"}) == {"remote": "192.168.100.200"}
    assert "5551" not in logged(remote="020.5551.2345")


def test_objects_do_not_show_themselves() -> None:
    message = InboundMessage(channel="sms", external_id="1", urn=URN, text=WORDS, received_at=START)
    line = logged(what=message, who=URN, raw=b"\x00" + WORDS.encode(), went_wrong=ValueError(WORDS))
    assert WORDS not in line
    assert PHONE not in line
    assert "<InboundMessage>" in line
    assert "<ValueError>" in line


def test_a_traceback_keeps_frames_and_types_and_no_words() -> None:
    try:
        try:
            int(WORDS)
        except ValueError as error:
            raise RuntimeError(f"cannot take {WORDS}\nfrom {PHONE}\nSombath: {WORDS}") from error
    except RuntimeError as error:
        trace = "".join(traceback.format_exception(error))
    event = redact(None, "error", {"event": "turn.failed", "exception": trace})
    lines = event["exception"].splitlines()
    assert [line for line in lines if " " not in line] == ["ValueError", "RuntimeError"]
    assert sum("test_a_traceback_keeps_frames" in line for line in lines) == 2
    assert WORDS not in event["exception"]
    assert "Sombath" not in event["exception"]
    assert PHONE not in event["exception"]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.text(min_size=1, max_size=10), values, max_size=3))
def test_every_event_can_be_logged(event: dict[str, Any]) -> None:
    json.dumps(redact(None, "info", event))


def test_a_long_field_is_cut() -> None:
    assert len(scrub("a" * 1_000_000)) == 4_000


def test_structlogs_own_fields_are_left_alone() -> None:
    record = object()
    assert redact(None, "info", {"event": "x", "_record": record})["_record"] is record
