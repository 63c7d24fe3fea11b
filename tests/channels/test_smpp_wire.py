"""SMPP's octets: read as another author's codec writes them, and whatever else comes is refused by name."""

from __future__ import annotations

import random
import re

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st
from smsutil.codecs import GSM_BASIC_CHARSET

from bot.text.gsm import BASIC, EXTENSION
from bot.text.parts import split
from channels.smpp_pdu import Address, BadPdu, Command, Message, Pdu, Tag, bind_body, message_id, read_message
from channels.smpp_text import (
    DEFAULT,
    LATIN,
    UCS2,
    Alphabet,
    Place,
    cut,
    decode,
    encode,
    flash,
    header,
    joined,
    read_header,
)

_HEADER = 16
_OCTETS = st.binary(max_size=254)
_DIGITS = st.text("0123456789", max_size=20)
_TLVS = st.dictionaries(st.integers(0x1400, 0x3FFF), st.binary(max_size=40), max_size=4)
_GSM = st.text(BASIC + EXTENSION, max_size=600)


@given(source=_DIGITS, destination=_DIGITS, octets=_OCTETS, tlvs=_TLVS, coding=st.sampled_from((0, 3, 8)))
def test_smpp34_reads_what_we_write_and_we_what_it_writes(
    source: str, destination: str, octets: bytes, tlvs: dict[int, bytes], coding: int
) -> None:
    ours = Message(
        source=Address(ton=1, npi=1, digits=source),
        destination=Address(digits=destination),
        validity="000002000000000R",
        registered=1,
        data_coding=coding,
        octets=octets,
        tlvs=tlvs,
    )
    pdu = Pdu(command=Command.SUBMIT_SM, sequence=7, body=ours.encode())
    theirs = smpp34.decode(pdu.encode())
    assert isinstance(theirs, smpp34.SubmitSm)
    assert (theirs.source_addr, theirs.destination_addr) == (source, destination)
    assert (theirs.short_message, theirs.data_coding) == (octets, coding)
    assert (theirs.validity_period, theirs.registered_delivery) == ("000002000000000R", 1)
    assert {each.tag: each.value for each in theirs.tlvs} == tlvs
    again = read_message(
        Pdu(command=Command.DELIVER_SM, sequence=1, body=smpp34_deliver(theirs).encode()[_HEADER:])
    )
    assert (again.source.digits, again.content if octets else b"", again.tlvs) == (source, octets, tlvs)


def smpp34_deliver(submit: smpp34.SubmitSm) -> smpp34.DeliverSm:
    return smpp34.DeliverSm(
        submit.source_addr,
        submit.destination_addr,
        submit.short_message,
        data_coding=submit.data_coding,
        tlvs=submit.tlvs,
    )


def test_a_bind_says_who_we_are() -> None:
    assert bind_body("patou", "a-secret", "SMS", "^15") == b"patou\0a-secret\0SMS\0\x34\0\0^15\0"


def test_a_message_that_is_longer_than_its_field_is_never_written() -> None:
    with pytest.raises(ValueError, match="254 octets"):
        Message(octets=b"x" * 255).encode()


def test_the_id_of_an_answer() -> None:
    assert message_id(Pdu(command=0, sequence=1, body=b" 0A1\0rest")) == "0A1"
    assert message_id(Pdu(command=0, sequence=1, body=b"77")) == "77"
    assert message_id(Pdu(command=0, sequence=1)) == ""


def test_bodies_changed_a_little_are_read_or_refused_by_name() -> None:
    random_ = random.Random(5)  # noqa: S311 (it must repeat itself)
    whole = Message(
        octets=b"\x05\x00\x03\x07\x02\x01hello", esm_class=0x40, tlvs={Tag.SAR_TOTAL: b"\x02"}
    ).encode()
    found = []
    for _ in range(5_000):
        body = bytearray(whole)
        for _ in range(random_.randint(1, 3)):
            at = random_.randrange(len(body) + 1)
            body[at : at + random_.randint(0, 4)] = random_.randbytes(random_.randint(0, 4))
        command = random_.choice((Command.DELIVER_SM, Command.DATA_SM))
        found.append(_outcome(Pdu(command=command, sequence=1, body=bytes(body))))
    assert set(found) == {
        ("read", 0),
        ("bad_message_length", 1),
        ("body_too_short", 2),
        ("unterminated_field", 2),
    }
    assert found.count(("read", 0)) > 500


def _outcome(pdu: Pdu) -> tuple[str, int]:
    try:
        message = read_message(pdu)
    except BadPdu as error:
        return str(error), error.status
    decode(message.content, message.data_coding, "gsm")
    return "read", 0


@given(st.binary(max_size=60))
def test_any_header_is_read_or_refused(octets: bytes) -> None:
    try:
        place, rest = read_header(octets)
    except ValueError:
        return
    assert octets.endswith(rest)
    assert place is None or 0 <= place.number < place.total


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("", "header"),
        ("05000307", "header"),
        ("0400030702", "element"),
        ("050002070200", "element"),
        ("050003070203", "place"),
        ("050003070200", "place"),
        ("050003070000", "place"),
    ],
)
def test_a_header_that_cannot_be_is_named(octets: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_header(bytes.fromhex(octets))


@given(number=st.integers(0, 254), total=st.integers(2, 255), reference=st.integers(0, 0xFFFF))
def test_a_header_is_read_as_it_was_written(number: int, total: int, reference: int) -> None:
    number %= total
    place, rest = read_header(header(Place(reference=reference, number=number, total=total)) + b"rest")
    assert place == Place(reference=reference & 0xFF, number=number, total=total)
    assert rest == b"rest"


def test_the_gsm_table_is_another_author_s() -> None:
    assert GSM_BASIC_CHARSET.replace("\x1b", "") == BASIC
    assert [ord(encode(each, DEFAULT, "gsm")) for each in BASIC] == [*range(0x1B), *range(0x1C, 0x80)]
    assert encode("\f^{}\\[~]|€", DEFAULT, "gsm").replace(b"\x1b", b"").hex() == "0a1428292f3c3d3e4065"


@given(_GSM)
def test_gsm_there_and_back_in_parts(text: str) -> None:
    coding, parts = cut(text, "gsm")
    assert coding == DEFAULT
    octets = [encode(part, coding, "gsm") for part in parts]
    assert all(len(each) <= (160 if len(parts) == 1 else 153) for each in octets)
    assert joined([decode(each, coding, "gsm") for each in octets]) == text


@given(
    st.text(max_size=400).map(lambda text: re.sub("[\u200b\x1b]", "", text)),
    st.sampled_from(("gsm", "latin-1")),
)
def test_any_text_there_and_back_in_parts(text: str, alphabet: Alphabet) -> None:
    text = text.encode("utf-16-be", "replace").decode("utf-16-be")
    coding, parts = cut(text, alphabet)
    octets = [encode(part, coding, alphabet) for part in parts]
    assert all(len(each) + 6 * (len(parts) > 1) <= 254 for each in octets)
    assert joined([decode(each, coding, alphabet) for each in octets]) == text
    if alphabet == "gsm":
        assert tuple(parts) == split(text).parts


@given(
    text=st.text(st.sampled_from("aé€{ສະບຍດີ😀👍🏽"), min_size=1, max_size=300),
    step=st.integers(1, 67),
    order=st.randoms(use_true_random=False),
)
def test_parts_cut_anywhere_and_brought_in_any_order_are_the_text(
    text: str, step: int, order: random.Random
) -> None:
    coding, cuts = cut(text, "gsm")
    octets = b"".join(encode(part, coding, "gsm") for part in cuts)
    # A phone may cut between the halves of a character, but not within an octet pair.
    size = step * 2 if coding == UCS2 else step
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)][:255]
    brought = [
        header(Place(reference=7, number=number, total=len(pieces))) + piece
        for number, piece in enumerate(pieces)
    ]
    order.shuffle(brought)
    found = {}
    for each in brought:
        place, rest = read_header(each)
        found[place.number if place else 0] = decode(rest, coding, "gsm")
    whole = joined([found[number] for number in sorted(found)])
    expected = joined([decode(b"".join(pieces), coding, "gsm")])
    assert whole == expected
    assert expected == text or len(pieces) == 255


def test_what_latin_1_lacks_makes_a_text_ucs2_where_code_0_is_latin_1() -> None:
    assert cut("déjà 5$", "latin-1") == (DEFAULT, ("déjà 5$",))
    coding, parts = cut("5€ " * 50, "latin-1")
    assert coding == UCS2
    assert [len(part) for part in parts] == [67, 67, 16]


@pytest.mark.parametrize(
    ("octets", "coding", "alphabet", "text"),
    [
        (b"\x00\x02", 0x00, "gsm", "@$"),
        (b"@$", 0x00, "latin-1", "@$"),
        (b"caf\xe9", LATIN, "gsm", "café"),
        (b"\x0e\x9a", UCS2, "gsm", "ບ"),
        (b"\x0e\x9a", flash(UCS2), "gsm", "ບ"),
        (b"\x00", flash(DEFAULT), "gsm", "@"),
        (b"\x00", 0xF1, "gsm", "@"),
        (b"\xe9", 0xF5, "gsm", "é"),
        (b"a\xff", 0x01, "gsm", "a\ufffd"),
        (b"\xff", 0x00, "gsm", "\ufffd"),
        (b"\x0e", UCS2, "gsm", "\ufffd"),
        (b"\x1b", 0x00, "gsm", ""),
    ],
)
def test_alphabets(octets: bytes, coding: int, alphabet: Alphabet, text: str) -> None:
    assert joined([decode(octets, coding, alphabet)]) == text
