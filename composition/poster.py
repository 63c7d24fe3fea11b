"""What stands on a poster: the configured channels, the numbers to call, and the centre where it hangs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.config import Config, environment
from bot.errors import ConfigurationError
from channels.config import load_channels
from channels.reach import Reach
from cli.sheet import Poster
from composition.country import Country
from dialogs.hotlines import Hotlines
from dialogs.words import Words
from services.centres import Centre

_FONTS = Path(__file__).parents[1] / "web" / "static"
_WEIGHTS = {"400": "noto-sans-lao-Regular.woff2", "700": "noto-sans-lao-Bold.woff2"}


def poster_of(config: Config, centre_id: str) -> Poster:
    """Read it all; raises ConfigurationError for a centre that is not there, or an address that cannot be."""
    country = Country.load(config.pack_root)
    centre = country.centres.get(centre_id) if centre_id else None
    if centre_id and centre is None:
        known = ", ".join(each.id for each in country.centres.all())
        raise ConfigurationError(f"no centre {centre_id}; there are {known}")
    configs = load_channels(config.channels, environment())
    hotlines = Hotlines.load(country.pack)
    near = country.centres.chain(centre.id) if centre else ()
    languages = {each: Words(pack=country.pack, language=each) for each in country.pack.languages}
    return Poster(
        pack=country.pack,
        ways=Reach.load().ways(configs, config.public_url),
        hotlines={each: hotlines.every(words, near) for each, words in languages.items()},
        centre={each: _about(country, centre, words) for each, words in languages.items()} if centre else {},
        fonts=fonts(),
    )


def fonts() -> dict[str, bytes]:
    """Those of pages that need no other file, by weight, as WOFF2."""
    return {weight: (_FONTS / name).read_bytes() for weight, name in _WEIGHTS.items()}


def _about(country: Country, centre: Centre, words: Words) -> Sequence[str]:
    """What is known of a centre, in one language: its name, the way to it, its hours, its phone."""
    hours = words.hours(centre.calendar(country.calendar)) if centre.week else ""
    name = country.pack.pick(centre.names, words.language)
    address = country.pack.pick(centre.address, words.language) if centre.address else ""
    return [each for each in (name, address, hours, centre.phone) if each]
