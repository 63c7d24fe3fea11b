"""`patou pack`: names what is wrong with a country pack."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
import orjson

from bot.errors import PackError
from bot.pack import Pack, check_pack
from cli.kit import Kit


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def pack() -> None:
        """Work on the country pack."""

    @pack.command()
    @click.argument("path", type=click.Path(path_type=Path), required=False)
    @click.option("--json", "as_json", is_flag=True, help="One JSON object a problem.")
    def check(path: Path | None, as_json: bool) -> None:
        """Name every problem of the pack at PATH: file, line, remedy.

        Without PATH, of the configured one, and of the labels that staff gave beside it.
        """
        root = path or kit.config().pack_root
        problems = check_pack(root, kit.checks)
        if not (path or problems):
            problems += kit.check_labels(kit.config())
        _tell(problems, as_json=as_json)
        if not as_json:
            loaded = Pack.load(root)
            waiting = sum(not text.reviewed for texts in loaded.texts.values() for text in texts.values())
            click.echo(f"{loaded.id}: no problems; {waiting} texts wait for a review by a speaker.")

    @pack.command("lint")
    @click.argument("path", type=click.Path(path_type=Path), required=False)
    @click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
    def lint(path: Path | None, as_json: bool) -> None:
        """Name what should be mended in the texts: no translation, dear letters, too many parts."""
        _tell(kit.lint(Pack.load(path or kit.config().pack_root)), as_json=as_json)
        if not as_json:
            click.echo("Nothing to mend.")

    return [pack]


def _tell(problems: Iterable[PackError], *, as_json: bool) -> None:
    """Print them and end with 1 if there are any."""
    told = False
    for problem in problems:
        told = True
        click.echo(orjson.dumps(_fields(problem)) if as_json else str(problem))
    if told:
        sys.exit(1)


def _fields(problem: PackError) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "problem": problem.problem,
        "remedy": problem.remedy,
    }
