"""`patou sms`: what a text costs as an SMS, to the part."""

from __future__ import annotations

import click
import orjson

from bot.pack import Pack
from bot.phones import PhoneRules
from bot.text.dear import dear
from bot.text.parts import split
from bot.text.typography import plain
from cli.kit import Kit


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.argument("text")
    @click.option("--to", default="", help="A phone number, for the price of its operator.")
    def sms(text: str, to: str) -> None:
        """Print encoding, units, parts and price of TEXT as a phone would receive it, as JSON.

        Units are septets for GSM-7 and UTF-16 units for UCS-2. The price is null where the
        operator's price a part is not known. `dear` are the few characters that make a text in the basic alphabet
        cost what Lao costs.
        """
        said = plain(text)
        parts = split(said)
        rules = PhoneRules.load(Pack.load(kit.config().pack_root))
        number = rules.normalise(to) if to else None
        a_part = rules.price(number) if number else None
        click.echo(
            orjson.dumps(
                {
                    "encoding": parts.encoding,
                    "units": parts.units,
                    "parts": parts.parts,
                    "price": a_part * len(parts.parts) / 100 if a_part is not None else None,
                    "operator": rules.operator(number) if number else "",
                    "dear": dear(said),
                }
            )
        )

    return [sms]
