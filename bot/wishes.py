"""The wishes of a message beyond its first one, and those that wait: for a service, or for another to be answered first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from bot.dispatcher import Response
from bot.parsed import Parsed, about, closest
from bot.rendering import DEFAULT_BUDGET
from bot.rules import Rules
from bot.turns import Stage

# What the rules call it when a message asks for more than fits one answer, and when an answer may be wrong.
_MORE, _DOUBT = "further_wish", "doubt"
# What they call it when the wishes of a message do not fit one answer.
_SEVERAL = "several_wishes"
# By these the rules are called on here; nobody wishes them.
OFFERS = frozenset((_MORE, _DOUBT, _SEVERAL))
# So many SMS parts may two answers cost in one turn, as much as in two turns.
_TWO_ANSWERS = 4
# With this the first one is asked for, and with this the service that they are about.
_WHICH_FIRST, _WHICH_SERVICE = "utter_ask_which_first", "utter_ask_service"
# How the understanding calls it when all is wanted that there was to choose from.
_BOTH = "both"
# What is known of a message besides its words.
_ENVELOPE = ("message_id", "channel", "address", "proven", "attachments")


class Wishes:
    """Answers what one turn's stage asks for, as far as that fits the turn."""

    def __init__(
        self,
        rules: Rules,
        *,
        run: Callable[[Stage, Iterable[str]], Awaitable[None]],
        answer: Callable[[Stage], Awaitable[None]],
        parts: Callable[[Sequence[Response], str], int],
    ) -> None:
        """`run` runs actions, `answer` those of a further wish; `parts` tells how many SMS parts responses cost."""
        self._rules = rules
        self._run = run
        self._answer = answer
        self._parts = parts

    async def answer_all(self, stage: Stage, actions: Iterable[str]) -> None:
        """Run the actions and answer what else was asked; what is too much is taken back, to ask which is first."""
        told, slots = list(stage.responses), dict(stage.state.slots)
        await self._run(stage, actions)
        answered = stage.understood and not stage.state.form
        if answered and not await self._answer_further(stage):
            stage.responses, stage.state.slots = told, slots
            await self._run(stage, self._rules.actions(_SEVERAL))

    @staticmethod
    def first_of_all(stage: Stage) -> Parsed | None:
        """Who wants all that there was to choose from is answered this first; None for anybody else."""
        return stage.later[0] if stage.intent == _BOTH and stage.later and _chooses(stage) else None

    @staticmethod
    def ask_again(stage: Stage) -> list[Response]:
        """The question whose answer the wishes wait for, as it was, and they wait on; none where nothing waits."""
        if not stage.later:
            return []
        asked = [each for each in stage.state.said if each["key"] in (_WHICH_FIRST, _WHICH_SERVICE)]
        stage.state.later = stage.later if asked else []
        return [Response.recall(each) for each in asked]

    async def offer_instead(self, stage: Stage) -> None:
        """The next best wish as the last choice of an answer that may be none."""
        if not stage.responses:
            return
        answer, language = list(stage.responses), stage.state.language
        await self._run(stage, self._rules.actions(_DOUBT))
        offered = [dict(button) for said in stage.responses[len(answer) :] for button in said.buttons]
        stage.responses = [*answer[:-1], _with(answer[-1], offered)]
        if self._parts(stage.responses, language) > max(self._parts(answer, language), DEFAULT_BUDGET):
            cheap = [{**button, "optional": "yes"} for button in offered]
            stage.responses = [*answer[:-1], _with(answer[-1], cheap)]

    async def _answer_further(self, stage: Stage) -> bool:
        """Answer what else was asked, or offer what waited; whether all that the message asks fits one turn."""
        first, together = stage.parsed, stage.parsed.get("further") or []
        wishes = together or _waiting(stage)
        if any(said.key == _WHICH_SERVICE for said in stage.responses):
            stage.state.later = wishes
            return True
        for wish in wishes:
            stage.parsed = said_with(wish, first)
            if await self._answer_besides(stage):
                continue
            if together and self._rules.actions(_SEVERAL):
                stage.parsed, stage.state.later = first, [{**first, "further": []}, *together]
                return False
            await self._run(stage, self._rules.actions(_MORE))
        stage.parsed = first
        return True

    async def _answer_besides(self, stage: Stage) -> bool:
        """Answer one more wish, if that is not too much; whether it was not."""
        before, slots = list(stage.responses), dict(stage.state.slots)
        await self._answer(stage)
        told = [said for said in stage.responses[len(before) :] if said not in before]
        stage.responses = [*(_with(said) for said in before), *told] if told else before
        if self._parts(stage.responses, stage.state.language) <= _TWO_ANSWERS:
            return True
        stage.responses, stage.state.slots = before, slots
        return False


def said_with(wish: Parsed, message: Parsed) -> Parsed:
    """A wish as one of this message."""
    return {**wish, **{name: message[name] for name in _ENVELOPE if name in message}}


def _waiting(stage: Stage) -> list[Parsed]:
    """The wishes of the message before: for the service named now, or after the one that was to be answered first."""
    if not _chooses(stage):
        return about(stage.later, stage.parsed["entities"])
    others = [each for each in stage.later if closest(each) != closest(stage.parsed)]
    return others if len(others) < len(stage.later) else []


def _chooses(stage: Stage) -> bool:
    """Whether the first of several wishes was to be chosen."""
    return any(said["key"] == _WHICH_FIRST for said in stage.state.said)


def _with(response: Response, buttons: Sequence[dict[str, str]] = ()) -> Response:
    """The response with these choices in place of what it offers for good measure."""
    kept = [button for button in response.buttons if "optional" not in button]
    return replace(response, buttons=(*kept, *buttons))
