"""A country: what its pack says, read by those who use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot import calendar, phones, places, sending
from bot.calendar import WorkingCalendar
from bot.pack import Pack
from bot.phones import PhoneRules
from bot.places import Places
from bot.sending import SendingHours
from complaints import categories, routing
from complaints.categories import Categories
from complaints.routing import Desks
from composition import examples
from dialogs import menu_lint, reminder_words
from services import catalogue, centres, citizens, journeys, local, ministries, offered
from services.catalogue import Catalogue
from services.centres import Centres
from services.local import load_local
from services.view import Services

# What each domain looks for in its own files.
PACK_CHECKS = (
    calendar.check,
    places.check,
    phones.check,
    sending.check,
    reminder_words.check,
    menu_lint.check,
    citizens.check,
    catalogue.check,
    centres.check,
    local.check,
    ministries.check,
    offered.check,
    journeys.check,
    categories.check,
    routing.check,
    examples.check_lexicons,
    examples.check,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """What the pack says, read by those who use it."""

    pack: Pack
    catalogue: Catalogue
    services: Services
    centres: Centres
    places: Places
    calendar: WorkingCalendar
    phones: PhoneRules
    sending: SendingHours
    categories: Categories
    desks: Desks

    @classmethod
    def load(cls, path: Path) -> Country:
        """Read the pack; raises the first PackError."""
        pack = Pack.load(path)
        catalogue, places = Catalogue.load(pack), Places.load(pack)
        centres = Centres.load(pack, places)
        return cls(
            pack=pack,
            catalogue=catalogue,
            services=Services(catalogue=catalogue, places=centres, overlays=load_local(catalogue, centres)),
            centres=centres,
            places=places,
            calendar=WorkingCalendar.load(pack),
            phones=PhoneRules.load(pack),
            sending=SendingHours.load(pack),
            categories=Categories.load(pack),
            desks=Desks.load(pack),
        )
