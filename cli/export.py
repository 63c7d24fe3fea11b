"""`patou export`: everything that is stored, one JSON object a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import click
import orjson

from bot.crypto import Vault
from bot.db import Database
from bot.export import export_consents, export_inbox, export_media, export_outbox
from cli.kit import Kit
from complaints.export import export_audit, export_cases

EXPORTS: dict[str, Callable[[Database, Vault | None], AsyncIterator[dict[str, Any]]]] = {
    "inbox": export_inbox,
    "outbox": export_outbox,
    "cases": export_cases,
    "audit": export_audit,
    "consents": export_consents,
    "media": export_media,
}


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.argument("what", type=click.Choice(list(EXPORTS)))
    @click.option("--jsonl", is_flag=True, help="One JSON object a line; the only format, named for clarity.")
    @click.option(
        "--decrypt", is_flag=True, help="Also what is sealed: addresses and texts. Administrators only."
    )
    def export(what: str, jsonl: bool, decrypt: bool) -> None:
        """Print WHAT is stored to standard output, beside a server that runs."""
        del jsonl
        asyncio.run(_export(kit, what, decrypt=decrypt))

    return [export]


async def _export(kit: Kit, what: str, *, decrypt: bool) -> None:
    async with kit.store(kit.config(), maintenance=True) as (db, vault):
        async for record in EXPORTS[what](db, vault if decrypt else None):
            click.echo(orjson.dumps(record))
