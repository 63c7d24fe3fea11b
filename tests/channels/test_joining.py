"""Parts of messages: whole in any order, as far as they came when the rest does not come, and never lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.crypto import Vault
from bot.db import Database
from bot.errors import DatabaseUnavailable
from bot.messages import Ignored, InboundEvent, InboundMessage
from bot.retention import purge
from bot.rotation import rotate
from bot.urns import Urn
from channels.base import Accepted, InboundPart
from channels.joining import Joining, joining_rule
from channels.smpp_text import Alphabet, cut, decode, encode, joined
from tests.pinned import PinnedTime

WORDS = ("ສະບາຍດີ ", "ຂ້ອຍຢາກຮ້ອງທຸກ", "😀", "👨‍👩‍👧", "{€}", "hello ", "\\", "ເຮັດວຽກຊັກຊ້າ")


@dataclass
class Desk:
    """An intake that takes each message once; `away` is how often its store is away first."""

    messages: list[InboundMessage] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    away: int = 0

    async def take(self, channel: str, event: InboundEvent) -> Accepted:
        """See `channels.joining.Taking`."""
        if self.away:
            self.away -= 1
            raise DatabaseUnavailable
        if isinstance(event, Ignored):
            self.ignored.append(event.reason)
        elif isinstance(event, InboundMessage):
            assert event.channel == channel
            if event.key in {each.key for each in self.messages}:
                return Accepted(event=event, kind="duplicate")
            self.messages.append(event)
        return Accepted(event=event, kind="done")

    @property
    def texts(self) -> list[str]:
        """What was taken, in order."""
        return [each.text for each in self.messages]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def joining(db: Database, vault: Vault, pinned: PinnedTime, desk: Desk) -> Joining:
    return Joining(intake=desk, db=db, vault=vault, clock=pinned.clock, mended=joined)


def parts(
    texts: Sequence[str], pinned: PinnedTime, *, group: str = "1500/7", person: str = "+8562055512345"
) -> list[InboundPart]:
    return [
        InboundPart(
            message=InboundMessage(
                channel="smpp",
                external_id=f"{group}-{person}-{number}-{abs(hash(text)):x}",
                urn=Urn("tel", person),
                text=text,
                received_at=pinned.clock.now(),
                recipient="1500",
            ),
            group=group,
            number=number,
            total=len(texts),
        )
        for number, text in enumerate(texts)
    ]


async def test_many_messages_at_once_in_any_order(joining: Joining, desk: Desk, pinned: PinnedTime) -> None:
    random_ = random.Random(3)  # noqa: S311 (it must repeat itself)
    whole, coming = [], []
    for number in range(30):
        text = "".join(random_.choices(WORDS, k=random_.randint(12, 40)))
        alphabet: Alphabet = random_.choice(("gsm", "latin-1"))
        coding, cuts = cut(text, alphabet)
        octets = b"".join(encode(part, coding, alphabet) for part in cuts)
        # Where a phone cuts is its own affair: anywhere, within characters too.
        step = random_.choice((20, 66, 134))
        pieces = [decode(octets[at : at + step], coding, alphabet) for at in range(0, len(octets), step)]
        whole.append(text)
        coming += parts(pieces, pinned, group=f"1500/{number % 5}", person=f"+85620555{number:05}")
    coming += random_.sample(coming, len(coming) // 4)
    random_.shuffle(coming)
    for part in coming:
        accepted = await joining.take("smpp", part)
        assert accepted.kind in ("part", "duplicate")
    assert sorted(desk.texts) == sorted(whole)
    pinned.advance(3600)
    assert await joining.sweep() == 0
    assert desk.ignored == []


async def test_what_is_no_part_goes_straight_on(joining: Joining, desk: Desk, pinned: PinnedTime) -> None:
    message = parts(["x"], pinned)[0].message
    assert (await joining.take("smpp", message)).kind == "done"
    assert (await joining.take("smpp", Ignored(reason="odd"))).kind == "done"
    assert (desk.texts, desk.ignored) == (["x"], ["odd"])


async def test_what_came_is_handed_in_when_the_rest_does_not(
    joining: Joining, desk: Desk, pinned: PinnedTime
) -> None:
    coming = parts(["one ", "two ", "three ", "four"], pinned)
    for number in (3, 0, 1):
        await joining.take("smpp", coming[number])
    pinned.advance(599)
    assert await joining.sweep() == 0
    pinned.advance(2)
    assert await joining.sweep() == 1
    assert desk.texts == ["one two …four"]
    assert desk.ignored == ["incomplete_message"]
    await joining.take("smpp", coming[3])
    await joining.take("smpp", coming[2])
    pinned.advance(601)
    await joining.sweep()
    assert desk.texts == ["one two …four", "three "]


async def test_a_reference_that_is_used_again(joining: Joining, desk: Desk, pinned: PinnedTime) -> None:
    """Some phones count from the start with every message."""
    first, second = parts(["a1 ", "a2"], pinned), parts(["b1 ", "b2"], pinned)
    for part in (*first, second[1], second[0]):
        await joining.take("smpp", part)
    assert desk.texts == ["a1 a2", "b1 b2"]
    lonely, third = parts(["c1 ", "c2 ", "c3"], pinned)[0], parts(["d1 ", "d2 ", "d3"], pinned)
    for part in (lonely, *third):
        await joining.take("smpp", part)
    assert desk.texts[2:] == ["c1 ", "d1 d2 d3"]
    assert desk.ignored == ["reused"]


async def test_a_store_that_is_away_when_the_whole_is_taken(
    joining: Joining, desk: Desk, pinned: PinnedTime
) -> None:
    first, last = parts(["one ", "two"], pinned)
    await joining.take("smpp", first)
    desk.away = 1
    with pytest.raises(DatabaseUnavailable):
        await joining.take("smpp", last)
    # The SMSC brings it again; if it did not, the next sweep would hand in the whole.
    assert (await joining.take("smpp", last)).kind == "duplicate"
    assert desk.texts == ["one two"]
    pinned.advance(601)
    await joining.sweep()
    assert (desk.texts, desk.ignored) == (["one two"], [])


async def test_another_process_goes_on_where_one_died(
    joining: Joining, db: Database, vault: Vault, desk: Desk, pinned: PinnedTime
) -> None:
    first, last = parts(["one ", "two"], pinned)
    await joining.take("smpp", first)
    other = Joining(intake=desk, db=db, vault=vault, clock=pinned.clock, mended=joined)
    await other.take("smpp", last)
    assert desk.texts == ["one two"]


async def test_words_are_sealed_sealed_again_and_erased(
    joining: Joining, db: Database, vault: Vault, desk: Desk, pinned: PinnedTime
) -> None:
    first, last = parts(["\ud83d", "\ude00"], pinned)
    await joining.take("smpp", first)
    assert (await rotate(db, vault, pinned.clock)).unreadable == 0
    await joining.take("smpp", last)
    assert desk.texts == ["😀"]
    pinned.advance(10_000)
    assert await purge(db, pinned.clock.now(), [joining_rule()]) == {"inbound parts": 2}
