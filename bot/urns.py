"""Who a message comes from: a scheme and an address that is opaque to everything but its channel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import MalformedUrn

LONGEST_ADDRESS = 255  # characters
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Urn:
    """`tel:+8562055512345`, `telegram:12345`, `web:<session>`; compared exactly.

    Raises MalformedUrn for an address that is empty, too long, or has characters that cannot be seen or stored.
    """

    scheme: str
    address: str

    def __post_init__(self) -> None:
        fits = 0 < len(self.address) <= LONGEST_ADDRESS and self.address.isprintable()
        if not self.scheme.isalnum() or not fits:
            raise MalformedUrn

    @classmethod
    def parse(cls, text: str) -> Urn:
        """Read `scheme:address`; raises MalformedUrn."""
        scheme, _, address = text.partition(":")
        return cls(scheme, address)

    @property
    def phone(self) -> str:
        """The number in E.164 form where the address is one, else the empty string."""
        return self.address if _PHONE.fullmatch(self.address) else ""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.address}"
