"""`patou media`: what citizens sent with their cases, listed and handed out to an administrator."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import orjson

from bot.clock import Chance, Clock
from cli.kit import Kit
from complaints.attachments import CaseFiles


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def media() -> None:
        """See the photos, recordings, papers and places that belong to a case."""

    @media.command("list")
    @click.argument("case")
    def list_(case: str) -> None:
        """Print what is attached to CASE, its number, one JSON object a line; where somebody was is in the export."""
        asyncio.run(_list(kit, case))

    @media.command("export")
    @click.argument("case")
    @click.option(
        "--out",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder to write the files into; made where there is none.",
    )
    def export(case: str, out: Path) -> None:
        """Write the files and places of CASE, opened, into a folder. That it was done, and by whom, is on record.

        They were made safe when they came, but they are what strangers sent: look at them on a machine
        that holds nothing else, and delete them afterwards.
        """
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        asyncio.run(_export(kit, case, out))

    return [media]


async def _list(kit: Kit, case: str) -> None:
    async with _files(kit) as files:
        for each in await files.of(case):
            click.echo(orjson.dumps(each))


async def _export(kit: Kit, case: str, out: Path) -> None:
    async with _files(kit) as files:
        async for name, data in files.hand_out(case, _who()):
            click.echo(_written(out / name, data))


def _who() -> str:
    """The account that this runs under, as the system has it: $LOGNAME says what its caller wants."""
    return pwd.getpwuid(os.getuid()).pw_name


def _written(path: Path, data: bytes) -> str:
    """Write a file that only its owner reads, over no other; its path."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return str(path)


@asynccontextmanager
async def _files(kit: Kit) -> AsyncIterator[CaseFiles]:
    async with kit.store(kit.config(), maintenance=True) as (db, vault):
        yield CaseFiles(db, vault, Clock(), Chance())
