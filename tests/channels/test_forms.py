"""Forms and queries: as urllib reads them, and stricter."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import Malformed
from channels.forms import fitted, form_body, read_form, read_query

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.dictionaries(TEXT, TEXT, max_size=8))
def test_a_form_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    assert read_form(urlencode(fields).encode()) == fields


@given(st.text("ab=&%+2 ກF", max_size=40))
def test_urllib_reads_the_same(encoded: str) -> None:
    expected = parse_qsl(encoded, keep_blank_values=True, errors="surrogateescape")
    repeated = len(dict(expected)) < len(expected)
    broken = not all((name + value).isprintable() for name, value in expected)
    if repeated or broken:
        with pytest.raises(Malformed, match=r"repeated_field|invalid_utf8"):
            read_form(encoded.encode())
    else:
        assert read_form(encoded.encode()) == dict(expected)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_form_or_malformed(body: bytes) -> None:
    try:
        read_form(body)
    except Malformed:
        return


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"a=1&a=2", "repeated_field"),
        (b"a=%FF", "invalid_utf8"),
        (b"%FF=a", "invalid_utf8"),
        (b"a=%ED%A0%80", "invalid_utf8"),
        (b"&".join(b"%d=" % number for number in range(501)), "too_many_fields"),
        (b"&" * 60_000 + b"a=1", "too_many_fields"),
    ],
)
def test_what_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read_form(body)


def test_a_query_keeps_its_bytes() -> None:
    assert read_query("text=%00+%0E%AA&b=%zz") == {"text": b"\0 \x0e\xaa", "b": b"%zz"}


def test_ids_fit_their_column() -> None:
    assert fitted("SM1") == "SM1"
    assert [len(fitted(each)) for each in ("x" * 121, "ລາວ", "a\0b", "\ud800")] == [71] * 4


@given(st.dictionaries(TEXT, TEXT, max_size=8))
def test_what_is_written_is_read_the_same(fields: dict[str, str]) -> None:
    body = form_body(fields)
    assert read_form(body) == fields
    assert dict(parse_qsl(body.decode("ascii"), keep_blank_values=True)) == fields
