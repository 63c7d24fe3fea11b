"""`patou poster`: a sheet to print that says in every language what one can ask, and how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from bot.errors import ConfigurationError
from cli.kit import Kit
from cli.sheet import SIZES, sheet


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.option("--channel", "channels", multiple=True, help="A channel to name; all of them without it.")
    @click.option("--centre", default="", help="The id of the service centre where it hangs.")
    @click.option("--size", type=click.Choice(list(SIZES)), default="A4", show_default=True)
    @click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("poster.html"),
        show_default=True,
        help="The file to write; any browser prints it, or makes a PDF of it.",
    )
    def poster(channels: Sequence[str], centre: str, size: str, out: Path) -> None:
        """Write a sheet that says what one can ask and where to write: one HTML file that needs no other."""
        facts = kit.poster(kit.config(), centre)
        known = {each.channel for each in facts.ways}
        for name in channels:
            if name not in known:
                raise ConfigurationError(
                    f"channels.{name}.public_address: is not known; set it in channels.toml"
                )
        ways = [each for each in facts.ways if not channels or each.channel in channels]
        out.write_text(sheet(facts, ways, size), encoding="utf-8")
        click.echo(f"{out}: {', '.join(each.channel for each in ways)}")

    return [poster]
