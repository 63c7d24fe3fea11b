"""The `patou` command: its groups, and what every command shares."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from bot.errors import PatouError
from bot.messages import Capabilities
from cli import catalogue, data, doctor, export, nlu, pack, parse, register, routes, serve, sms, talk, texts
from cli.kit import Kit


class _Patou(click.Group):
    """Ends with one plain line, and exit code 1, when Patou names what is wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PatouError as error:
            click.echo(f"patou: {error}", err=True)
            sys.exit(1)


def command(kit: Kit, checks: Sequence[pack.Check], shown: Mapping[str, Capabilities]) -> click.Group:
    """The whole command; `checks` are those of the pack, `shown` the channels that `chat` can play."""

    @click.group(cls=_Patou, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(package_name="patou")
    def patou() -> None:
        """One door to public services, on any phone."""

    for each in (
        serve.command(kit),
        *talk.commands(kit, shown),
        parse.command(kit),
        sms.command(kit),
        nlu.command(kit),
        pack.command(kit, checks),
        texts.command(kit, checks),
        export.command(kit),
        routes.command(kit),
        register.command(kit),
        catalogue.command(kit),
        *data.commands(kit),
        *doctor.commands(kit),
    ):
        patou.add_command(each)
    return patou
