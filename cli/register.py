"""`patou register`: what offices tell of their applications, so that people can ask how theirs stand."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from bot.clock import Clock
from bot.crypto import Vault
from bot.db import Database
from bot.errors import ConfigurationError
from bot.pack import Pack
from bot.phones import PhoneRules
from bot.text.check_digits import SCHEMES
from cli.kit import Kit
from services import register_files
from services.catalogue import Catalogue
from services.register_files import RowProblem, Rules
from services.registers import RegisterInfo, registers

T = TypeVar("T")

_PROBLEMS_SHOWN = 50
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON.")


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def register() -> None:
        """Registers of applications: take in an office's list, see what is held, let it go."""

    for each in (_import(kit), _list(kit), _forget(kit)):
        register.add_command(each)
    return [register]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Delivery:
    """What an office sends, and how it is to be taken; no `check_digit` means the one declared before."""

    file: Path
    register: str
    check_digit: str | None
    told_at: datetime
    whole: bool
    kept: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """How many applications were taken in and out, or what stood in the way."""

    taken_in: int = 0
    taken_out: int = 0
    problems: Sequence[RowProblem] = ()


def _import(kit: Kit) -> click.Command:
    @click.command("import", params=_delivery_options())
    def command(as_json: bool, as_of: datetime | None, keep_days: int, **options: Any) -> None:
        """Take in FILE, a CSV of number, service, state, since, next_step, office, missing, phone, pin, birth_date.

        All rows or none: what is wrong is told line by line.
        """
        pack = Pack.load(kit.config().pack_root)
        now = Clock().now()
        told_at = as_of.replace(tzinfo=pack.zone).astimezone(UTC) if as_of else now
        if told_at > now:
            raise click.BadParameter("is still to come", param_hint="--as-of")
        delivery = _Delivery(told_at=told_at, kept=timedelta(days=keep_days), **options)
        outcome = asyncio.run(_with_store(kit, partial(_take_in, delivery, pack)))
        if outcome.problems:
            _tell(outcome.problems, as_json=as_json)
            sys.exit(1)
        done = {"rows": outcome.taken_in, "taken_out": outcome.taken_out, "as_of": told_at.isoformat()}
        words = f"{outcome.taken_in} applications taken in, {outcome.taken_out} taken out."
        _print(delivery.register, done, words, as_json=as_json)

    return command


def _delivery_options() -> list[click.Parameter]:
    return [
        click.Argument(["file"], type=click.Path(path_type=Path, exists=True, dir_okay=False)),
        click.Option(
            ["--register"], required=True, callback=_name, help="Which: small letters, digits, dashes."
        ),
        click.Option(
            ["--check-digit"],
            type=click.Choice(sorted(SCHEMES)),
            help="How the numbers check themselves; as the last time by default.",
        ),
        click.Option(
            ["--as-of"],
            type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
            help="When the office made the list (local time); now by default.",
        ),
        click.Option(
            ["--whole"], is_flag=True, help="The file is the whole register: take out what it does not name."
        ),
        click.Option(
            ["--keep-days"],
            default=365,
            show_default=True,
            type=click.IntRange(1, 3650),
            help="How long an application stays that is not told again.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="JSON, one object a line."),
    ]


def _name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if register_files.NAME.fullmatch(name):
        return name
    raise click.BadParameter("small letters, digits and dashes, 40 at most")


async def _take_in(delivery: _Delivery, pack: Pack, db: Database, vault: Vault) -> _Outcome:
    declared = {info.name: info.check_digit for info in await registers(db)}
    scheme = delivery.check_digit
    if scheme is None:
        scheme = declared.get(delivery.register, "")
    rules = Rules(
        services=frozenset(Catalogue.load(pack).services),
        today=Clock().now().astimezone(pack.zone).date(),
        check_digit=scheme,
        phone=PhoneRules.load(pack).normalise,
    )
    rows, problems = register_files.read(delivery.file, rules)
    if problems:
        return _Outcome(problems=problems)
    info = RegisterInfo(name=delivery.register, check_digit=scheme, as_of=delivery.told_at)
    taken_out = await register_files.import_applications(
        db, vault, info, rows, kept=delivery.kept, whole=delivery.whole
    )
    return _Outcome(taken_in=len(rows), taken_out=taken_out)


def _list(kit: Kit) -> click.Command:
    @click.command("list")
    @_JSON
    def command(as_json: bool) -> None:
        """Print each register, how many applications it holds, and when it was last told."""

        async def run(db: Database, _vault: Vault) -> list[tuple[RegisterInfo, int]]:
            return list(await register_files.counts(db))

        for info, held in asyncio.run(_with_store(kit, run)):
            if as_json:
                about = {"register": info.name, "applications": held, "as_of": info.as_of.isoformat()}
                click.echo(orjson.dumps(about | {"check_digit": info.check_digit}))
            else:
                click.echo(f"{info.name}\t{held}\t{info.as_of.isoformat()}\t{info.check_digit or '-'}")

    return command


def _forget(kit: Kit) -> click.Command:
    @click.command("forget")
    @click.argument("name")
    @_JSON
    def command(name: str, as_json: bool) -> None:
        """Erase the register NAME with all its applications."""

        async def run(db: Database, _vault: Vault) -> int | None:
            return await register_files.forget(db, name)

        erased = asyncio.run(_with_store(kit, run))
        if erased is None:
            raise click.ClickException(f"no register {name}")
        _print(name, {"erased": erased}, f"{erased} applications erased.", as_json=as_json)

    return command


async def _with_store(kit: Kit, work: Callable[[Database, Vault], Awaitable[T]]) -> T:
    """Work on the store, migrated where no server runs, else beside the one that does."""
    config = kit.config()
    try:
        async with kit.store(config, maintenance=False) as (db, vault):
            return await work(db, vault)
    except ConfigurationError:
        async with kit.store(config, maintenance=True) as (db, vault):
            return await work(db, vault)


def _tell(problems: Sequence[RowProblem], *, as_json: bool) -> None:
    for each in problems[:_PROBLEMS_SHOWN]:
        about = {"line": each.line, "column": each.column, "problem": each.problem}
        click.echo(orjson.dumps(about) if as_json else str(each), err=not as_json)
    more = len(problems) - _PROBLEMS_SHOWN
    if more > 0 and not as_json:
        click.echo(f"and {more} more", err=True)
    if not as_json:
        click.echo("Nothing was taken in.", err=True)


def _print(register: str, about: dict[str, object], words: str, *, as_json: bool) -> None:
    click.echo(orjson.dumps({"register": register, **about}) if as_json else f"{register}: {words}")
