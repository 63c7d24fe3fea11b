"""From keys to words to messages: the language, the wording and the length that a channel can carry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

from bot.dispatcher import Response
from bot.messages import Capabilities, Choice, Enclosure, MediaKind
from bot.pack import Pack, Text, fill
from bot.parsed import intent_of
from bot.screens import Frame, screens
from bot.text.choices import numbered
from bot.text.pages import pages
from bot.text.parts import count
from bot.text.typography import plain

DEFAULT_BUDGET = 2  # parts
_BY_PART = Capabilities(max_units=1600, sms=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A message in words, not yet addressed; `parts` is what it costs on a channel that pays by part, else 0.

    `matters` where it is worth an SMS if it does not arrive. With an `enclosure` the text is its title.
    With `session_end` it is the last screen of a session.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    parts: int = 0
    matters: bool = False
    enclosure: Enclosure | None = None
    session_end: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """The messages of a turn, and every answer they offer in the order of its number."""

    drafts: tuple[Draft, ...]
    choices: tuple[Choice, ...]


class _Wording(NamedTuple):
    """One response in words: the long form, and what its short one is made of.

    `extras` are choices that are shown only where they cost nothing.
    """

    long: str
    text: Text
    values: Mapping[str, str]
    choices: tuple[Choice, ...]
    extras: tuple[Choice, ...]
    budget: int
    matters: bool
    enclosures: tuple[Enclosure, ...]

    @property
    def short(self) -> str:
        """The short form; empty where the pack has none."""
        return fill(self.text.short, self.values)

    @property
    def all_choices(self) -> tuple[Choice, ...]:
        """The extras after what is always offered."""
        return self.choices + self.extras


class Renderer:
    """Puts responses into words; `budgets` are the parts that a text may cost, by key.

    A text of 0 parts is said beside others, where their budget has room for it. `followed` are the keys
    of what is worth an SMS where it does not arrive.
    """

    def __init__(self, pack: Pack, budgets: Mapping[str, int], followed: Collection[str] = ()) -> None:
        self._pack = pack
        self._budgets = budgets
        self._followed = followed

    def render(self, responses: Sequence[Response], language: str, capabilities: Capabilities) -> Rendered:
        """The messages for one turn; on channels that pay by part they are one, as cheap as it faithfully can be."""
        wordings = [self._wording(each, language, capabilities) for each in responses]
        if not wordings:
            return Rendered(drafts=(), choices=())
        if capabilities.session:
            return _as_screens(_with_room(wordings), self.frame(language, capabilities))
        return _as_sms(_with_room(wordings)) if capabilities.sms else _as_chat(wordings, capabilities)

    def frame(self, language: str, capabilities: Capabilities) -> Frame:
        """What a screen of a session holds, and the words below it."""
        more, back = (self._pack.text(language, f"utter_screen_{which}").text for which in ("more", "back"))
        septets = capabilities.max_septets or capabilities.max_units
        return Frame(units=capabilities.max_units, septets=septets, more=more, back=back)

    def language(self, spoken: str, capabilities: Capabilities) -> str:
        """The language for a channel: a romanised form of the one spoken, where its letters cannot be shown."""
        if capabilities.ucs2:
            return spoken
        language = spoken or self._pack.languages[0]
        return self._pack.romanised.get(language, language)

    def matters(self, response: Response) -> bool:
        """Whether it is worth an SMS where it does not arrive."""
        return response.key in self._followed

    def parts(self, responses: Sequence[Response], language: str) -> int:
        """How many parts of an SMS they cost together, without what is shown only where it costs nothing."""
        wordings = [self._wording(each, language, _BY_PART) for each in responses]
        if not wordings:
            return 0
        kept = _with_room(wordings)
        return _cheapest(kept, count, _budget(kept))[2]

    def _wording(self, response: Response, language: str, can: Capabilities) -> _Wording:
        """The response in words; what shares a phone is offered only where a channel can ask for it."""
        text = self._pack.text(language, response.key)
        if can.session and text.screen:
            text = replace(text, text=text.screen, short="")
        values = {name: _said(value) for name, value in response.values.items()}
        always = [
            Choice(label=each.title, payload=each.payload)
            for each in text.buttons
            if intent_of(each.payload) not in response.without
        ]
        extras: list[Choice] = []
        for each in response.buttons:
            shares = "shares_phone" in each
            choice = Choice(label=each["title"], payload=each["payload"], shares_phone=shares)
            if can.contact or not shares:
                (extras if "optional" in each else always).append(choice)
        return _Wording(
            long=fill(text.text, values),
            text=text,
            values=values,
            choices=tuple(always),
            extras=tuple(extras),
            budget=self._budgets.get(response.key, DEFAULT_BUDGET),
            matters=self.matters(response),
            enclosures=tuple(
                Enclosure(**{**each, "kind": MediaKind(each["kind"])}) for each in response.enclosures
            ),
        )


def _said(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list | tuple) else str(value)


def _with_room(wordings: Sequence[_Wording]) -> Sequence[_Wording]:
    """Without what has no budget of its own, where the others' has no room for it."""
    kept = [each for each in wordings if each.budget]
    if len(kept) in (0, len(wordings)):
        return wordings
    return wordings if _cheapest(wordings, count, _budget(wordings))[2] <= _budget(kept) else kept


def _as_sms(wordings: Sequence[_Wording]) -> Rendered:
    text, choices, parts = _fewest(wordings, count, _budget(wordings))
    draft = Draft(text=text, parts=parts, matters=any(each.matters for each in wordings))
    return Rendered(drafts=(draft,), choices=choices)


def _as_screens(wordings: Sequence[_Wording], frame: Frame) -> Rendered:
    """One text, which its session shows screen by screen: in short words where the long ones need several."""
    text, choices, _ = _fewest(wordings, lambda said: len(screens(said, frame, back=True)), 1)
    draft = Draft(text=text, matters=any(each.matters for each in wordings))
    return Rendered(drafts=(draft,), choices=choices)


def _fewest(
    wordings: Sequence[_Wording], measure: Callable[[str], int], budget: int
) -> tuple[str, tuple[Choice, ...], int]:
    """All in one text, the answers it offers, and what it measures; with the extras where they cost nothing."""
    texts, said, cost = _cheapest(wordings, measure, budget)
    offered = [each.choices for each in wordings]
    if any(each.extras for each in wordings):
        more = [each.all_choices for each in wordings]
        everything = _joined(texts, more)
        if (dearer := measure(everything)) <= cost:
            offered, said, cost = more, everything, dearer
    return said, tuple(chain.from_iterable(offered)), cost


def _budget(wordings: Sequence[_Wording]) -> int:
    return max(each.budget for each in wordings)


def _cheapest(
    wordings: Sequence[_Wording], measure: Callable[[str], int], budget: int
) -> tuple[list[str], str, int]:
    """The text of each wording: long while the budget allows, then short from the last one on; all, its measure."""
    texts = [each.long for each in wordings]
    offered = [each.choices for each in wordings]
    said = _joined(texts, offered)
    cost = measure(said)
    for index in reversed(range(len(wordings))):
        if cost <= budget:
            break
        if wordings[index].text.short:
            texts[index] = wordings[index].short
            said = _joined(texts, offered)
            cost = measure(said)
    return texts, said, cost


def _joined(texts: Sequence[str], offered: Sequence[Sequence[Choice]]) -> str:
    lines: list[str] = []
    number = 1
    for text, choices in zip(texts, offered, strict=True):
        lines.append(text)
        if choices:
            lines.append(numbered([choice.label for choice in choices], start=number))
            number += len(choices)
    return plain("\n".join(lines))


def _as_chat(wordings: Sequence[_Wording], capabilities: Capabilities) -> Rendered:
    needed = _shown(wordings, [each.choices for each in wordings], capabilities)
    if not any(each.extras for each in wordings):
        return needed
    everything = _shown(wordings, [each.all_choices for each in wordings], capabilities)
    return everything if _effort(everything) <= _effort(needed) else needed


def _shown(
    wordings: Sequence[_Wording], offered: Sequence[tuple[Choice, ...]], capabilities: Capabilities
) -> Rendered:
    """One message for each response; where answers do not fit on buttons, one message in which they have numbers."""
    fits = capabilities.buttons > 0 and all(
        len(choices) <= capabilities.buttons
        and all(len(choice.label) <= capabilities.button_units for choice in choices)
        for choices in offered
    )
    texts = [each.long for each in wordings]
    if fits:
        drafts = [
            Draft(text=each.long, choices=choices, matters=each.matters)
            for each, choices in zip(wordings, offered, strict=True)
        ]
    else:
        buttons = _with_numbers(tuple(chain.from_iterable(offered)), capabilities)
        matters = any(each.matters for each in wordings)
        drafts = [Draft(text=_joined(texts, offered), choices=buttons, matters=matters)]
    limited = [part for draft in drafts for part in _limited(draft, capabilities.max_units)]
    # Before the words: buttons belong below the last message.
    enclosed = [
        Draft(text=each.title, enclosure=each)
        for wording in wordings
        for each in wording.enclosures
        if each.kind in capabilities.enclosures
    ]
    return Rendered(drafts=(*enclosed, *limited), choices=tuple(chain.from_iterable(offered)))


def _with_numbers(choices: Sequence[Choice], capabilities: Capabilities) -> tuple[Choice, ...]:
    """Buttons with the number and the beginning of each answer; none where there are too many for them."""
    if len(choices) > capabilities.buttons:
        return ()
    return tuple(
        replace(choice, label=_beginning(f"{number} {choice.label}", capabilities.button_units))
        for number, choice in enumerate(choices, 1)
    )


def _beginning(label: str, limit: int) -> str:
    return label if len(label) <= limit else f"{pages(label, limit - 1)[0]}…"


def _effort(rendered: Rendered) -> tuple[int, bool]:
    """What an answer asks of its reader: messages, and numbers to find on buttons or to type."""
    buttons = tuple(chain.from_iterable(draft.choices for draft in rendered.drafts))
    return len(rendered.drafts), buttons != rendered.choices


def _limited(draft: Draft, limit: int) -> list[Draft]:
    """As many messages as the channel's limit on one needs; the choices stay with the last."""
    texts = pages(draft.text, limit)
    first = [Draft(text=text, matters=draft.matters) for text in texts[:-1]]
    return [*first, replace(draft, text=texts[-1])]
