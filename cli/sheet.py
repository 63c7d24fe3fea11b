"""The sheet that hangs on a wall: in every language, what one can ask and how."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Protocol

from bot.pack import Pack

_TEMPLATE = Path(__file__).parent / "templates" / "poster.html"
# What one can ask, in the words of the kiosk's tiles.
_GOALS = ("kiosk_requirements", "kiosk_fee", "kiosk_duration", "kiosk_where", "kiosk_complaint", "kiosk_case")
SIZES = {"A4": "1", "A5": "0.707"}  # how large things are on it


class Way(Protocol):
    """One way to us; see channels/reach.py."""

    @property
    def channel(self) -> str: ...  # noqa: D102  # see the class
    @property
    def by(self) -> str: ...  # noqa: D102  # see the class
    @property
    def shown(self) -> str: ...  # noqa: D102  # see the class
    @property
    def link(self) -> str: ...  # noqa: D102  # see the class


@dataclass(frozen=True, kw_only=True, slots=True)
class Poster:
    """What stands on it: lines by language; `fonts` by weight, as WOFF2."""

    pack: Pack
    ways: Sequence[Way]
    hotlines: Mapping[str, Sequence[str]]
    centre: Mapping[str, Sequence[str]]
    fonts: Mapping[str, bytes]


def sheet(facts: Poster, ways: Sequence[Way], size: str = "A4") -> str:
    """The whole file."""
    pack = facts.pack
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        language=escape(pack.languages[0]),
        name=escape(pack.label(pack.languages[0], "chat_title")),
        size=size,
        scale=SIZES[size],
        fonts="\n".join(font_face(weight, body) for weight, body in facts.fonts.items()),
        title=_said(pack, "chat_title"),
        intro=_said(pack, "poster_intro"),
        goals="\n".join(f"<li>{_said(pack, key)}</li>" for key in _GOALS),
        example=_said(pack, "poster_example"),
        ways="\n".join(_way(pack, each) for each in ways),
        centre=_lines(pack, "poster_centre", facts.centre),
        hotlines=_lines(pack, "poster_hotlines", facts.hotlines),
    )


def font_face(weight: str, body: bytes) -> str:
    """The rule by which a page has a font of ours within itself; `body` is WOFF2."""
    source = f"data:font/woff2;base64,{b64encode(body).decode()}"
    return f'@font-face {{ font-family: "Patou Lao"; font-weight: {weight}; src: url("{source}") format("woff2"); }}'


def _way(pack: Pack, way: Way) -> str:
    import segno  # the other commands start without it

    code = segno.make_qr(way.link, error="m").svg_inline(scale=4, border=4, title=way.link, omitsize=True)
    # A number is what people type: as large as the sheet allows. An address is scanned.
    kind = "number" if way.by == "sms" else "address"
    return (
        f'<section class="way"><div>{_said(pack, f"poster_by_{way.by}")}'
        f'<p class="{kind}">{escape(way.shown)}</p></div>{code}</section>'
    )


def _said(pack: Pack, key: str) -> str:
    """A label in every language, each said once."""
    words = {pack.label(language, key): language for language in reversed(pack.languages)}
    return "".join(
        f'<span lang="{escape(language)}">{escape(text)}</span>' for text, language in reversed(words.items())
    )


def _lines(pack: Pack, heading: str, lines: Mapping[str, Sequence[str]]) -> str:
    """A block of lines under a heading, language by language; nothing where there are none."""
    if not any(lines.values()):
        return ""
    blocks = "".join(
        f'<ul lang="{escape(language)}">{"".join(f"<li>{escape(each)}</li>" for each in said)}</ul>'
        for language, said in lines.items()
    )
    return f'<section class="lines"><h2>{_said(pack, heading)}</h2>{blocks}</section>'
