"""`patou routes`: every way into the server over HTTP."""

from __future__ import annotations

import asyncio

import click
import orjson

from cli.kit import Kit


def command(kit: Kit) -> click.Command:
    """The command."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True, help="One JSON array.")
    def routes(as_json: bool) -> None:
        """List every route with its method and who may use it."""
        found = asyncio.run(kit.routes(kit.config()))
        if as_json:
            rows = [{"method": each.method, "path": each.path, "roles": each.roles} for each in found]
            click.echo(orjson.dumps(rows))
            return
        for each in found:
            click.echo(f"{each.method:8}{each.path:44}{', '.join(each.roles)}")

    return routes
