"""What an SMPP section of channels.toml can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from channels.config import setting
from channels.senders import check_sender
from channels.smpp_ussd import OPERATIONS, PROFILES

_ONE_OF = {
    "bind": ("transceiver", "separate"),
    "alphabet": ("gsm", "latin-1"),
    "receipt_ids": ("auto", "same", "decimal", "hex"),
    "validity": ("relative", "absolute", "none"),
    "ussd": ("", *PROFILES),
}
_ABOVE_0 = ("binds", "window", "enquire_link", "reconnect", "timeout")
_SYSTEM_ID, _PASSWORD = 15, 8
_OCTET = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The fields of a `kind = "smpp"` section."""

    host: str = setting("address of the SMSC")
    port: int = setting("port of the SMSC", 2775)
    receive_port: int = setting("port of receiver binds, where it is another one", 0)
    tls: bool = setting("TLS, with a certificate that this machine trusts", default=False)
    system_id: str = setting("our account, at most 15 characters")
    password: str = setting("password of the account, at most 8 characters", secret=True)
    system_type: str = setting("type of our system, where the operator wants one", "")
    address_range: str = setting("addresses whose messages we take, where the operator wants it", "")
    bind: str = setting("transceiver, or separate: a transmitter and a receiver", "transceiver")
    binds: int = setting("how many of them", 1)
    window: int = setting("requests under way on one bind", 10)
    enquire_link: float = setting("seconds of silence before we ask whether the SMSC is there", 30.0)
    reconnect: float = setting("seconds before a lost link is opened again; then twice that, up to 60", 1.0)
    sender: str = setting("our short code, number or name", "")
    source_ton: int = setting("type of number of the sender; -1 as it looks", -1)
    source_npi: int = setting("numbering plan of the sender; -1 as it looks", -1)
    country_code: str = setting("what a number without country code is given in its place, like 856", "")
    service_type: str = setting("service_type of our messages", "")
    alphabet: str = setting("what data_coding 0 is there: gsm or latin-1", "gsm")
    receipts: bool = setting("ask for receipts", default=True)
    receipt_ids: str = setting("how receipts write ids: auto, same, decimal or hex", "auto")
    validity: str = setting(
        "how a message says until when it is good: relative, absolute or none", "relative"
    )
    flash: bool = setting(
        "show what follows a dialled session on the screen at once, if the operator allows it", default=False
    )
    ussd: str = setting(f"for USSD, the dialect: {', '.join(PROFILES)}; empty for SMS", "")
    ussd_code: str = setting("the code that is dialled, like *1500#", "")
    ussd_operations: Mapping[str, str] = setting(
        f"hexadecimal values of {', '.join(OPERATIONS)} that differ from the dialect", factory=dict
    )
    ussd_ucs2: bool = setting("screens may be in Lao letters", default=True)
    rate: float = setting("messages a second; 0 sends as fast as the SMSC takes them", 0.0)
    timeout: float = setting("seconds that a message may take to be handed over", 10.0)

    def __post_init__(self) -> None:
        for name, allowed in _ONE_OF.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}: must be one of {', '.join(filter(None, allowed))}")
        for name in _ABOVE_0:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: must be above 0")
        self._check_account()
        check_sender(self.sender)
        for name, value in self.ussd_operations.items():
            _check_operation(name, value)

    def _check_account(self) -> None:
        if len(self.system_id) > _SYSTEM_ID:
            raise ValueError(f"system_id: has more than {_SYSTEM_ID} characters")
        if len(self.password) > _PASSWORD:
            raise ValueError(f"password: has more than {_PASSWORD} characters, the limit of SMPP")
        for name in ("source_ton", "source_npi"):
            if not -1 <= getattr(self, name) <= _OCTET:
                raise ValueError(f"{name}: must be from -1 to {_OCTET}")
        if self.country_code and not (self.country_code.isascii() and self.country_code.isdecimal()):
            raise ValueError("country_code: must be digits")


def _check_operation(name: str, value: str) -> None:
    if name not in OPERATIONS:
        raise ValueError(f"ussd_operations.{name}: must be one of {', '.join(OPERATIONS)}")
    try:
        found = bytes.fromhex(value)
    except ValueError:
        found = b""
    if len(found) != 1:
        raise ValueError(f"ussd_operations.{name}: must be two hexadecimal digits")
