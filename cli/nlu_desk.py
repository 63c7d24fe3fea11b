"""The review desk in the terminal: one unclear message after the other, one keystroke each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import click

from bot.learning.review import Review, Unlabelled
from bot.nlu.classifier import OUT_OF_SCOPE, base_of
from bot.nlu.data import Entity, TrainingData
from bot.nlu.parse_data import Interpreter, ParseContext

_COMMANDS = {"s": "skip", "x": "not for us", "d": "delete (personal)", "u": "undo", "q": "quit"}
_TYPED = "/"
_SERVICE = "="
_ENDS = frozenset(("q", "", "\x03", "\x04"))
_A_ROW = 4


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a message can be labelled with: intents, those of them that are about a service, and the services."""

    intents: Sequence[str]
    about_services: frozenset[str]
    services: Sequence[str]

    @classmethod
    def of(cls, data: TrainingData, services: Iterable[str]) -> Choices:
        """Every intent that has examples; one is about services where one of its examples names one."""
        about = {
            base_of(each.intent)
            for each in data.examples
            if any(entity["entity"] == "service" for entity in each.entities)
        }
        names = {each.intent for each in data.examples} | {base_of(each.intent) for each in data.examples}
        return cls(
            intents=sorted(names - {OUT_OF_SCOPE}), about_services=frozenset(about), services=sorted(services)
        )

    def keys(self) -> Mapping[str, str]:
        """A letter for each intent that has one left, the first free one of its name; closer intents are typed."""
        keys: dict[str, str] = {}
        bases = [name for name in self.intents if base_of(name) == name]
        bases.sort(key=lambda name: name not in self.about_services)  # the most wanted have their own letter
        free = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in _COMMANDS]
        for letters in (lambda name: name, lambda _: free):
            for name in bases:
                letter = next((each for each in letters(name) if each in free), "")
                if letter and name not in keys.values():
                    keys[letter] = name
                    free.remove(letter)
        return dict(sorted(keys.items(), key=lambda item: item[1]))


@dataclass(kw_only=True)
class Desk:
    """Shows, asks and labels; `key` gives the next keystroke."""

    review: Review
    interpreter: Interpreter
    choices: Choices
    by: str
    key: Callable[[], str] = click.getchar
    done: list[tuple[str, Unlabelled]] = field(default_factory=list)

    async def work(self, messages: Sequence[Unlabelled]) -> None:
        """Go through the messages until the last one, or until that is enough."""
        at = 0
        while at < len(messages):
            step = await self._one(messages[at], len(messages) - at)
            if step is None:
                return
            at = max(0, at + step)

    def summary(self) -> Mapping[str, int]:
        """How many messages were dealt with in which way."""
        counts = dict.fromkeys(("labelled", "not for us", "deleted", "skipped"), 0)
        for how, _ in self.done:
            counts[how] += 1
        return counts

    async def _one(self, message: Unlabelled, left: int) -> int | None:
        """One message; how far to go on, or None to stop."""
        keys = self.choices.keys()
        named = await self._named(message)
        service = str(named["value"]) if named else message.service
        self._show(message, left, service, keys)
        while True:
            key = self._pressed()
            if key in _ENDS:
                return None
            if key == _SERVICE:
                service = self._ask(self.choices.services, "service") or service
                click.echo(f"  about {service or 'no service'}")
                continue
            if key == "u":
                return await self._undo()
            if key in _COMMANDS:
                return await self._dispose(message, key)
            intent = (
                self._ask(self.choices.intents, "intent") if key == _TYPED else _meant(key, message, keys)
            )
            if intent:
                return await self._label(message, intent, service, named)

    def _pressed(self) -> str:
        try:
            return self.key()
        except (EOFError, KeyboardInterrupt):
            return "q"

    async def _named(self, message: Unlabelled) -> Entity | None:
        """The service that is understood of the words."""
        parsed = await self.interpreter.parse(message.text, ParseContext())
        return next((each for each in parsed["entities"] if each["entity"] == "service"), None)

    async def _label(self, message: Unlabelled, intent: str, service: str, named: Entity | None) -> int:
        words = ""
        if base_of(intent) not in self.choices.about_services:
            service = ""
        elif not service:
            service = self._ask(self.choices.services, "service")
        if service and named and named["value"] == service:
            words = message.text[named["start"] : named["end"]]
        elif service:
            words = self._words(message.text)
        await self.review.label(message, intent, self.by, service=service, words=words)
        self.done.append(("labelled", message))
        click.echo(f"  {intent}{f' · {service}' if service else ''}")
        return 1

    async def _dispose(self, message: Unlabelled, key: str) -> int:
        how = {"s": "skipped", "x": "not for us", "d": "deleted"}[key]
        if key == "x":
            await self.review.label(message, OUT_OF_SCOPE, self.by)
        elif key == "d":
            await self.review.delete(message)
        self.done.append((how, message))
        click.echo(f"  {how}")
        return 1

    async def _undo(self) -> int:
        """Back to the message before; what was deleted is gone, and told so."""
        if not self.done:
            return 0
        how, message = self.done[-1]
        if how == "deleted":
            click.echo("  What was deleted is gone.")
            return 0
        self.done.pop()
        if how != "skipped":
            await self.review.reopen(message)
        return -1

    def _ask(self, names: Sequence[str], what: str) -> str:
        """A name by its beginning; empty for none."""
        while True:
            typed = click.prompt(f"  {what}", default="", show_default=False).strip()
            found = (
                [typed] if typed in names else [each for each in names if typed and each.startswith(typed)]
            )
            if not typed or len(found) == 1:
                return found[0] if found else ""
            click.echo(f"  {', '.join(found) or 'There is none.'}")

    def _words(self, text: str) -> str:
        """The words that name the service, so that they are known from then on; empty where none do."""
        while True:
            typed = str(click.prompt("  words that name it", default="", show_default=False)).strip()
            if typed in text:
                return typed
            click.echo("  They are not in the message.")

    def _show(self, message: Unlabelled, left: int, service: str, keys: Mapping[str, str]) -> None:
        told = [f"{left} left", message.language, f"{message.times} times by {message.people}"]
        told += [*message.channels, "corrected"] if message.corrected else message.channels
        click.echo(f"\n{click.style(' · '.join(told), dim=True)}")
        click.secho(f"  {message.text}", bold=True)
        if message.chosen:
            click.echo(f"  then chose {message.chosen}{f' · {message.service}' if message.service else ''}")
        if service:
            click.echo(f"  about {service}")
        guesses = (f"{n} {name} {sure:.2f}" for n, (name, sure) in enumerate(message.guesses, 1))
        click.echo(f"  {'   '.join(guesses)}")
        letters = [f"{letter} {name}" for letter, name in keys.items()]
        for start in range(0, len(letters), _A_ROW):
            click.echo("  " + "".join(f"{each:<20}" for each in letters[start : start + _A_ROW]).rstrip())
        commands = (f"{key} {what}" for key, what in _COMMANDS.items())
        click.echo(f"  {_TYPED} type an intent   {_SERVICE} service   {'   '.join(commands)}")


def _meant(key: str, message: Unlabelled, keys: Mapping[str, str]) -> str:
    """The intent of a key: a number of the list, or a letter; empty for any other key."""
    if key.isdecimal():
        at = int(key) - 1
        return message.guesses[at][0] if 0 <= at < len(message.guesses) else ""
    return keys.get(key, "")
