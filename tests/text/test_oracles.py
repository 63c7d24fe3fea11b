"""Parts are counted as two independent packages count them, over ten thousand texts as people write them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from bot.pack import Pack
from bot.text.graphemes import clusters
from bot.text.gsm import BASIC, EXTENSION, is_gsm
from bot.text.parts import count, split
from tests.servers.node import FOLDER, node, npm_package

TEXTS = 10_000
LONGEST = 700
_EMOJI = ("🙏", "👍🏽", "👨‍👩‍👧‍👦", "🇱🇦", "😀", "❤️", "1️⃣")
_TYPOGRAPHIC = "’“”–…€{}[]~^|\\"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return list(_generated(Random(20261122), _sentences()))  # noqa: S311 - texts, no secrets


@pytest.fixture(scope="module")
def counted(texts: list[str]) -> list[list[int]]:
    """What split-sms counts of each text, and sms-segments-calculator of every third."""
    for name in ("split-sms", "sms-segments-calculator"):
        npm_package(name)
    ran = subprocess.run(  # noqa: S603 - our own script
        [node(), FOLDER / "count.js"], input=json.dumps(texts).encode(), stdout=subprocess.PIPE, check=True
    )
    split_sms, calculator = json.loads(ran.stdout)
    return [split_sms, calculator]


def test_split_sms_counts_the_same(texts: list[str], counted: list[list[int]]) -> None:
    ours = [count(text) for text in texts]
    differing = [text for text, own, theirs in zip(texts, ours, counted[0], strict=True) if own != theirs]
    assert differing == []
    assert {1, 2, 3, 5, 10} <= set(ours)


def test_the_calculator_counts_the_same_or_keeps_a_cluster_whole(
    texts: list[str], counted: list[list[int]]
) -> None:
    differing = [
        (text, theirs) for text, theirs in zip(texts[::3], counted[1], strict=True) if theirs != count(text)
    ]
    assert not [text for text, _ in differing if is_gsm(text)]
    assert [text for text, theirs in differing if _whole_clusters(text) != theirs] == []
    assert differing


def test_every_cut_joins_back(texts: list[str]) -> None:
    for text in texts:
        found = split(text)
        assert "".join(found.parts) == text
        assert len(found.parts) == count(text)


def _whole_clusters(text: str) -> int:
    """The parts of a UCS-2 text in which no grapheme cluster is torn, filled from the front."""
    units = [len(cluster.encode("utf-16-le")) // 2 for cluster in clusters(text)]
    if sum(units) <= 70:
        return 1
    parts, room = 1, 67
    for each in units:
        if each > room:
            parts, room = parts + 1, 67
        room -= each
    return parts


def _sentences() -> list[str]:
    """The Lao of the pack."""
    return [each.text for _, each in sorted(Pack.load(Path("nlu_data")).texts["lo"].items())]


def _generated(random: Random, lao: list[str]) -> Iterator[str]:
    """Lao, Latin, GSM with escapes, mixed and with emoji, in turn, of lengths around the limits too."""
    latin = "".join(chr(code) for code in range(32, 127))
    gsm = "".join([*BASIC, *EXTENSION]).replace("\x1b", "")
    kinds = (
        lambda: _lao(random, lao),
        lambda: "".join(random.choices(latin, k=_length(random))),
        lambda: "".join(random.choices(gsm, k=_length(random))),
        lambda: _mixed(random, [_lao(random, lao)[:40], *_EMOJI, *_TYPOGRAPHIC, "passport ", "50.000 ກີບ "]),
        lambda: _mixed(random, [*_EMOJI, "ok ", "ບ້"]),
    )
    for number in range(TEXTS):
        yield kinds[number % len(kinds)]()


def _length(random: Random) -> int:
    return random.choice(
        (
            random.randint(1, LONGEST),
            *(part * each + random.randint(-2, 2) for part in (153, 67) for each in (1, 2, 3)),
            160,
            161,
            70,
            71,
        )
    )


def _lao(random: Random, sentences: list[str]) -> str:
    text = " ".join(random.choices(sentences, k=4))
    start = random.randint(0, 40)
    return text[start : start + _length(random)]


def _mixed(random: Random, pieces: list[str]) -> str:
    return "".join(random.choices(pieces, k=random.randint(1, 60)))[:LONGEST]
