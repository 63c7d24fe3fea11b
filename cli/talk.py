"""`patou chat` and `patou play`: conversations in the terminal, shown as a channel would show them."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import orjson
import yaml

from bot.config import Config
from bot.errors import ConfigurationError
from bot.messages import Attachment, Capabilities, InboundMessage, MediaKind, OutboundMessage, SessionEvent
from bot.text.parts import split
from bot.urns import Urn
from bot.yaml_read import read_yaml
from cli.kit import Instance, Kit

NAME = "terminal"
# What transcripts of the tests set up around a conversation.
_WORLD = ("pack", "cases", "applications", "register_down", "check_digit", "notices")


def commands(kit: Kit) -> list[click.Command]:
    """Both commands."""
    channel = click.option(
        "--channel",
        type=click.Choice(sorted(kit.shown)),
        default="sms",
        show_default=True,
        help="Show it so.",
    )

    @click.command()
    @channel
    @click.option("--lang", default="", help="Begin in this language: lo, lo-Latn, en.")
    def chat(channel: str, lang: str) -> None:
        """Talk to the service; every answer with its parts, encoding and price. An empty line ends it."""
        asyncio.run(_chat(kit, kit.shown[channel], lang))

    @click.command()
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @channel
    def play(file: Path, channel: str) -> None:
        """Play the conversations in FILE against a throw-away installation; one JSON object a turn.

        FILE is YAML: a list of messages (strings, or mappings with `user`), or a mapping or list of
        mappings with `steps`, each a conversation of its own. `sends` are the kinds of what comes
        with a message, or without words; `after` are the minutes that passed before a step. On
        `ussd` a session is dialled first, and again when it is over. What a transcript of the tests
        says beside is not played; standard error names what would have changed the answers.
        """
        asyncio.run(_play(kit, kit.shown[channel], file))

    return [chat, play]


class Talker:
    """One person at the terminal; where that shows screens of a session, they dial first."""

    def __init__(self, instance: Instance, capabilities: Capabilities, language: str, name: str) -> None:
        self._instance = instance
        self._language = language
        self._urn = Urn("terminal", name)
        self._passed = timedelta()
        self._session = ""
        self._over = capabilities.session

    async def say(
        self, text: str, after: timedelta = timedelta(), attachments: tuple[Attachment, ...] = ()
    ) -> tuple[OutboundMessage, ...]:
        """Send a message `after` the one before; what the service answers to it, once it has been answered."""
        self._passed += after
        if self._over:
            await self.dial()
        return await self._send(text, SessionEvent.CONTINUE if self._session else None, attachments)

    async def dial(self, ahead: str = "") -> tuple[OutboundMessage, ...]:
        """Begin a session, with what is typed behind the code; its first screen."""
        self._session = self._instance.chance.id(self._instance.clock.now())
        return await self._send(ahead, SessionEvent.NEW)

    async def _send(
        self, text: str, session: SessionEvent | None, attachments: tuple[Attachment, ...] = ()
    ) -> tuple[OutboundMessage, ...]:
        now = self._instance.clock.now() + self._passed
        message = InboundMessage(
            channel=NAME,
            external_id=self._instance.chance.id(now),
            urn=self._urn,
            text=text,
            received_at=now,
            language=self._language,
            attachments=attachments,
            session=session,
            session_id=self._session,
        )
        replies = (await self._instance.pipeline.accept(message)).messages
        self._over = any(reply.session_end for reply in replies)
        return replies


async def _chat(kit: Kit, capabilities: Capabilities, language: str) -> None:
    async with _opened(kit, capabilities) as instance:
        talker = Talker(instance, capabilities, language, "me")
        if capabilities.session:
            _show(await talker.dial(), capabilities)
        while text := await asyncio.to_thread(_prompt):
            _show(await talker.say(text), capabilities)


def _show(replies: Iterable[OutboundMessage], capabilities: Capabilities) -> None:
    for reply in replies:
        click.echo(reply.text)
        click.secho(_cost(reply, capabilities), dim=True)
        if reply.session_end:
            click.secho("The session is over; what you type next dials again.", dim=True)


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
        if (config.data_dir / "models").is_dir():  # nothing is learned anew for what is thrown away
            (data / "models").symlink_to((config.data_dir / "models").resolve())
        own = dataclasses.replace(
            config, data_dir=data, database_url="", redis_url="", secret_key="", anchor_file=data / "anchors"
        )
        async with kit.talk(own, channels) as instance:
            yield instance


async def _play(kit: Kit, capabilities: Capabilities, file: Path) -> None:
    shown = {NAME: dataclasses.replace(capabilities, inline=True)}
    conversations = list(_conversations(file))
    async with _throw_away(kit, kit.config(), shown) as instance:
        for number, conversation in enumerate(conversations):
            for missing in conversation.unheeded:
                click.secho(f"{conversation.name}: {missing} is not played.", dim=True, err=True)
            talker = Talker(instance, capabilities, "", f"player{number}")
            for step in conversation.steps:
                replies = await talker.say(step.text, step.after, step.attachments)
                sent = {"sends": [each.kind for each in step.attachments]} if step.attachments else {}
                told = {"user": step.text, **sent, "replies": [_shown(reply) for reply in replies]}
                click.echo(orjson.dumps({"conversation": conversation.name, **told}))


def _shown(reply: OutboundMessage) -> dict[str, Any]:
    return {
        "text": reply.text,
        "choices": [choice.label for choice in reply.choices],
        "parts": len(split(reply.text).parts),
    }


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """What the person writes, what comes with it, and how long after their last message."""

    text: str
    attachments: tuple[Attachment, ...]
    after: timedelta


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Conversation:
    """What one person writes; `unheeded` is what the file says of the world around it."""

    name: str
    steps: list[_Step]
    unheeded: list[str]


def _conversations(file: Path) -> Iterator[_Conversation]:
    try:
        script = read_yaml(file)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} is not YAML: {error}") from None
    if isinstance(script, dict):
        script = [script]
    if not isinstance(script, list):
        raise click.ClickException(f"{file} holds no list of messages")
    if not any(isinstance(each, dict) and _steps(each) is not None for each in script):
        script = [{"steps": script}]
    for number, each in enumerate(script, start=1):
        steps = (_steps(each) if isinstance(each, dict) else None) or ()
        unheeded = [f"`{name}`" for name in _WORLD if isinstance(each, dict) and name in each]
        heard = [step for step in steps if not (isinstance(step, dict) and "system" in step)]
        unheeded += ["a step that the system starts"] * (len(steps) - len(heard))
        name = str(each.get("name", number)) if isinstance(each, dict) else str(number)
        yield _Conversation(name=name, steps=[_step(step, file) for step in heard], unheeded=unheeded)


def _steps(conversation: dict[str, Any]) -> list[Any] | None:
    return next(
        (conversation[key] for key in ("steps", "turns", "conversation") if key in conversation), None
    )


def _step(step: Any, file: Path) -> _Step:
    about = step if isinstance(step, dict) else {"user": step}
    sends, after = about.get("sends", []), about.get("after", 0)
    text = about.get("user", "" if sends else None)
    if not isinstance(sends, list) or not all(each in set(MediaKind) for each in sends):
        raise click.ClickException(f"{file}: `sends` is a list of {', '.join(MediaKind)}")
    if not isinstance(text, str | int | float):
        raise click.ClickException(f"{file}: a step needs the words of the user")
    if not isinstance(after, int | float):
        raise click.ClickException(f"{file}: `after` are minutes, not {after}")
    attachments = tuple(map(_attachment, sends))
    return _Step(text=str(text), attachments=attachments, after=timedelta(minutes=after))


def _attachment(kind: str) -> Attachment:
    """Something of a kind as a channel would tell of it; a place is in the middle of nowhere, a file nowhere."""
    return Attachment(kind=MediaKind(kind), reference="" if kind == MediaKind.LOCATION else "played")
