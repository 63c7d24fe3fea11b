"""Twilio's files: what a message has with it, and where Twilio keeps it.

Sample of a message (form fields): NumMedia=1, MediaUrl0=https://api.twilio.com/2010-04-01/Accounts/AC…/Messages/MM…
/Media/ME…, MediaContentType0=image/jpeg. A place shared on WhatsApp comes as Latitude, Longitude and Label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import encode_basic_auth

from bot.messages import Attachment, MediaKind
from channels.attachments import Attachments, told_file, told_place
from channels.base import Source
from channels.errors import FetchError

API = "https://api.twilio.com"
# Media of an account that wants no password for it lie in a bucket of all the world's: they are not fetched there.
HOSTS = ("api.twilio.com", "twiliocdn.com")
_MOST = 10
# Only the path counts: who is asked is in the configuration.
_PATH = re.compile(
    r"https://[a-z0-9.-]+(/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages/[SM]M[0-9a-fA-F]{32}/Media/ME[0-9a-fA-F]{32})"
)
_KINDS: Mapping[str, MediaKind] = {
    "image": MediaKind.PHOTO,
    "audio": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
}


def attachments(form: Mapping[str, str]) -> Attachments:
    """The files and the place in a message."""
    count = form.get("NumMedia", "0")
    number = min(int(count), _MOST) if count.isascii() and count.isdecimal() and len(count) < _MOST else 0
    files = [each for n in range(number) for each in _file(form, n)]
    return (*files, *told_place(form.get("Latitude"), form.get("Longitude"), form.get("Label")))


def locate(attachment: Attachment, api_url: str, account: str, token: str) -> Source:
    """Where a file lies. Raises FetchError for what is none of this account's."""
    found = _PATH.fullmatch(attachment.reference)
    if found is None or found[2] != account:
        raise FetchError(code="bad_reference")
    home = api_url.rstrip("/")
    return Source(
        url=home + found[1],
        hosts=HOSTS,
        inside="" if home == API else home,
        headers={"Authorization": encode_basic_auth(account, token)},
        redirects=1,
    )


def _file(form: Mapping[str, str], number: int) -> Attachments:
    media_type = form.get(f"MediaContentType{number}", "")
    kind = _KINDS.get(media_type.partition("/")[0].lower(), MediaKind.DOCUMENT)
    url = form.get(f"MediaUrl{number}")
    return told_file(kind, url, form, media_type=f"MediaContentType{number}")
