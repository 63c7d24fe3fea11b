"""The `patou` command: its groups, each loaded when it is called, and what every command shares."""

from __future__ import annotations

import sys
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from bot.errors import PatouError
from cli.kit import Kit

# Which module has which command: what one of them needs is not loaded for the others.
_MODULES = MappingProxyType(
    {
        "audit": "data",
        "catalogue": "catalogue",
        "channels": "doctor",
        "chat": "talk",
        "db": "data",
        "doctor": "doctor",
        "export": "export",
        "keys": "data",
        "media": "media",
        "nlu": "nlu",
        "pack": "pack",
        "parse": "parse",
        "play": "talk",
        "poster": "poster",
        "purge": "data",
        "rasa": "rasa",
        "register": "register",
        "routes": "routes",
        "serve": "serve",
        "sms": "sms",
        "texts": "texts",
    }
)


class _Patou(click.Group):
    """Ends with one plain line, and exit code 1, when Patou names what is wrong."""

    def __init__(self, *, kit: Kit, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._kit = kit

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """See `click.Group.list_commands`."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """See `click.Group.get_command`; `commands(kit)` of its module makes it."""
        if cmd_name not in _MODULES:
            return None
        made: list[click.Command] = import_module(f"cli.{_MODULES[cmd_name]}").commands(self._kit)
        return next(each for each in made if each.name == cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is called."""
        try:
            return super().invoke(ctx)
        except PatouError as error:
            click.echo(f"patou: {error}", err=True)
            sys.exit(1)


def command(kit: Kit) -> click.Group:
    """The whole command."""

    @click.group(cls=_Patou, kit=kit, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(package_name="patou")
    def patou() -> None:
        """One door to public services, on any phone."""

    return patou
