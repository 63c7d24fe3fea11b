"""`patou nlu evaluate`: how well the understanding does on messages whose intent is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import click
import orjson

from bot.clock import utc_now
from bot.learning.history import LEARNING, History
from bot.learning.trial import held_back, taught
from bot.nlu.data import Entity, Example, read_rasa
from bot.nlu.evaluate import evaluate
from bot.nlu.noise import Noise
from bot.nlu.parse_data import Interpreter
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from cli.kit import Kit
from cli.nlu_models import trials
from cli.nlu_report import NAMES, Judgement, cell, write_report

_CONFUSIONS = 10
_WANTED = '{"text": "…", "intent": "…"}'
# Of the places where a hurried person can make a mistake, those where one is made.
_NOISE = 0.05

_MODEL = click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True),
    help="A trained model, served alone, on FILE.",
)
_REPORT = click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path),
    help="A folder for report.html with its pictures, and report.json.",
)
_WITH_NOISE = click.option(
    "--noise",
    type=click.FloatRange(0, 1),
    help="Ask once more, with mistakes at so many of the places where hurried people make some; "
    f"{_NOISE} without FILE, 0 with it.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trial:
    """Who is asked what; `about` says so to people."""

    interpreter: Interpreter
    messages: Sequence[Example]
    about: str


def evaluate_command(kit: Kit) -> click.Command:
    """The command."""

    @click.command("evaluate")
    @_MODEL
    @_REPORT
    @_WITH_NOISE
    @click.argument("file", type=click.Path(path_type=Path, exists=True), required=False)
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def evaluate_file(
        file: Path | None, model: Path | None, folder: Path | None, noise: float | None, as_json: bool
    ) -> None:
        """Compare what is understood of FILE with what was wanted.

        FILE has one {"text": …, "intent": …} a line, and perhaps "language" and "service"; or it is YAML of Rasa,
        a file or a folder.

        Without FILE the held-back fifth of the pack's examples is asked, of a model that was taught the others
        alone. Held back is what no model of a trial ever learns: an example is, if the first four bytes of the
        BLAKE2b digest of its words, without tones, case and spaces, are a multiple of five.
        """
        if model and not file:
            raise click.UsageError(
                "--model is judged on a FILE: what the pack holds back may have been taught to it."
            )
        if folder:
            _check_writable(folder)
        share = noise if noise is not None else 0.0 if file else _NOISE
        judgement = asyncio.run(_judged(kit, file, model, share))
        if folder:
            page = write_report(folder, judgement, kit.fonts())
            click.echo(f"The report is {page}.", err=True)
        click.echo(orjson.dumps(judgement.record()) if as_json else "\n".join(_lines(judgement)))

    return evaluate_file


def _check_writable(folder: Path) -> None:
    """Make the folder where it is missing and try to write into it, before minutes go into what is to lie there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        told = f"{folder} takes no files ({error.strerror}). Name a folder of your own, or a new one in it."
        raise click.BadParameter(told, param_hint="--report") from error


async def _judged(kit: Kit, file: Path | None, model: Path | None, share: float) -> Judgement:
    """What was judged, and the figures, also with noise where some is wanted."""
    trial = await (_of_file(kit, file, model) if file else _of_pack(kit))
    report = await evaluate(trial.interpreter, trial.messages)
    if not share:
        return Judgement(about=trial.about, report=report)
    typed = _typed(trial.messages, Pack.load(kit.config().pack_root), share)
    noisy = await evaluate(trial.interpreter, typed)
    return Judgement(about=trial.about, report=report, share=share, noisy=noisy)


def _typed(messages: Sequence[Example], pack: Pack, share: float) -> Iterator[Example]:
    """The messages with the mistakes of their languages, the same every time."""
    noises = {language: Noise.of(words.get("noise", {})) for language, words in pack.lexicons.items()}
    for each in messages:
        noise = noises.get(each.language) or Noise()
        yield replace(each, text=noise.typed(each.text, dict.fromkeys(noise.kinds, share)))


def _messages(file: Path) -> Sequence[Example]:
    is_yaml = file.is_dir() or file.suffix in {".yml", ".yaml"}
    messages = read_rasa(file).examples if is_yaml else tuple(_examples(file))
    if not messages:
        raise click.ClickException(f"{file} has no messages")
    return messages


async def _of_file(kit: Kit, file: Path, model: Path | None) -> _Trial:
    messages = _messages(file)
    who = f"the model {model.name} alone" if model else "the understanding in force"
    return _Trial(
        interpreter=await kit.interpreter(kit.config(), model),
        messages=messages,
        about=f"{len(messages)} messages of {file.name}, asked of {who}. {_today()}.",
    )


async def _of_pack(kit: Kit) -> _Trial:
    config = kit.config()
    pack, history = Pack.load(config.pack_root), History(config.data_dir / LEARNING)
    name = history.in_force()
    wrong = kit.check_examples(config, history.labels_folder(name))
    if wrong:
        raise click.ClickException("\n".join(map(str, wrong)))
    examples = examples_of(pack)
    messages = held_back(examples)
    if not messages:
        raise click.ClickException(
            "No example of the pack is held back, so nothing can be judged: more are needed."
        )
    click.echo(
        f"Asking {len(messages)} held-back examples of a model that is taught the others alone. "
        "It is trained first where there is none yet: half a minute on a small machine.",
        err=True,
    )
    trained = await kit.trained(config, taught(examples, history.labels(name)), trials(config))
    about = (
        f"{len(messages)} of the {len(examples.examples)} examples of the pack {pack.id}, which the model "
        f"{trained.name[:12]} was not taught. {_today()}."
    )
    return _Trial(interpreter=trained.interpreter, messages=messages, about=about)


def _today() -> str:
    return f"{utc_now():%d %B %Y}".lstrip("0")


def _examples(file: Path) -> Iterator[Example]:
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        example = _example(line)
        if example is None:
            raise click.ClickException(f"{file}, line {number} is not an object like {_WANTED}")
        yield example


def _example(line: bytes) -> Example | None:
    """The message of a line; None where it is not written as it should be."""
    try:
        told: Any = orjson.loads(line)
        text, intent = told["text"], told["intent"]
        language, service = told.get("language", ""), told.get("service", "")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    if not all(isinstance(each, str) for each in (text, intent, language, service)):
        return None
    named = Entity(entity="service", value=service, start=0, end=len(text), confidence=1.0)
    return Example(text=text, intent=intent, language=language, entities=(named,) if service else ())


def _lines(judgement: Judgement) -> Iterator[str]:
    columns = judgement.columns()
    wide = [max(len(name), 7) + 2 for name in columns]
    yield f"{'':<22}" + "".join(f"{name:>{width}}" for name, width in zip(columns, wide, strict=True))
    for name, said in NAMES.items():
        cells = (cell(name, figures) for figures in columns.values())
        yield f"{said:<22}" + "".join(f"{each:>{width}}" for each, width in zip(cells, wide, strict=True))
    for (wanted, understood), count in list(judgement.report.confusion.items())[:_CONFUSIONS]:
        yield f"{count:>4}  {wanted} understood as {understood}"
