"""What is enclosed as addresses: a place on a map, and a file by the name in its address."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from bot.messages import Enclosure

OPENSTREETMAP = (
    "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=17/{latitude}/{longitude}"
)
_MARKS = ("{latitude}", "{longitude}")


def check_map(address: str) -> None:
    """Raise ValueError for what cannot be the address of a map."""
    rest = address
    for mark in _MARKS:
        rest = rest.replace(mark, "0")
    if urlsplit(rest).scheme != "https" or "{" in rest or not all(mark in address for mark in _MARKS):
        raise ValueError("map_url: must begin with https:// and have {latitude} and {longitude}")


def map_link(address: str, place: Enclosure) -> str:
    """Where a browser shows the place; `address` has a mark for each of its degrees."""
    north, east = _degrees(place)
    return address.replace("{latitude}", north).replace("{longitude}", east)


def geo(place: Enclosure) -> str:
    """The place for whatever map a phone has (RFC 5870; with `q`, Android's maps put a pin there)."""
    at = ",".join(_degrees(place))
    return f"geo:{at}?q={at}"


def position(place: Enclosure) -> str:
    """The degrees as people read them."""
    return ", ".join(_degrees(place))


def file_name(file: Enclosure) -> str:
    """The last name in the address of a file."""
    return unquote(urlsplit(file.url).path).rpartition("/")[2]


def _degrees(place: Enclosure) -> tuple[str, str]:
    """To ten centimetres."""
    return f"{place.latitude:.6f}", f"{place.longitude:.6f}"
