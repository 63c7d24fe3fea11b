"""What people open in a browser: each web channel's pages, official forms, and how a case stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from aiohttp import web

from bot.messages import MediaKind
from bot.uploads import Uploads
from channels.base import Channel
from channels.case_slip import CaseSlips
from channels.chat import ChatPages
from channels.chat_files import ChatFiles
from channels.kiosk import Kiosk
from channels.plain_chat import PlainChat
from channels.uploads import UploadDoor
from channels.web import WebChannel
from complaints.store import Cases
from composition.installation import Installation
from dialogs.words import Words
from services.forms import PATH as FORMS_PATH
from services.forms import FormFiles
from web.assets import Assets
from web.forms import routes as form_routes
from web.status_page import Parts, StatusPage

# A village may be behind one address of its operator; a number has its own few guesses all the same.
NETWORK_GUESSES_A_DAY = 50
_HERE = Path(__file__).parent.parent


def pages(
    channels: Iterable[Channel],
    opened: Installation,
    limits: Mapping[MediaKind, int],
    attached: Callable[[], None],
) -> Sequence[web.RouteDef]:
    """Their routes; files of up to `limits` bytes are taken, and `attached` is called when one came."""
    ground = opened.ground
    pack = ground.country.pack
    assets = Assets([_HERE / "web" / "static", _HERE / "channels" / "static"])
    slips = CaseSlips(
        words
        for texts in pack.texts.values()
        for text in texts.values()
        for words in (text.text, text.short, text.screen)
    )
    parts = Parts(
        cases=Cases(ground.db, ground.vault, ground.clock, guesses_each=NETWORK_GUESSES_A_DAY),
        words=pack,
        assets=assets,
        limits=opened.limits,
        clock=ground.clock,
        date=lambda language, moment: Words(pack=pack, language=language).date(moment),
        public_url=ground.config.public_url,
    )
    forms = FormFiles(pack.root, ground.config.public_url)
    routes = [*assets.routes(), *StatusPage(parts).routes(), *form_routes(forms.by_name, FORMS_PATH)]
    door = UploadDoor(Uploads(ground.db, ground.clock, ground.chance), limits)
    for channel in channels:
        if isinstance(channel, WebChannel):
            channel.slips = slips
            files = ChatFiles(channel, opened.pipeline, opened.limits, door, attached)
            routes += [*files.routes(), *_chat(channel, opened, assets, files)]
    return routes


def _chat(
    channel: WebChannel, opened: Installation, assets: Assets, files: ChatFiles
) -> Sequence[web.RouteDef]:
    """The pages of a web channel: at /chat and /kiosk, and those of others below them."""
    below = "" if channel.name == WebChannel.kind else f"/{channel.name}"
    pack, outbox, limits = opened.ground.country.pack, opened.outbox, opened.limits
    plain = PlainChat(channel, files, outbox, limits, pack, assets, f"/chat{below}")
    chat = ChatPages(channel, outbox, limits, pack, assets, files.door.accepts, f"/chat{below}")
    routes = [*chat.routes(), *plain.routes()]
    if channel.settings.kiosk:
        routes += Kiosk(channel, pack, assets, f"/kiosk{below}").routes()
    return routes
