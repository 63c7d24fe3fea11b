"""`patou texts`: hands the wordings of the pack to reviewers who are no programmers, and takes them back."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot.errors import PackError, PatouError
from bot.pack import Pack, check_pack
from bot.texts import Outcome, Review, Verdict, Wording, problem, wordings
from cli.kit import Kit
from cli.workbook import NO, YES, Line, read, write

_SHOWN = 70  # characters of a wording in a list


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def texts() -> None:
        """Have the wordings of the pack reviewed in a spreadsheet."""

    of_pack = click.option(
        "--pack", "root", type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="The folder of the pack; the configured one by default.",
    )  # fmt: skip

    @texts.command("export")
    @click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
    @click.option(
        "--lang",
        "wanted",
        multiple=True,
        help="A language to review; by default all but the one they are translated from.",
    )
    @click.option("--unreviewed", is_flag=True, help="Only what no speaker has reviewed yet.")
    @of_pack
    def export(file: Path, wanted: tuple[str, ...], root: Path | None, *, unreviewed: bool) -> None:
        """Write the wordings to the workbook FILE (.xlsx): one sheet a language."""
        pack = Pack.load(root or kit.config().pack_root)
        rows = _rows(pack, wanted, unreviewed=unreviewed)
        first = [pack.fallback, *(each for each in pack.languages if each != pack.fallback)]
        try:
            write(file, rows, first)
        except OSError as error:
            raise PatouError(f"{file} cannot be written: {error.strerror}") from error
        for language, each in rows.items():
            click.echo(f"{language}: {len(each)} wordings")

    @texts.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
    @of_pack
    def import_(file: Path, root: Path | None, *, dry_run: bool) -> None:
        """Take the review in FILE into the pack; nothing is changed while anything is wrong with it."""
        pack = Pack.load(root or kit.config().pack_root)
        known = wordings(pack)
        heard = _hear(read(file), known, pack)
        outcome = Review(pack, known).outcome(heard.verdicts)
        problems = heard.problems or _new_problems(kit, pack, outcome)
        _tell(heard, outcome)
        if problems:
            for each in problems:
                click.echo(each, err=True)
            click.echo("Nothing was changed.", err=True)
            sys.exit(1)
        if not dry_run:
            _store(pack.root, outcome)

    return [texts]


@dataclass(kw_only=True, slots=True)
class Heard:
    """What the workbook says: verdicts, remarks for people, and rows that cannot be taken."""

    verdicts: list[Verdict] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _rows(pack: Pack, wanted: Sequence[str], *, unreviewed: bool) -> dict[str, list[Wording]]:
    for language in wanted:
        if language not in pack.languages:
            raise PatouError(f"no language {language}: the pack has {', '.join(pack.languages)}")
    known = wordings(pack)
    return {
        language: [
            each
            for each in known
            if (said := each.said.get(language)) and not (unreviewed and (said.reviewed or said.flag is None))
        ]
        for language in wanted or [each for each in pack.languages if each != pack.fallback]
    }


def _hear(lines: Iterable[Line], known: Sequence[Wording], pack: Pack) -> Heard:
    heard, by_name = Heard(), {(each.key, each.part): each for each in known}
    seen: set[tuple[str, str, str]] = set()
    for line in lines:
        where = f"{line.sheet}, row {line.number}"
        wording = by_name.get((line.key, line.part))
        if line.comment:
            heard.comments.append(f"{where}, {line.key} {line.part}: {line.comment}")
        twice = (line.sheet, line.key, line.part) in seen
        trouble = "this wording is in another row too" if twice else _trouble(line, wording, pack)
        seen.add((line.sheet, line.key, line.part))
        if trouble or wording is None:
            heard.problems.append(f"{where}, {line.key} {line.part}: {trouble}")
            continue
        # An empty "reviewed" says nothing new, unless the words are new.
        said = line.reviewed == YES if line.reviewed or line.new else wording.said[line.sheet].reviewed
        heard.verdicts.append(
            Verdict(wording=wording, language=line.sheet, reviewed=said, words=line.new or None)
        )
    return heard


def _trouble(line: Line, wording: Wording | None, pack: Pack) -> str:
    """Why a row cannot be taken; empty if it can."""
    if line.sheet not in pack.languages:
        return f"the pack has no language {line.sheet}"
    if wording is None or line.sheet not in wording.said:
        return "the pack has no such wording any more: export the texts again"
    if line.reviewed not in (YES, NO, ""):
        return f'reviewed says "{line.reviewed}": write {YES} or {NO}'
    words = wording.said[line.sheet].words
    if words not in (line.now, line.new):
        return "the wording in the pack was changed after the export: export the texts again"
    return problem(wording, line.sheet, line.new) if line.new else ""


def _new_problems(kit: Kit, pack: Pack, outcome: Outcome) -> list[str]:
    """What would be wrong with the pack after the change, and is not now."""

    def found(root: Path) -> Counter[str]:
        wrong: list[PackError] = list(check_pack(root, kit.checks))
        wrong += [] if wrong else kit.lint(Pack.load(root))
        return Counter(
            f"{Path(each.file).relative_to(root)}: {each.problem}. {each.remedy}" for each in wrong
        )

    if not outcome.files:
        return []
    with TemporaryDirectory() as folder:
        trial = Path(folder) / "pack"
        shutil.copytree(pack.root, trial)
        _store(trial, outcome)
        after = found(trial)
    return sorted(after - found(pack.root)) if after else []


def _tell(heard: Heard, outcome: Outcome) -> None:
    for each in heard.verdicts:
        if each.words is not None and each.words != each.said.words:
            click.echo(f"{each.said.file}: {each.wording.key} {each.wording.part}")
            click.echo(f"  - {_brief(each.said.words)}\n  + {_brief(each.words)}")
    for comment in heard.comments:
        click.echo(f"comment: {comment}")
    for file in outcome.held:
        click.echo(f"{file} stays unreviewed: the review does not cover all of its wordings.")
    click.echo(f"Files to change: {len(outcome.files)}." if outcome.files else "Nothing changes.")


def _brief(words: str) -> str:
    line = words.replace("\n", "\\n")
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _store(root: Path, outcome: Outcome) -> None:
    """Write the files, each whole or not at all."""
    for name, content in outcome.files.items():
        path = root / name
        new = path.with_name(f".{path.name}.new")
        try:
            new.write_bytes(content.encode())
            shutil.copymode(path, new)
            new.replace(path)
        except OSError as error:
            raise PatouError(f"{path} cannot be written: {error.strerror}") from error
