"""`patou nlu`: train and judge the understanding."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
import orjson

from bot.errors import PackError
from bot.nlu.data import Example, TrainingData, read_rasa, with_names
from bot.nlu.evaluate import Report, evaluate
from bot.nlu.faults import contradictions, lonely
from bot.nlu.training import model_file
from bot.nlu.understanding import lexicon_of
from bot.pack import Pack
from cli.kit import Kit
from cli.nlu_models import model_commands
from cli.nlu_review import review_command

_CONFUSIONS = 10
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

    @nlu.command("evaluate")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option(
        "--model", type=click.Path(path_type=Path, exists=True), help="A trained model, served alone."
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def evaluate_file(file: Path, model: Path | None, as_json: bool) -> None:
        """Compare what is understood of FILE with what was wanted.

        FILE has one {"text": …, "intent": …} a line, and perhaps "language".
        """
        report = asyncio.run(_evaluate(kit, file, model))
        click.echo(_json(report) if as_json else "\n".join(_lines(report)))

    for each in (review_command(kit), *model_commands(kit)):
        nlu.add_command(each)
    return [nlu]


async def _train(kit: Kit, data: Path | None, out: Path | None) -> Path:
    config = kit.config()
    if data:
        lexicon = lexicon_of(Pack.load(config.pack_root))
        examples = _read(data)
        path = await model_file(with_names(examples), config.data_dir / "models", lexicon=lexicon)
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


async def _evaluate(kit: Kit, file: Path, model: Path | None) -> Report:
    examples = list(_examples(file))
    if not examples:
        raise click.ClickException(f"{file} has no messages")
    return await evaluate(await kit.interpreter(kit.config(), model), examples)


def _examples(file: Path) -> Iterator[Example]:
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            told = orjson.loads(line)
            text, intent, language = told["text"], told["intent"], told.get("language", "")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            text = intent = language = None
        if not (isinstance(text, str) and isinstance(intent, str) and isinstance(language, str)):
            wanted = '{"text": "…", "intent": "…"}'
            raise click.ClickException(f"{file}, line {number} is not an object like {wanted}")
        yield Example(text=text, intent=intent, language=language)


def _json(report: Report) -> bytes:
    confusion = [
        {"wanted": wanted, "understood": understood, "messages": count}
        for (wanted, understood), count in _by_count(report)
    ]
    return orjson.dumps({**asdict(report), "confusion": confusion})


def _lines(report: Report) -> Iterator[str]:
    yield f"messages              {report.messages}"
    yield f"accuracy              {report.accuracy:.3f}"
    yield f"among the first three {report.top3:.3f}"
    yield f"macro F1              {report.macro_f1:.3f}"
    for language, accuracy in report.by_language.items():
        if language:
            yield f"accuracy in {language:<10}{accuracy:.3f}"
    if report.scope_auroc is not None:
        yield f"out of scope, AUROC   {report.scope_auroc:.3f}"
    yield f"calibration error     {report.calibration_error:.3f}"
    for (wanted, understood), count in _by_count(report)[:_CONFUSIONS]:
        yield f"{count:>4}  {wanted} understood as {understood}"


def _by_count(report: Report) -> list[tuple[tuple[str, str], int]]:
    return sorted(report.confusion.items(), key=lambda item: (-item[1], item[0]))
