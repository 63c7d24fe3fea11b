"""`patou chat` and `patou play`: conversations in the terminal, shown as a channel would show them."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import orjson
import yaml

from bot.config import Config
from bot.errors import ConfigurationError
from bot.messages import Capabilities, InboundMessage, OutboundMessage
from bot.text.parts import split
from bot.urns import Urn
from cli.kit import Instance, Kit

NAME = "terminal"


def commands(kit: Kit, capabilities: Mapping[str, Capabilities]) -> list[click.Command]:
    """Both commands; `capabilities` are those of each channel that can be shown."""
    channel = click.option(
        "--channel",
        type=click.Choice(sorted(capabilities)),
        default="sms",
        show_default=True,
        help="Show it so.",
    )

    @click.command()
    @channel
    @click.option("--lang", default="", help="Begin in this language: lo, lo-Latn, en.")
    def chat(channel: str, lang: str) -> None:
        """Talk to the service; every answer with its parts, encoding and price. An empty line ends it."""
        asyncio.run(_chat(kit, capabilities[channel], lang))

    @click.command()
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @channel
    def play(file: Path, channel: str) -> None:
        """Play the conversation in FILE against a throw-away installation; one JSON object a turn.

        FILE is YAML: a list of messages (strings, or mappings with `user`), or a mapping or list of
        mappings with `steps`, each a conversation of its own.
        """
        asyncio.run(_play(kit, capabilities[channel], file))

    return [chat, play]


class Talker:
    """One person at the terminal."""

    def __init__(self, instance: Instance, language: str, name: str) -> None:
        self._instance = instance
        self._language = language
        self._urn = Urn("terminal", name)
        self._count = 0

    async def say(self, text: str) -> tuple[OutboundMessage, ...]:
        """Send a message; what the service answers to it, once it has been answered."""
        self._count += 1
        now = self._instance.clock.now()
        message = InboundMessage(
            channel=NAME,
            external_id=self._instance.chance.id(now),
            urn=self._urn,
            text=text,
            received_at=now,
            language=self._language,
        )
        return (await self._instance.pipeline.accept(message)).messages


async def _chat(kit: Kit, capabilities: Capabilities, language: str) -> None:
    async with _opened(kit, capabilities) as instance:
        talker = Talker(instance, language, "me")
        while text := await asyncio.to_thread(_prompt):
            for reply in await talker.say(text):
                click.echo(reply.text)
                click.secho(_cost(reply, capabilities), dim=True)


def _prompt() -> str:
    try:
        return str(click.prompt(">", prompt_suffix=" ", default="", show_default=False))
    except click.Abort:
        return ""


def _cost(reply: OutboundMessage, capabilities: Capabilities) -> str:
    """Length as the channel counts it; parts and price only where they are paid."""
    if not capabilities.sms:
        return f"[{len(reply.text)} characters]"
    parts = split(reply.text)
    return f"[{len(parts.parts)} SMS, {parts.encoding}, {parts.units} units]"


@asynccontextmanager
async def _opened(kit: Kit, capabilities: Capabilities) -> AsyncIterator[Instance]:
    """The installation itself; a throw-away one while a server is using it."""
    config = kit.config()
    shown = {NAME: dataclasses.replace(capabilities, inline=True)}
    try:
        opened = kit.talk(config, shown)
        instance = await opened.__aenter__()
    except ConfigurationError as error:
        click.secho(f"{error}\nThis conversation is not kept.", dim=True, err=True)
        async with _throw_away(kit, config, shown) as instance:
            yield instance
        return
    try:
        yield instance
    finally:
        await opened.__aexit__(None, None, None)


@asynccontextmanager
async def _throw_away(
    kit: Kit, config: Config, channels: Mapping[str, Capabilities]
) -> AsyncIterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="patou-") as folder:
        data = Path(folder)
        own = dataclasses.replace(
            config, data_dir=data, database_url="", redis_url="", secret_key="", anchor_file=data / "anchors"
        )
        async with kit.talk(own, channels) as instance:
            yield instance


async def _play(kit: Kit, capabilities: Capabilities, file: Path) -> None:
    shown = {NAME: dataclasses.replace(capabilities, inline=True)}
    async with _throw_away(kit, kit.config(), shown) as instance:
        for number, steps in enumerate(_conversations(file)):
            talker = Talker(instance, "", f"player{number}")
            for text in steps:
                replies = await talker.say(text)
                click.echo(orjson.dumps({"user": text, "replies": [_shown(reply) for reply in replies]}))


def _shown(reply: OutboundMessage) -> dict[str, Any]:
    return {
        "text": reply.text,
        "choices": [choice.label for choice in reply.choices],
        "parts": len(split(reply.text).parts),
    }


def _conversations(file: Path) -> Iterator[list[str]]:
    try:
        script = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} is not YAML: {error}") from None
    if isinstance(script, dict):
        script = [script]
    if not isinstance(script, list):
        raise click.ClickException(f"{file} holds no list of messages")
    if any(isinstance(each, dict) and _steps(each) is not None for each in script):
        for each in script:
            yield [_words(step, file) for step in _steps(each) or ()]
    else:
        yield [_words(step, file) for step in script]


def _steps(conversation: dict[str, Any]) -> list[Any] | None:
    return next(
        (conversation[key] for key in ("steps", "turns", "conversation") if key in conversation), None
    )


def _words(step: Any, file: Path) -> str:
    if isinstance(step, dict):
        step = step.get("user")
    if not isinstance(step, str | int | float):
        raise click.ClickException(f"{file}: a step needs the words of the user")
    return str(step)
