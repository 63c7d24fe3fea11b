"""`patou parse`: what the service understands of a text, as Rasa parse data."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import orjson

from bot.nlu.interpreter import Interpreter, ParseContext
from cli.kit import Kit


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.argument("text", required=False)
    @click.option("--jsonl", is_flag=True, help='Read {"text": …} a line from standard input.')
    @click.option(
        "--model", type=click.Path(path_type=Path, exists=True), help="A trained model, served alone."
    )
    def parse(text: str | None, jsonl: bool, model: Path | None) -> None:
        """Print the parse data of TEXT; with --jsonl one result a line, in the order of the input."""
        if (text is None) != jsonl:
            raise click.UsageError("Give either TEXT or --jsonl.")
        asyncio.run(_parse(kit, text, model))

    return [parse]


async def _parse(kit: Kit, text: str | None, model: Path | None) -> None:
    interpreter = await kit.interpreter(kit.config(), model)
    if text is not None:
        click.echo(await _line(interpreter, text))
        return
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            click.echo(await _line(interpreter, _text_of(line, number)))


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
