"""`patou catalogue`: the public services as they stand, and what staff change of them while they are told."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import orjson

from cli import exchange
from cli.kit import Kit
from services.answers import cost_lines, duration_lines, office, requirement_lines
from services.centres import Centre, CentreKind, CentreStatus
from services.changes import Change, ChangeKind
from services.differences import differences
from services.layers import FOREVER
from services.overlays import Overlays
from services.record import PublicService, Status
from services.view import Services
from services.week import write_week

T = TypeVar("T")

_EVERY = "all"
_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
_json = click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
_language = click.option(
    "--lang", "language", default="en", show_default=True, help="Language to show it in."
)
_place = click.option("--place", default="", help="Code of a province, a district or a centre.")
_by = click.option("--by", default=getpass.getuser, help="Who makes the change; you by default.")
_from = click.option("--from", "begins", type=_DAY, help="From when, local time; now by default.")
_until = click.option(
    "--until", "ends", type=_DAY, help="Until when, local time; until withdrawn by default."
)


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def catalogue() -> None:
        """Public services: see them as they stand, and change what is told of them."""

    for each in (
        _list(kit),
        _show(kit),
        _notice(kit),
        _set_fee(kit),
        _centre(kit),
        _withdraw(kit),
        _history(kit),
        _differences(kit),
        *exchange.commands(kit),
    ):
        catalogue.add_command(each)
    return [catalogue]


def _list(kit: Kit) -> click.Command:
    @click.command("list")
    @_place
    @_language
    @_json
    def list_(place: str, language: str, as_json: bool) -> None:
        """List all services, and how sure what is told of each is."""

        async def read(opened: Overlays) -> list[dict[str, Any]]:
            services, now = opened.services, datetime.now(UTC)
            _known_place(opened, place)
            return [
                _row(services, services.of(each, place, at=now), language)
                for each in services.catalogue.services
            ]

        for row in _run(kit, read):
            sure = ", ".join(f"{name} {row[name]}" for name in ("requirements", "costs", "durations"))
            down = " [down]" if any(each["outage"] for each in row["notices"]) else ""
            _print(row, f"{row['id']}: {row['name']} ({sure}){down}", as_json=as_json)

    return list_


def _show(kit: Kit) -> click.Command:
    @click.command()
    @click.argument("service")
    @_place
    @click.option("--for", "citizen", multiple=True, help="A type of citizen; may be given several times.")
    @_language
    @_json
    def show(service: str, place: str, citizen: tuple[str, ...], language: str, as_json: bool) -> None:
        """Show what is told of SERVICE now, there and for them."""

        async def read(opened: Overlays) -> PublicService:
            _known_service(opened, service)
            _known_place(opened, place)
            for each in citizen:
                _known(each, opened.services.types.by_id, "type of citizen")
            return opened.services.of(service, place, citizen, at=datetime.now(UTC))

        async def shown(opened: Overlays) -> tuple[dict[str, Any], list[str]]:
            record = await read(opened)
            return _record(record), list(_lines(opened.services, record, language))

        record, lines = _run(kit, shown)
        _print(record, "\n".join(lines), as_json=as_json)

    return show


def _notice(kit: Kit) -> click.Command:
    @click.command()
    @click.argument("service")
    @click.option("--outage", is_flag=True, help="The service does not work; words are optional then.")
    @click.option(
        "--text", "texts", multiple=True, metavar="LANGUAGE=WORDS", help="What to say; one a language."
    )
    @_place
    @_from
    @_until
    @_by
    def notice(  # one argument an option
        service: str,
        outage: bool,
        texts: tuple[str, ...],
        place: str,
        begins: datetime | None,
        ends: datetime | None,
        by: str,
    ) -> None:
        r"""Say something first in every answer about SERVICE ("all" for every one), until it is withdrawn.

        \b
        patou catalogue notice id-card --outage
        patou catalogue notice id-card --text lo="…" --text en="Closed this Friday"
        """
        body = {"outage": outage, "text": _by_language(texts)}
        named = "" if service == _EVERY else service

        async def make(opened: Overlays) -> str:
            when = _when(opened, begins, ends)
            change = Change(kind=ChangeKind.NOTICE, service=named, where=place, body=body, **when)
            return await opened.make(change, by)

        click.echo(_run(kit, make))

    return notice


def _set_fee(kit: Kit) -> click.Command:
    @click.command("set-fee")
    @click.argument("service")
    @click.argument("cost")
    @click.argument("amount", type=int)
    @_place
    @click.option(
        "--status", type=click.Choice(["confirmed", "reported"]), default="confirmed", show_default=True
    )
    @click.option("--source", required=True, help="The instrument or publication that says so.")
    @click.option("--owner", default="", help="Code of the ministry or name of who confirms it.")
    @click.option(
        "--checked", type=click.DateTime(["%Y-%m-%d"]), help="When it was confirmed; today by default."
    )
    @click.option("--year", type=int, help="When it was reported.")
    @_from
    @_until
    @_by
    def set_fee(service: str, cost: str, amount: int, place: str, by: str, **told: Any) -> None:
        """Set COST of SERVICE to AMOUNT, a whole number of the currency it is in; `show` names the costs."""

        async def make(opened: Overlays) -> str:
            body = {"cost": cost, "amount": amount, "fact": _fact(**told)}
            when = _when(opened, told["begins"], told["ends"])
            change = Change(kind=ChangeKind.FEE, service=service, where=place, body=body, **when)
            return await opened.make(change, by)

        click.echo(_run(kit, make))

    return set_fee


def _centre(kit: Kit) -> click.Command:
    @click.command("centre")
    @click.argument("centre", default="")
    @click.option("--status", type=click.Choice([each.value for each in CentreStatus]))
    @click.option("--kind", type=click.Choice([each.value for each in CentreKind]))
    @click.option("--place", help="Code of its province or district.")
    @click.option("--name", "names", multiple=True, metavar="LANGUAGE=NAME")
    @click.option(
        "--address", "address", multiple=True, metavar="LANGUAGE=WORDS", help="The way there, in words."
    )
    @click.option("--hours", help="As mon-fri 08:00-12:00 13:00-16:00; sat 08:00-11:30.")
    @click.option("--phone")
    @click.option("--service", "services", multiple=True, help="A service that it offers.")
    @_by
    @_json
    def centre_(centre: str, by: str, as_json: bool, **changed: Any) -> None:
        """List the centres, show CENTRE, or change what is given of it; a new one needs a place and a name."""
        body = {key: value for key, value in changed.items() if value}
        for key in ("names", "address"):
            if key in body:
                body[key] = _by_language(body[key])

        async def make(opened: Overlays) -> str:
            change = Change(kind=ChangeKind.CENTRE, where=centre, body=body, begins=datetime.now(UTC))
            return await opened.make(change, by)

        async def read(opened: Overlays) -> Sequence[Centre]:
            _known(centre, ["", *(each.id for each in opened.centres.all())], "centre")
            return [each for each in opened.centres.all() if centre in ("", each.id)]

        if body:
            click.echo(_run(kit, make))
            return
        for each in _run(kit, read):
            told = f"{each.id}: {each.names.get('en', each.id)}, {each.place}, {each.status} ({_sure(each)})"
            _print(_record(each) | {"hours": write_week(each.week)}, told, as_json=as_json)

    return centre_


def _withdraw(kit: Kit) -> click.Command:
    @click.command()
    @click.argument("change")
    @_by
    def withdraw(change: str, by: str) -> None:
        """Take back CHANGE, by its id; whoever waits for a service that works again is told."""

        async def take_back(opened: Overlays) -> str:
            stored = await opened.withdraw(change, by)
            return f"{stored.change.kind} {stored.id} is withdrawn."

        click.echo(_run(kit, take_back))

    return withdraw


def _history(kit: Kit) -> click.Command:
    @click.command()
    @_json
    def history(as_json: bool) -> None:
        """List every change ever made, by whom, and whether it stands."""
        for each in _run(kit, Overlays.history):
            record = each.record()
            state = "stands" if each.stands(datetime.now(UTC)) else "ended"
            about = " ".join(filter(None, (record["service"], record["where"]))) or _EVERY
            line = f"{each.id} {record['kind']} {about}, {each.created_at:%Y-%m-%d %H:%M} by {each.created_by}: {state}"
            _print(record, line, as_json=as_json)

    return history


def _differences(kit: Kit) -> click.Command:
    @click.command("differences")
    @_json
    def differences_(as_json: bool) -> None:
        """List every fee that is not the national one, where, and who says so."""

        async def read(opened: Overlays) -> list[dict[str, Any]]:
            found = differences(opened.services, datetime.now(UTC))
            return [
                {**_record(each), "place": opened.centres.name(each.where, "en"), "source": each.fact.source}
                for each in found
            ]

        for row in _run(kit, read):
            told = f"{row['service']} {row['cost']}: {row['local']} in {row['place']}, {row['national']} elsewhere"
            _print(row, f"{told} {row['currency']} ({row['source']})", as_json=as_json)

    return differences_


def _run(kit: Kit, work: Callable[[Overlays], Awaitable[T]]) -> T:
    async def run() -> T:
        async with kit.overlays(kit.config()) as opened:
            return await work(opened)

    return asyncio.run(run())


def _row(services: Services, service: PublicService, language: str) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": services.catalogue.pack.pick(service.names, language),
        "authority": service.authority,
        "requirements": service.requirements_fact.status.value,
        "costs": service.costs_fact.status.value,
        "durations": service.durations_fact.status.value,
        "notices": [_record(each) for each in service.notices],
    }


def _lines(services: Services, service: PublicService, language: str) -> Iterable[str]:
    pack = services.catalogue.pack
    yield f"{service.id}: {pack.pick(service.names, language)}"
    for notice in service.notices:
        kind = "Down" if notice.outage else "Notice"
        words = pack.pick(notice.text, language)
        yield f"{kind} since {notice.since} ({notice.id}){': ' if words else ''}{words}"
    yield f"Where: {office(pack, service, language)} ({service.authority})"
    for title, fact, lines in (
        ("Requirements", service.requirements_fact, requirement_lines(pack, service, language)),
        ("Costs", service.costs_fact, cost_lines(pack, service, language)),
        ("Durations", service.durations_fact, duration_lines(pack, service, language)),
    ):
        said = f", {fact.year}" if fact.year else ""
        yield f"{title} ({fact.status}{said}{': ' + fact.source if fact.source else ''}):"
        yield from (f"  {line}" for line in lines)
    yield f"Ids of costs: {', '.join(cost.id for cost in service.costs) or 'none'}"


def _record(record: Any) -> dict[str, Any]:
    return asdict(record)


def _sure(centre: Centre) -> str:
    fact = centre.fact
    return f"{fact.status} {fact.year}" if fact.status is Status.REPORTED else fact.status.value


def _print(record: Mapping[str, Any], line: str, *, as_json: bool) -> None:
    click.echo(orjson.dumps(record, default=_plain) if as_json else line)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError


def _by_language(pairs: Iterable[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if not all(language and sign for language, sign, _ in split):
        raise click.UsageError('Write LANGUAGE=WORDS, as in en="Closed this Friday".')
    return {language: words.strip() for language, _, words in split}


def _when(opened: Overlays, begins: datetime | None, ends: datetime | None) -> dict[str, datetime]:
    """Local times of the country as moments; open where not given."""
    zone = opened.services.catalogue.pack.zone
    return {
        "begins": begins.replace(tzinfo=zone) if begins else datetime.now(UTC),
        "ends": ends.replace(tzinfo=zone) if ends else FOREVER,
    }


def _fact(
    status: str, source: str, owner: str, checked: datetime | None, year: int | None, **_: Any
) -> dict[str, Any]:
    fact: dict[str, Any] = {"status": status, "source": source, "owner": owner, "year": year}
    if status == Status.CONFIRMED:
        fact["last_checked"] = (checked or datetime.now(UTC)).date().isoformat()
    return fact


def _known_service(opened: Overlays, service: str) -> None:
    _known(service, opened.services.catalogue.services, "service")


def _known_place(opened: Overlays, place: str) -> None:
    if place and not opened.centres.chain(place):
        raise click.UsageError(f"no place or centre {place}")


def _known(name: str, names: Iterable[str], what: str) -> None:
    if name not in names:
        raise click.UsageError(f"no {what} {name}; known: {', '.join(filter(None, names))}")
