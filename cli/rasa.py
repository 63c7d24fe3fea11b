"""`patou rasa`: the same conversations for people who run a Rasa server."""

from __future__ import annotations

from pathlib import Path

import click

from bot.pack import Pack
from bot.places import Places
from bot.rasa.project import Export, write
from cli.kit import Kit
from services.catalogue import Catalogue


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def rasa() -> None:
        """Work with a Rasa 3.6 server."""

    @rasa.command()
    @click.argument("folder", type=click.Path(path_type=Path))
    @click.option("--language", default="", help="Only this language of the pack; all of them without it.")
    @click.option(
        "--epochs", type=click.IntRange(min=1), default=100, show_default=True, help="How long DIET learns."
    )
    @click.option("--light", is_flag=True, help="Learn by logistic regression: minutes instead of hours.")
    def export(folder: Path, language: str, epochs: int, light: bool) -> None:
        """Write the pack and the rules as a Rasa project into FOLDER, new or of an earlier export."""
        config = kit.config()
        pack = Pack.load(config.pack_root)
        services = Catalogue.load(pack)
        files = Export(
            pack=pack,
            rules=kit.rules(),
            places=Places.load(pack),
            services={each: list(services.names(each)) for each in services.services},
            url=config.public_url,
            language=language,
            epochs=epochs,
            light=light,
        ).files()
        write(files, folder)
        for path in sorted(files):
            click.echo(folder / path)

    return [rasa]
