"""From keys to words to messages: the language, the wording and the length that a channel can carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.dispatcher import Response
from bot.messages import Capabilities, Choice
from bot.pack import Pack, fill
from bot.text.choices import numbered
from bot.text.pages import pages
from bot.text.parts import count
from bot.text.typography import plain

DEFAULT_BUDGET = 2  # parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A message in words, not yet addressed."""

    text: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """The messages of a turn, and every answer they offer in the order of its number."""

    drafts: tuple[Draft, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wording:
    """One response in words: the long form, and the short one where the pack has it.

    `extras` are choices that are shown only where they cost nothing.
    """

    long: str
    short: str
    choices: tuple[Choice, ...]
    extras: tuple[Choice, ...]
    budget: int


class Renderer:
    """Puts responses into words; `budgets` are the parts that a text may cost, by key."""

    def __init__(self, pack: Pack, budgets: Mapping[str, int]) -> None:
        self._pack = pack
        self._budgets = budgets

    def render(self, responses: Sequence[Response], language: str, capabilities: Capabilities) -> Rendered:
        """The messages for one turn; on channels that pay by part they are one, as cheap as it faithfully can be."""
        wordings = [self._wording(each, language) for each in responses]
        if not wordings:
            return Rendered(drafts=(), choices=())
        texts = _cheapest(wordings) if capabilities.sms else [each.long for each in wordings]
        needed = _rendered(wordings, texts, capabilities)
        if not any(each.extras for each in wordings):
            return needed
        more = [replace(each, choices=each.choices + each.extras) for each in wordings]
        everything = _rendered(more, texts, capabilities)
        return everything if _cost(everything, capabilities) <= _cost(needed, capabilities) else needed

    def parts(self, responses: Sequence[Response], language: str) -> int:
        """How many parts of an SMS they cost together, without what is shown only where it costs nothing."""
        wordings = [self._wording(each, language) for each in responses]
        return count(_joined(wordings, _cheapest(wordings))) if wordings else 0

    def _wording(self, response: Response, language: str) -> _Wording:
        text = self._pack.text(language, response.key)
        values = {name: _said(value) for name, value in response.values.items()}
        offered = [{"title": each.title, "payload": each.payload} for each in text.buttons]
        offered += [each for each in response.buttons if "optional" not in each]
        extras = [each for each in response.buttons if "optional" in each]
        return _Wording(
            long=fill(text.text, values),
            short=fill(text.short or text.text, values),
            choices=_choices(offered),
            extras=_choices(extras),
            budget=self._budgets.get(response.key, DEFAULT_BUDGET),
        )


def _said(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list | tuple) else str(value)


def _choices(buttons: Iterable[Mapping[str, str]]) -> tuple[Choice, ...]:
    return tuple(Choice(label=each["title"], payload=each["payload"]) for each in buttons)


def _rendered(wordings: Sequence[_Wording], texts: Sequence[str], capabilities: Capabilities) -> Rendered:
    choices = tuple(choice for each in wordings for choice in each.choices)
    if capabilities.sms:
        return Rendered(drafts=(Draft(text=_joined(wordings, texts)),), choices=choices)
    drafts = _with_buttons(wordings, capabilities) if capabilities.buttons else _with_numbers(wordings)
    limited = [part for draft in drafts for part in _limited(draft, capabilities.max_units)]
    return Rendered(drafts=tuple(limited), choices=choices)


def _cost(rendered: Rendered, capabilities: Capabilities) -> tuple[int, bool]:
    """What an answer asks of payer and reader: parts or messages, and numbers to type instead of buttons."""
    if capabilities.sms:
        return sum(count(draft.text) for draft in rendered.drafts), False
    typed = bool(rendered.choices) and not any(draft.choices for draft in rendered.drafts)
    return len(rendered.drafts), typed and capabilities.buttons > 0


def _cheapest(wordings: Sequence[_Wording]) -> list[str]:
    """The text of each wording: long while the budget allows, then short from the last one on."""
    budget = max(each.budget for each in wordings)
    texts = [each.long for each in wordings]
    for index in reversed(range(len(wordings))):
        if count(_joined(wordings, texts)) <= budget:
            break
        texts[index] = wordings[index].short
    return texts


def _joined(wordings: Sequence[_Wording], texts: Sequence[str]) -> str:
    lines: list[str] = []
    number = 1
    for wording, text in zip(wordings, texts, strict=True):
        lines.append(text)
        if wording.choices:
            lines.append(numbered([choice.label for choice in wording.choices], start=number))
            number += len(wording.choices)
    return plain("\n".join(lines))


def _with_numbers(wordings: Sequence[_Wording]) -> list[Draft]:
    return [Draft(text=_joined(wordings, [each.long for each in wordings]))]


def _with_buttons(wordings: Sequence[_Wording], capabilities: Capabilities) -> list[Draft]:
    """A message a response; answers become numbers where there are too many or too long for buttons."""
    fits = all(
        len(each.choices) <= capabilities.buttons
        and all(len(choice.label) <= capabilities.button_units for choice in each.choices)
        for each in wordings
    )
    return (
        [Draft(text=each.long, choices=each.choices) for each in wordings]
        if fits
        else _with_numbers(wordings)
    )


def _limited(draft: Draft, limit: int) -> list[Draft]:
    """As many messages as the channel's limit on one needs; the choices stay with the last."""
    texts = pages(draft.text, limit)
    return [Draft(text=text) for text in texts[:-1]] + [Draft(text=texts[-1], choices=draft.choices)]
