"""`patou nlu review`: staff say what was meant by messages that were not understood."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import click
import orjson

from bot.clock import Clock
from bot.learning.labels import LABELS, Labels
from bot.learning.review import Review, Unlabelled
from bot.nlu.classifier import OUT_OF_SCOPE, base_of
from bot.nlu.understanding import examples_of
from bot.pack import Pack
from cli.kit import Kit
from cli.nlu_desk import Choices, Desk
from services.catalogue import Catalogue


def review_command(kit: Kit) -> click.Command:
    """The command."""

    @click.command()
    @click.option("--by", default=getpass.getuser, help="Who labels; you by default.")
    @click.option("--most", default=1000, show_default=True, type=click.IntRange(1), help="So many messages.")
    @click.option("--jsonl", is_flag=True, help="Print the messages, one object a line, and ask nothing.")
    @click.option(
        "--labels",
        "file",
        type=click.File("r", "utf-8"),
        help='Label from a file, - for standard input: {"id": "…", "intent": "…"} a line, with "service" and "words" '
        'if there are; {"id": "…", "delete": true} erases.',
    )
    def review(by: str, most: int, jsonl: bool, file: TextIO | None) -> None:
        """Label messages that were not understood, the most frequent first; each takes one key.

        1, 2 and 3 take what was guessed, a letter any other intent, / lets you type one, = names the
        service, s skips, x is for what is not for us, d erases what is personal, u takes back, q ends.
        """
        asyncio.run(_review(kit, by, most, jsonl, file))

    return review


async def _review(kit: Kit, by: str, most: int, jsonl: bool, file: TextIO | None) -> None:
    config = kit.config()
    pack = Pack.load(config.pack_root)
    choices = Choices.of(examples_of(pack), Catalogue.load(pack).services)
    async with kit.store(config, maintenance=True) as (db, vault):
        labels = Labels(config.data_dir / LABELS)
        review = Review(db=db, vault=vault, clock=Clock(), labels=labels, languages=pack.languages)
        messages = await review.waiting(most)
        if file:
            await _label_all(review, messages, choices, by, file)
        elif jsonl:
            for message in messages:
                click.echo(_line(message))
        else:
            desk = Desk(
                review=review, interpreter=await kit.interpreter(config, None), choices=choices, by=by
            )
            await desk.work(messages)
            told = ", ".join(f"{count} {how}" for how, count in desk.summary().items())
            click.echo(f"\n{told}; {await review.count()} wait.")


def _line(message: Unlabelled) -> bytes:
    return orjson.dumps(
        {
            "id": message.id,
            "text": message.text,
            "language": message.language,
            "times": message.times,
            "people": message.people,
            "guesses": [{"name": name, "confidence": sure} for name, sure in message.guesses],
            "model": message.model,
            "chosen": message.chosen,
            "service": message.service,
            "corrected": message.corrected,
            "channels": message.channels,
            "at": message.at,
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Decision:
    """What a line says of a message."""

    message: Unlabelled
    intent: str
    service: str
    words: str


async def _label_all(
    review: Review, messages: Sequence[Unlabelled], choices: Choices, by: str, file: TextIO
) -> None:
    """Do what every line says, or, where one is wrong, nothing at all."""
    known = {message.id: message for message in messages}
    decisions = [_decision(known, choices, line, number) for number, line in _lines(file)]
    for each in decisions:
        if each.intent:
            await review.label(each.message, each.intent, by, service=each.service, words=each.words)
        else:
            await review.delete(each.message)
    click.echo(f"{len(decisions)} done; {await review.count()} wait.")


def _lines(file: TextIO) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError:
                raise click.ClickException(f"line {number} is no JSON") from None


def _decision(known: dict[str, Unlabelled], choices: Choices, told: Any, number: int) -> _Decision:
    problem = _problem(known, choices, told)
    if problem:
        raise click.ClickException(f"line {number}: {problem}; nothing was changed")
    return _Decision(
        message=known[told["id"]],
        intent=told.get("intent", ""),
        service=told.get("service", ""),
        words=told.get("words", ""),
    )


def _problem(known: dict[str, Unlabelled], choices: Choices, told: Any) -> str:
    """What is wrong with a line; empty if nothing is."""
    if not isinstance(told, dict) or not isinstance(told.get("id"), str) or told["id"] not in known:
        return "no message with that id waits"
    if told.get("delete") is True:
        return "" if "intent" not in told else "intent or delete, not both"
    intent, service, words = (told.get(name, "") for name in ("intent", "service", "words"))
    text = known[told["id"]].text
    faults = {
        f"no intent {intent}": intent not in choices.intents and intent != OUT_OF_SCOPE,
        f"no service {service}": service and service not in choices.services,
        f"{intent} is about no service": service and base_of(str(intent)) not in choices.about_services,
        "words are those of the message that name its service": words
        and not (service and isinstance(words, str) and words in text),
    }
    return next((told for told, is_so in faults.items() if is_so), "")
