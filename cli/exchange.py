"""`patou catalogue export|import`: the catalogue in the formats that governments exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson
import yaml

from bot.calendar import WorkingCalendar
from bot.errors import PatouError
from bot.pack import Pack
from cli.kit import Kit
from services.catalogue import Catalogue
from services.cpsv_ap import CpsvAp
from services.cpsv_import import Source, drafts
from services.ministries import Ministries
from services.schema_org import document


def commands(kit: Kit) -> list[click.Command]:
    """The two commands of the group `catalogue`."""

    @click.command()
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
    @click.option(
        "--format",
        "form",
        type=click.Choice(["cpsv-ap", "schema.org"]),
        default="cpsv-ap",
        show_default=True,
        help="CPSV-AP 3.2 for other governments, schema.org for search engines.",
    )
    @click.option("--service", "ids", multiple=True, help="Only this service; may be given several times.")
    def export(file: Path | None, form: str, ids: tuple[str, ...]) -> None:
        """Write the catalogue as JSON-LD to FILE, or to standard output."""
        written = orjson.dumps(
            _document(Pack.load(kit.config().pack_root), form, ids), option=orjson.OPT_INDENT_2
        )
        if file is None:
            click.echo(written)
        else:
            file.write_bytes(written + b"\n")

    @click.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--into",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder for the drafts.",
    )
    @click.option("--source", required=True, help="Who published the file; stands beside every fact.")
    @click.option("--year", type=click.IntRange(1900, 9999), required=True, help="When it was published.")
    def import_(file: Path, into: Path, source: str, year: int) -> None:
        """Write a draft of services/<id>.yml for every public service in a CPSV-AP JSON-LD FILE."""
        pack = Pack.load(kit.config().pack_root)
        said_by = Source(name=source, year=year)
        into.mkdir(parents=True, exist_ok=True)
        for draft in drafts(_json(file), said_by, pack.languages, pack.currency):
            _write(into / f"{draft['id']}.yml", draft)

    return [export, import_]


def _document(pack: Pack, form: str, ids: tuple[str, ...]) -> dict[str, Any]:
    catalogue, ministries = Catalogue.load(pack), Ministries.load(pack)
    unknown = sorted(set(ids) - set(catalogue.services))
    if unknown:
        raise click.ClickException(f"no service {unknown[0]}; `patou catalogue list` names them")
    services = [each for each in catalogue.services.values() if not ids or each.id in ids]
    if form == "schema.org":
        return document(pack, ministries, services)
    return CpsvAp(pack, ministries, WorkingCalendar.load(pack)).document(services)


def _json(file: Path) -> Any:
    try:
        return orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"{file} is not JSON: {error}") from None


def _write(path: Path, draft: dict[str, Any]) -> None:
    if path.exists():
        raise PatouError(f"{path} exists; import into an empty folder, then compare")
    path.write_text(yaml.safe_dump(draft, allow_unicode=True, sort_keys=False), encoding="utf-8")
    click.echo(f"{path}: check every fact, then move it into the pack.")
