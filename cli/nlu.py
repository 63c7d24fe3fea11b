"""`patou nlu`: train and judge the understanding."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import click

from bot.errors import PackError
from bot.nlu.data import TrainingData, read_rasa, with_names
from bot.nlu.faults import contradictions, lonely
from bot.nlu.training import model_file
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack
from cli.kit import Kit
from cli.nlu_evaluate import evaluate_command
from cli.nlu_models import model_commands
from cli.nlu_review import review_command

_WEAK = 10


def commands(kit: Kit) -> list[click.Command]:
    """The group."""

    @click.group()
    def nlu() -> None:
        """Train and judge the understanding."""

    @nlu.command()
    @click.option(
        "--data",
        type=click.Path(path_type=Path, exists=True),
        help="Examples in Rasa's YAML, a file or a folder; without it those of the pack.",
    )
    @click.option(
        "--model", type=click.Path(path_type=Path, dir_okay=False), help="Where to put the model too."
    )
    def train(data: Path | None, model: Path | None) -> None:
        """Train the model, unless these examples have one already, and print where it lies.

        Nothing is taught of examples that are wrong. Of other data than the pack's, what makes the understanding
        weak is told only: an intent with one example, the same words for two.
        """
        click.echo(asyncio.run(_train(kit, data, model)))

    for each in (evaluate_command(kit), review_command(kit), *model_commands(kit)):
        nlu.add_command(each)
    return [nlu]


async def _train(kit: Kit, data: Path | None, out: Path | None) -> Path:
    config = kit.config()
    if data:
        lexicon = lexicon_of(Pack.load(config.pack_root))
        examples = _read(data)
        path = await model_file(
            with_names(examples), config.data_dir / "models", lexicon=lexicon, segmenter=config.segmenter
        )
    else:
        path = await kit.model(config)
    if out is None:
        return path
    shutil.copyfile(path, out)
    return out


def _read(data: Path) -> TrainingData:
    """The examples of anybody; what is weak in them is told, and refused what cannot be learnt at all."""
    told = read_rasa(data)
    if len({each.intent for each in told.examples}) == 1:
        remedy = "Write examples of others: there is nothing to tell it from."
        raise PackError(*told.examples[0].place, f"{told.examples[0].intent} is the only intent", remedy)
    weak = [*lonely(told.examples), *contradictions(told.examples)]
    for each in weak[:_WEAK]:
        click.echo(str(each), err=True)
    if len(weak) > _WEAK:
        click.echo(f"… and {len(weak) - _WEAK} more like these.", err=True)
    return told
