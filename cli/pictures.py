"""Pictures of an evaluation, as SVG that needs nothing else: which intents are taken for others, and how sure it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from bot.bands import Bands
from bot.nlu.evaluate import Bin, Report

_STYLE = (Path(__file__).parent / "templates" / "picture.css").read_text("utf-8")

_CELL = 22
_LETTER = 6.6  # how wide one is, on average
_SMALL = {
    3: ' font-size="10"',
    4: ' font-size="8"',
    5: ' font-size="6.5"',
}  # so that a count fits, by its digits
# Shares of a row up to which a cell has the first, the second and the third shade; the fourth is for more.
_SHADES = (0.1, 0.3, 0.6)

_SIDE, _LEFT, _TOP = 320, 68, 20
_COUNTS, _BELOW = 70, 28  # the strip of counts, and the room for what the axis says
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def confusion_picture(report: Report) -> str:
    """A row for what was wanted, a column for what was understood; the shade says which share of the row it is."""
    names = sorted({name for pair in report.counts for name in pair})
    longest = max(len(name) for name in names) * _LETTER
    left, top = round(longest) + 20, round(longest * 0.72) + 32
    side = _CELL * len(names)
    width, height = left + side + 106, top + side + 62
    said = (
        f"{report.messages} messages by what was wanted, a row each, and what was understood, a column each. "
        "What is right lies on the diagonal. The tables beside it have the same figures."
    )
    content = [
        *_labels(names, left, top),
        *_grid(left, top, side),
        *_cells(report, names, left, top),
        *_totals(report, names, left + side, top),
        *_legend(left, top + side + 26),
    ]
    return _svg("confusion", width, height, "What was wanted, and what was understood", said, content)


def reliability_picture(report: Report) -> str:
    """How often it was right where it was so sure; below, how many messages that were."""
    said = (
        "Of each tenth of confidence, the share that was right. On the dashed line it would be as sure as it is right. "
        f"The expected calibration error is {report.calibration_error:.3f}. The table beside it has the same figures."
    )
    height = _TOP + _SIDE + _BELOW + _COUNTS + _BELOW + 26
    content = [*_scale(), *_bars(report.bins), *_dots(report.bins), *_strip(report.bins)]
    return _svg("reliability", _LEFT + _SIDE + 20, height, "How sure, and how often right", said, content)


def _svg(name: str, width: int, height: int, title: str, said: str, content: Sequence[str]) -> str:
    body = "\n".join(content)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-said">\n'
        f'<title id="{name}-title">{title}</title>\n<desc id="{name}-said">{escape(said)}</desc>\n'
        f"<style>\n{_STYLE}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}"/>\n{body}\n</svg>\n'
    )


def _labels(names: Sequence[str], left: int, top: int) -> Iterator[str]:
    yield f'<text class="soft end" x="{left - 8}" y="{top - 26}">understood →</text>'
    yield f'<text class="soft end" x="{left - 8}" y="{top - 8}">wanted ↓</text>'
    for place, name in enumerate(names):
        middle = place * _CELL + _CELL / 2
        yield f'<text class="end" x="{left - 8}" y="{top + middle + 4}">{escape(name)}</text>'
        x, y = left + middle + 2, top - 8
        yield f'<text transform="rotate(-46 {x} {y})" x="{x}" y="{y}">{escape(name)}</text>'


def _grid(left: int, top: int, side: int) -> Iterator[str]:
    for place in range(0, side + 1, _CELL):
        yield f'<path class="hair" d="M{left} {top + place}h{side}M{left + place} {top}v{side}"/>'


def _cells(report: Report, names: Sequence[str], left: int, top: int) -> Iterator[str]:
    rows, columns = _wanted(report), {name: place for place, name in enumerate(names)}
    for (wanted, understood), count in sorted(report.counts.items()):
        x, y = left + columns[understood] * _CELL, top + columns[wanted] * _CELL
        share = count / rows[wanted]
        shade = 1 + sum(share > each for each in _SHADES)
        kind = "good" if wanted == understood else "bad"
        small = _SMALL.get(len(str(count)), "")
        told = f"{wanted} understood as {understood}: {count} of {rows[wanted]}, {share:.0%}"
        yield (
            f'<g class="cell"><title>{escape(told)}</title>'
            f'<rect class="{kind} s{shade}" x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" rx="3"/>'
            f'<text class="middle on-s{shade}"{small} x="{x + _CELL / 2}" y="{y + _CELL / 2 + 4}">{count}</text></g>'
        )


def _totals(report: Report, names: Sequence[str], left: int, top: int) -> Iterator[str]:
    """Behind each row, how much of it was understood."""
    rows = _wanted(report)
    yield f'<text class="soft" x="{left + 10}" y="{top - 8}">of them right</text>'
    for place, name in enumerate(names):
        if rows[name]:
            right = report.counts.get((name, name), 0)
            y = top + place * _CELL + _CELL / 2 + 4
            yield (
                f'<text class="end" x="{left + 48}" y="{y}">{right / rows[name]:.0%}</text>'
                f'<text class="soft" x="{left + 54}" y="{y}">of {rows[name]}</text>'
            )


def _legend(left: int, top: int) -> Iterator[str]:
    said = [f"≤ {share:.0%}" for share in _SHADES]
    said.append(f"> {_SHADES[-1]:.0%} of the row")
    for shade, words in enumerate(said, 1):
        x = left + (shade - 1) * 104
        for kind, shift in (("good", 0), ("bad", 16)):
            yield f'<rect class="{kind} s{shade}" x="{x + shift}" y="{top - 12}" width="14" height="14" rx="3"/>'
        yield f'<text class="soft" x="{x + 36}" y="{top}">{words}</text>'
    yield f'<text class="soft" x="{left}" y="{top + 22}">blue: right; red: taken for another</text>'


def _wanted(report: Report) -> Counter[str]:
    rows = Counter[str]()
    for (wanted, _), count in report.counts.items():
        rows[wanted] += count
    return rows


def _scale() -> Iterator[str]:
    bottom = _TOP + _SIDE
    for tick in _TICKS:
        x, y = _LEFT + tick * _SIDE, bottom - tick * _SIDE
        yield f'<path class="hair" d="M{_LEFT} {y}h{_SIDE}M{x} {_TOP}v{_SIDE}"/>'
        yield f'<text class="end" x="{_LEFT - 8}" y="{y + 4}">{tick:.0%}</text>'
        yield f'<text class="middle" x="{x}" y="{bottom + 18}">{tick:.0%}</text>'
    yield f'<path class="ideal" d="M{_LEFT} {bottom}L{_LEFT + _SIDE} {_TOP}"/>'
    yield f'<text class="soft" x="{_LEFT}" y="{_TOP - 8}">right ↑</text>'
    yield f'<text class="soft end" x="{_LEFT - 14}" y="{bottom + 18}">sure →</text>'


def _bars(bins: Sequence[Bin]) -> Iterator[str]:
    bottom = _TOP + _SIDE
    for each in bins:
        x, wide = _LEFT + each.low * _SIDE + 1, (each.high - each.low) * _SIDE - 2
        tall = each.accuracy * _SIDE
        yield (
            f'<g class="bin"><title>{escape(_told(each))}</title>'
            f'<rect class="good s3" x="{x:.1f}" y="{bottom - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"/></g>'
        )
    yield f'<path class="axis" d="M{_LEFT} {_TOP}v{_SIDE}h{_SIDE}"/>'


def _dots(bins: Sequence[Bin]) -> Iterator[str]:
    for each in bins:
        x, y = _LEFT + each.confidence * _SIDE, _TOP + _SIDE - each.accuracy * _SIDE
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def _strip(bins: Sequence[Bin]) -> Iterator[str]:
    """How many messages there are of each bin, and from where on they are answered outright."""
    bottom = _TOP + _SIDE + _BELOW + 18 + _COUNTS
    most = max(each.messages for each in bins)
    sure = _LEFT + Bands().sure * _SIDE
    yield f'<path class="ideal" d="M{sure} {_TOP}V{bottom}"/>'
    yield f'<text class="middle soft" x="{sure}" y="{bottom + 18}">answered outright →</text>'
    for each in bins:
        x, wide = _LEFT + each.low * _SIDE + 1, (each.high - each.low) * _SIDE - 2
        tall = each.messages / most * (_COUNTS - 18)
        yield f'<rect class="soft s3" x="{x:.1f}" y="{bottom - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
        yield f'<text class="middle" x="{x + wide / 2:.1f}" y="{bottom - tall - 4:.1f}">{each.messages}</text>'
    yield f'<path class="axis" d="M{_LEFT} {bottom}h{_SIDE}"/>'
    yield f'<text class="soft end" x="{_LEFT - 8}" y="{bottom - 8}">messages</text>'


def _told(each: Bin) -> str:
    return (
        f"{each.low:.0%} to {each.high:.0%} sure: {each.messages} messages, "
        f"{each.confidence:.0%} sure and {each.accuracy:.0%} right on average"
    )
