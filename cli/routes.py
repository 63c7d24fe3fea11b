"""`patou routes`: every way into the server over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext

import click
import orjson

from bot.config import Config
from cli.kit import Kit, Route


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True, help="One JSON array.")
    def routes(as_json: bool) -> None:
        """List every route with its method and who may use it."""
        found = asyncio.run(_routes(kit))
        if as_json:
            rows = [{"method": each.method, "path": each.path, "roles": [role]} for role, each in found]
            click.echo(orjson.dumps(rows))
            return
        for role, each in found:
            click.echo(f"{each.method:8}{each.path:44}{role}")

    return [routes]


async def _routes(kit: Kit) -> Sequence[tuple[str, Route]]:
    config = kit.config()
    # The database may not be there yet; then this makes it, as a first start would.
    async with kit.store(config, maintenance=False) if _is_new(config) else nullcontext():
        pass
    async with kit.server(config, maintenance=True) as server:
        return server.routes


def _is_new(config: Config) -> bool:
    return not config.database_url and not (config.data_dir / "patou.db").exists()
