"""`patou db`, `purge`, `keys` and `audit`: looking after what is stored."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import orjson

from bot import migrate
from bot.clock import Clock
from bot.config import Config
from bot.learning.kept import unclear_rules
from bot.media import media_rule
from bot.retention import floor_rules, purge
from bot.rotation import Rotation, rotate
from cli.kit import Kit
from complaints import audit
from complaints.export import export_audit
from complaints.retention import case_rule, held_contacts
from complaints.sequencer import AnchorFile
from services.retention import service_rules


def commands(kit: Kit) -> list[click.Command]:
    """All four."""
    return [_db(kit), _purge(kit), _keys(kit), _audit(kit)]


def _db(kit: Kit) -> click.Command:
    @click.group()
    def db() -> None:
        """Bring the database up to date, or see whether it is."""

    @db.command()
    def upgrade() -> None:
        """Bring the tables to this release; harmless when they are."""

        async def run() -> None:
            async with kit.store(kit.config(), maintenance=False):
                click.echo("The database is up to date.")

        asyncio.run(run())

    @db.command()
    def check() -> None:
        """Say how the tables differ from what this release expects; exit code 1 if they do."""

        async def run() -> list[str]:
            async with kit.store(kit.config(), maintenance=True) as (database, _):
                return await migrate.check(database)

        differences = asyncio.run(run())
        for each in differences:
            click.echo(each)
        if differences:
            sys.exit(1)
        click.echo("The database is as this release expects it.")

    return db


def _purge(kit: Kit) -> click.Command:
    @click.command("purge")
    def command() -> None:
        """Erase what is past its days, class by class, and print how many rows of each."""

        async def run() -> dict[str, int]:
            async with kit.store(kit.config(), maintenance=True) as (database, _):
                rules = (
                    case_rule(),
                    media_rule(),
                    *service_rules(),
                    *unclear_rules(),
                    *floor_rules(held_contacts()),
                )
                return await purge(database, Clock().now(), rules)

        click.echo(orjson.dumps(asyncio.run(run())))

    return command


def _keys(kit: Kit) -> click.Command:
    @click.group()
    def keys() -> None:
        """Look after the keys under which personal data are sealed."""

    @keys.command("rotate")
    @click.option(
        "--grace",
        default=0,
        type=click.IntRange(0, 3600),
        help="Seconds until the new key is used, for servers that go on meanwhile (PostgreSQL): at least 60.",
    )
    def rotate_keys(grace: int) -> None:
        """Seal everything again under a new key; can be interrupted and run again.

        An embedded database is rotated while no server runs.
        """

        async def run() -> Rotation:
            clock = Clock()
            async with kit.store(kit.config(), maintenance=False) as (database, vault):
                if grace:
                    await vault.add_data_key(clock.now() + timedelta(seconds=grace))
                    await asyncio.sleep(grace)
                return await rotate(database, vault, clock)

        done = asyncio.run(run())
        click.echo(f"{done.resealed} rows sealed again, {len(done.retired)} keys retired.")
        if done.unreadable:
            click.echo(f"{done.unreadable} rows could not be opened.", err=True)
            sys.exit(1)

    return keys


def _audit(kit: Kit) -> click.Command:
    @click.group("audit")
    def group() -> None:
        """Check the chain of case events."""

    @group.command()
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
    @click.option("--key", default="", help="The installation's public key, in hex; its own by default.")
    def verify(file: Path | None, key: str) -> None:
        """Verify the chain in FILE (an `export audit`), or the database's own, against the anchors."""
        config = kit.config()
        rows, own_key = asyncio.run(_chain(kit, config)) if not (file and key) else ([], b"")
        if file:
            rows = _read(file)
        anchors = AnchorFile(config.anchor_file).read()
        verdict = audit.verify(rows, anchors, bytes.fromhex(key) if key else own_key)
        for problem in verdict.problems:
            click.echo(str(problem))
        if not verdict.whole:
            sys.exit(1)
        click.echo(f"Whole: {verdict.length} events, anchored up to {verdict.anchored}.")

    return group


async def _chain(kit: Kit, config: Config) -> tuple[list[dict[str, Any]], bytes]:
    async with kit.store(config, maintenance=True) as (database, vault):
        return [row async for row in export_audit(database)], vault.public_key()


def _read(file: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]
