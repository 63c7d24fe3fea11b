"""`patou parse`: what the service understands of a text, as Rasa parse data."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import orjson

from bot.nlu.parse_data import Interpreter, ParseContext
from cli.explained import data, lines
from cli.kit import Kit


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.argument("text", required=False)
    @click.option("--jsonl", is_flag=True, help='Read {"text": …} a line from standard input.')
    @click.option(
        "--model", type=click.Path(path_type=Path, exists=True), help="A trained model, served alone."
    )
    @click.option("--explain", is_flag=True, help="Say why: rules, features, names, language.")
    def parse(text: str | None, jsonl: bool, model: Path | None, explain: bool) -> None:
        """Print the parse data of TEXT; with --jsonl one result a line, in the order of the input.

        With --explain it is told for people why TEXT is understood so, or with --jsonl as data, in "explanation".
        """
        if (text is None) != jsonl:
            raise click.UsageError("Give either TEXT or --jsonl.")
        asyncio.run(_explain(kit, text, model) if explain else _parse(kit, text, model))

    return [parse]


async def _parse(kit: Kit, text: str | None, model: Path | None) -> None:
    interpreter = await kit.interpreter(kit.config(), model)
    if text is not None:
        click.echo(await _line(interpreter, text))
        return
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            click.echo(await _line(interpreter, _text_of(line, number)))


async def _explain(kit: Kit, text: str | None, model: Path | None) -> None:
    explainer = await kit.explainer(kit.config(), model)
    if text is not None:
        click.echo("\n".join(lines(explainer.explain(text, ParseContext()))))
        return
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            why = explainer.explain(_text_of(line, number), ParseContext())
            click.echo(orjson.dumps({**why.parsed, "explanation": data(why)}))


async def _line(interpreter: Interpreter, text: str) -> bytes:
    return orjson.dumps(await interpreter.parse(text, ParseContext()))


def _text_of(line: bytes, number: int) -> str:
    try:
        text = orjson.loads(line)["text"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        raise click.ClickException(f'line {number} is not an object like {{"text": "…"}}')
    return text
