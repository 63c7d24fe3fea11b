"""The terminal as a channel: what each kind of phone or app can show, for trying conversations without one."""

from __future__ import annotations

from types import MappingProxyType

from bot.messages import Capabilities, MediaKind

_SHOWN = frozenset({MediaKind.LOCATION, MediaKind.DOCUMENT})

# By the name that `patou chat --channel` takes. Limits: GSM 03.38 and Twilio for SMS, 160 octets of
# UCS-2 for a USSD screen in Lao, and the providers' documents for the apps.
CAPABILITIES = MappingProxyType(
    {
        "sms": Capabilities(max_units=1600, sms=True, inline=True),
        "ussd": Capabilities(max_units=80, max_septets=182, session=True, inline=True),
        "telegram": Capabilities(
            max_units=4096, buttons=10, button_units=60, inline=True, contact=True, enclosures=_SHOWN
        ),
        "whatsapp": Capabilities(max_units=1024, buttons=10, button_units=72, inline=True, enclosures=_SHOWN),
        "messenger": Capabilities(
            max_units=2000, buttons=13, button_units=20, inline=True, enclosures=_SHOWN
        ),
        "line": Capabilities(max_units=2000, buttons=13, button_units=20, inline=True, enclosures=_SHOWN),
        "web": Capabilities(max_units=4000, buttons=10, button_units=60, inline=True, enclosures=_SHOWN),
    }
)
