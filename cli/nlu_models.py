"""`patou nlu retrain`, `history` and `rollback`: which model understands, since when, and how well."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import orjson

from bot.clock import utc_now
from bot.config import Config
from bot.learning.files import alone
from bot.learning.history import LEARNING, NONE, Did, Entry, History
from bot.learning.labels import LABELS, read_labels
from bot.learning.trial import TOLERANCES, Figures, held_back, judge, taught, worse
from bot.nlu.data import TrainingData, join
from bot.nlu.faults import contradictions
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from cli.kit import Kit

# Models of trials that are kept: those of the last comparison are needed in the next.
_TRIALS = 2
_SHOWN = 12  # digits of a model's name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ground:
    """What the three commands work on."""

    kit: Kit
    config: Config
    pack: Pack
    history: History
    by: str

    @classmethod
    def of(cls, kit: Kit, by: str) -> _Ground:
        config = kit.config()
        history = History(config.data_dir / LEARNING)
        return cls(kit=kit, config=config, pack=Pack.load(config.pack_root), history=history, by=by)

    def entry(
        self,
        did: Did,
        *,
        model: str,
        labels: str,
        data: TrainingData,
        figures: Figures | None = None,
        before: Figures | None = None,
    ) -> Entry:
        labelled = len(self.history.labels(labels).examples)
        return Entry(
            at=utc_now().isoformat(timespec="seconds"),
            by=self.by,
            did=did,
            model=model,
            labels=labels,
            examples=len(data.examples),
            labelled=labelled,
            figures=figures.record() if figures else {},
            before=before.record() if before else {},
        )


def model_commands(kit: Kit) -> list[click.Command]:
    """The three."""
    by = click.option("--by", default=getpass.getuser, help="Who does it; you by default.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

    @click.command()
    @by
    @as_json
    def retrain(by: str, as_json: bool) -> None:
        """Train with the labels, and put that in force if it understands no worse; exit code 1 if it does."""
        ground = _Ground.of(kit, by)
        with alone(ground.history.folder):
            if not asyncio.run(_retrain(ground, as_json=as_json)):
                sys.exit(1)

    @click.command("history")
    @as_json
    def history_command(as_json: bool) -> None:
        """Every model and set of labels that there was, the latest last; * is in force."""
        found = History(kit.config().data_dir / LEARNING)
        entries = found.entries()
        now = _now(entries, found.in_force())
        for each in entries:
            line = orjson.dumps({**asdict(each), "in_force": each is now}).decode()
            click.echo(line if as_json else _told(each, in_force=each is now))
        if not (entries or as_json):
            click.echo("The model is that of the pack alone; nothing was retrained yet.")

    @click.command()
    @click.argument("name", required=False)
    @by
    def rollback(name: str | None, by: str) -> None:
        """Put an earlier model in force: NAME of the history, or the beginning of it; the one before by default."""
        ground = _Ground.of(kit, by)
        with alone(ground.history.folder):
            asyncio.run(_roll_back(ground, name))

    return [retrain, history_command, rollback]


async def _retrain(ground: _Ground, *, as_json: bool) -> bool:
    """Whether what is in force now understands the labels, too."""
    _refuse(ground, ground.config.data_dir / LABELS)
    history, of_pack = ground.history, examples_of(ground.pack)
    name, now = history.keep(ground.config.data_dir / LABELS), history.in_force()
    labels = history.labels(name)
    # Which labels say otherwise than the pack is told only: the trial judges.
    for each in contradictions((*of_pack.examples, *read_labels(ground.config.data_dir / LABELS).examples)):
        click.echo(str(each), err=True)
    if name == now:
        click.echo("The labels are those in force: there is nothing to learn.")
        return True
    judges = held_back(of_pack), held_back(labels)
    if not judges[0]:
        raise click.ClickException(
            "No example of the pack is held back, so nothing could be judged: more are needed."
        )
    figures: list[Figures] = []
    for part in (history.labels(now), labels):
        trial = await ground.kit.trained(ground.config, taught(of_pack, part), trials(ground.config))
        figures.append(await judge(trial.interpreter, *judges))
    old, new = figures
    fell = worse(old, new, judges[0])
    if not history.entries():
        before = await ground.kit.trained(ground.config, of_pack, None)
        history.add(ground.entry(Did.BEGAN, model=before.name, labels=now, data=of_pack, figures=old))
    data = join((of_pack, taught(labels)))
    # It has been loaded before anybody is given it.
    model = "" if fell else (await ground.kit.trained(ground.config, data, None)).name
    did = Did.REFUSED if fell else Did.REPLACED
    entry = ground.entry(did, model=model, labels=name, data=data, figures=new, before=old)
    (history.add if fell else history.put_in_force)(entry)
    click.echo(
        orjson.dumps({**asdict(entry), "fell": fell}) if as_json else "\n".join(_compared(old, new, fell))
    )
    return not fell


async def _roll_back(ground: _Ground, name: str | None) -> None:
    entry = _earlier(ground.history, name)
    _refuse(ground, ground.history.labels_folder(entry.labels))
    data = join((examples_of(ground.pack), taught(ground.history.labels(entry.labels))))
    model = (await ground.kit.trained(ground.config, data, None)).name
    again = ground.entry(Did.ROLLED_BACK, model=model, labels=entry.labels, data=data)
    ground.history.put_in_force(again)
    click.echo(f"In force: {model[:_SHOWN]}, labels {entry.labels}.")
    if model != entry.model:
        click.echo(
            "The pack or the release is another one by now: the model was made anew of the same labels."
        )


def _earlier(history: History, name: str | None) -> Entry:
    """The entry meant: the latest of that name, or without one the latest with other labels than those in force."""
    now = history.in_force()
    was = [each for each in history.entries() if each.did is not Did.REFUSED]
    if name:
        found = [each for each in was if each.model.startswith(name) or each.labels == name]
        if len({each.labels for each in found}) > 1:
            raise click.ClickException(f"{name} is the beginning of several names.")
    else:
        found = [each for each in was if each.labels != now]
    if not found:
        raise click.ClickException("There is no such model: see patou nlu history.")
    return found[-1]


def _now(entries: Sequence[Entry], labels: str) -> Entry | None:
    """The latest entry of what is in force."""
    was = [each for each in entries if each.did is not Did.REFUSED and each.labels == labels]
    return was[-1] if was else None


def _refuse(ground: _Ground, labels: Path) -> None:
    """Teach nothing that is wrong: tell it, and end."""
    wrong = ground.kit.check_examples(ground.config, labels)
    if wrong:
        raise click.ClickException("\n".join(map(str, wrong)))


def trials(config: Config) -> Path:
    """Where models of trials go; older ones are erased."""
    folder = config.data_dir / LEARNING / "trials"
    folder.mkdir(parents=True, exist_ok=True)
    old = sorted(folder.glob("*.npz"), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in old[_TRIALS:]:
        each.unlink()
    return folder


def _compared(old: Figures, new: Figures, fell: Sequence[str]) -> Iterator[str]:
    yield f"{'':<24}{'in force':>10}{'with labels':>13}{'may fall by':>13}"
    before, after = old.record(), new.record()
    for name, value in after.items():
        may = f"{TOLERANCES[name]:>13.3f}" if name in TOLERANCES else ""
        yield f"{name.replace('_', ' '):<24}{_cell(before[name]):>10}{_cell(value):>13}{may}".rstrip()
    yield ""
    if fell:
        yield f"It is worse ({', '.join(fell).replace('_', ' ')}): what was in force stays."
    else:
        yield "It is not worse: it is in force, and a running server takes it over within seconds."


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _told(entry: Entry, *, in_force: bool) -> str:
    figures = entry.figures
    shown = f"accuracy {figures['accuracy']:.3f}, macro F1 {figures['macro_f1']:.3f}" if figures else ""
    labels = "no labels" if entry.labels == NONE else f"{entry.labelled} labels ({entry.labels})"
    name = entry.model[:_SHOWN] or "-"
    parts = [
        entry.at,
        f"{name:<{_SHOWN}}",
        f"{entry.did.value:<11}",
        entry.by,
        f"{entry.examples} examples",
        labels,
    ]
    return f"{'*' if in_force else ' '} {'  '.join(filter(None, [*parts, shown]))}"
