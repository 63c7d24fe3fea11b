"""The dialog engine: Rasa's rules and forms over rasa-sdk actions, in this process.

Conversation in, events out: the engine reads no store and sends nothing. What it understands of
a message it takes from Rasa parse data; what it says are keys of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rasa_sdk.interfaces import Action, ActionExecutionRejection

from bot.bands import Bands
from bot.clock import to_ms
from bot.dispatcher import Response
from bot.forms import FormLoop
from bot.hearing import ENCLOSED, Hearing
from bot.messages import InboundMessage, SessionEvent
from bot.parsed import Parsed, certain, closest, parsed_payload, readable
from bot.rules import Rules
from bot.text.digits import ascii_digits
from bot.trackers import TrackerState
from bot.turns import Stage, Turn
from bot.wishes import OFFERS, Wishes, said_with

FALLBACK = "nlu_fallback"
# Never a wish of their own while a form is asking.
_ANSWERS = frozenset(("inform", "affirm", "deny", FALLBACK))
# To be asked about rather than guessed.
_CONSENTS = frozenset(("subscribe",))
# Not a wish that could be answered again.
_SAID_ABOUT_THE_TALK = frozenset(("language", "repeat", "cancel", "go_back"))

# What the rules call it when a form's question was answered in vain, so often and again as often.
_STUCK, _IN_VAIN = "stuck", 2
# A number that can be meant for one of the answers offered.
CHOICE_DIGITS = 2
# What is run after the answer to the words of a message that has something with it.
_ENCLOSED_BESIDE = "attachment/beside"
# By these the engine calls on the rules itself, each where it makes sense; no button stands for them.
_NOBODYS_CHOICE = OFFERS | {FALLBACK, _STUCK, ENCLOSED, _ENCLOSED_BESIDE}
# Rasa's name for waiting: an action that wants it has nothing more said in this turn.
_LISTEN = "action_listen"
# What is said before the same answers once more.
OFFERED_ANEW = "utter_choice_range"
# The wish with which a session begins; on other channels a word for it.
_TOP = "menu"
# What was answered to a message without words, or to the second one.
_NOT_TEXT = frozenset(("utter_not_text", "utter_not_understood_again"))


class Engine:
    """Answers one message after the other; holds nothing between them but its rules and actions."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        rules: Rules,
        actions: Iterable[Action],
        languages: Collection[str],
        texts: Collection[str],
        item_words: Collection[str],
        key: Callable[[str], str],
        parts: Callable[[Sequence[Response], str], int] = lambda *_: 0,
        offering: Collection[str] = (),
        heard: Callable[[Parsed, TrackerState], Parsed] = lambda parsed, _: parsed,
    ) -> None:
        """`parts` tells how many SMS parts responses cost in a language; texts `offering` have answers of their own.

        `heard` takes out of a message what is to be kept nowhere.
        """
        self._offering = offering
        self._rules = rules
        self._hearing = Hearing(
            choosable=rules.intents - _NOBODYS_CHOICE,
            languages=tuple(languages),
            item_words=item_words,
            key=key,
            heard=heard,
        )
        self._actions: Mapping[str, Action] = {action.name(): action for action in actions}
        self._bands = Bands()
        self._forms = FormLoop(rules, self._actions, texts)
        self._wishes = Wishes(rules, run=self._run, answer=self._answer, parts=parts)
        self._filled_by = tuple(
            (mapping.entity, slot.name)
            for slot in rules.slots.values()
            for mapping in slot.mappings
            if mapping.kind == "from_entity" and not mapping.form
        )

    async def respond(self, state: TrackerState, inbound: InboundMessage, parsed: Parsed) -> Turn:
        """Answer a person's message; `state` is the engine's to change."""
        stage = Stage(
            state=state,
            parsed=parsed,
            later=state.later,
            in_session=bool(inbound.session),
            spoken=state.language,
        )
        state.later = []
        left = self._left(state, inbound)
        self._hearing.hear(stage, inbound)
        stage.slipped = _slips(stage, inbound)
        if not stage.state.paused:
            self._fill_slots(stage)
            if left and stage.state.form and not inbound.proven:
                await self._resume(stage)
            else:
                await self._decide(stage)
            if inbound.attachments and stage.intent != ENCLOSED:
                await self._run(stage, self._rules.actions(_ENCLOSED_BESIDE))
            await self._answer_again(stage)
        return self._finish(stage)

    async def originate(
        self, state: TrackerState, intent: str, slots: Mapping[str, Any], now: datetime
    ) -> Turn:
        """Start a turn by ourselves: an answer that came late, news of a case, a reminder."""
        parsed = certain(intent, slots, state.language)
        stage = Stage(state=state, parsed=parsed)
        stage.state.events.append({"event": "user", "timestamp": now.timestamp(), "parse_data": parsed})
        self._fill_slots(stage)
        await self._run(stage, self._rules.actions(intent, slots))
        if stage.state.form:
            await self._forms.ask(stage)
        return self._finish(stage)

    def _left(self, state: TrackerState, inbound: InboundMessage) -> bool:
        """Whether what is asked was left behind: hours ago, elsewhere, or with the session before."""
        if inbound.session:
            return inbound.session is SessionEvent.NEW
        return self._expired(state, inbound.received_at) or _moved(state, inbound.channel)

    def _expired(self, state: TrackerState, now: datetime) -> bool:
        last = max(state.seen.values(), default=0)
        return bool(last) and to_ms(now) - last > self._rules.session.total_seconds() * 1000

    def _fill_slots(self, stage: Stage) -> None:
        found = {each["entity"]: each["value"] for each in reversed(stage.parsed["entities"])}
        for entity, slot in self._filled_by if found else ():
            if entity in found:
                stage.state.slots[slot] = found[entity]

    async def _resume(self, stage: Stage) -> None:
        """A form was left hours ago, or elsewhere: a new wish is answered first, then the choice is offered."""
        wished = stage.intent not in _ANSWERS and stage.intent != _TOP
        if wished and stage.confidence >= self._bands.interrupt:
            await self._run(stage, self._actions_for(stage))
        stage.state.resuming = True
        stage.say("utter_ask_continue_or_restart")

    async def _decide(self, stage: Stage) -> None:
        if not (stage.chosen or stage.state.form) and _is_unreadable(stage):
            stage.understood = False
            if any(said["key"] in _NOT_TEXT for said in stage.state.said):
                await self._run(stage, self._rules.actions(FALLBACK))
            else:
                stage.say("utter_not_text")
        elif stage.slipped and (stage.state.resuming or stage.menu or not stage.state.form):
            self._offer_anew(stage)
        elif stage.state.resuming:
            await self._continue_or_restart(stage)
        elif stage.intent in ("cancel", "go_back", "repeat") and stage.confidence >= self._bands.act:
            await self._steer(stage)
        elif stage.state.form and (stage.chosen or not stage.in_menu) and not self._interrupts(stage):
            await self._answer_form(stage)
        else:
            await self._follow_rule(stage)

    def _offer_anew(self, stage: Stage) -> None:
        """Say how far the numbers go, and offer the same answers again."""
        stage.understood = False
        choices, asked = tuple(stage.state.choices), self._wishes.ask_again(stage)
        told = Response(key=OFFERED_ANEW, values={"most": len(choices)}, buttons=() if asked else choices)
        stage.responses += [told, *asked]

    async def _answer_form(self, stage: Stage) -> None:
        """Take the answer; a number out of range, and answers in vain, get more than the question again.

        What the form rejects, in Rasa's way, is no answer: it ends, and the message is taken by itself.
        """
        try:
            await self._forms.answer(stage)
        except ActionExecutionRejection:
            self._forms.drop(stage)
            await self._follow_rule(stage)
            return
        form = stage.state.form
        if form and form.failed and stage.slipped:
            offers = any(said.buttons or said.key in self._offering for said in stage.responses)
            choices = tuple(stage.state.choices)
            told = Response(
                key=OFFERED_ANEW, values={"most": len(choices)}, buttons=() if offers else choices
            )
            stage.responses.insert(0 if offers else len(stage.responses), told)
        if form and form.failed and form.failed % _IN_VAIN == 0:
            await self._run(stage, self._rules.actions(_STUCK))
        await self._submit_full_forms(stage)

    def _interrupts(self, stage: Stage) -> bool:
        form = stage.state.form
        if form is None or stage.intent in _ANSWERS:
            return False
        if stage.intent in self._rules.forms[form.name].ignored_intents and not stage.chosen:
            return False
        starts = self._actions_for(stage)
        return bool(starts) and form.name not in starts and stage.confidence >= self._bands.interrupt

    async def _continue_or_restart(self, stage: Stage) -> None:
        stage.state.resuming = False
        if stage.intent in ("restart_session", "deny"):
            self._forms.drop_all(stage)
            if stage.in_session:
                await self._show_top(stage)
            else:
                await self._run(stage, self._rules.actions("greet"))
        elif stage.intent in ("continue_session", "affirm"):
            await self._forms.ask(stage, alone=stage.in_session)
        else:
            await self._decide(stage)

    async def _steer(self, stage: Stage) -> None:
        if stage.intent == "repeat":
            stage.responses += [Response.recall(each) for each in stage.state.said]
            if not stage.responses:
                stage.say("utter_nothing_to_repeat")
        elif stage.state.form is None:
            stage.say("utter_nothing_to_cancel")
        elif stage.intent == "cancel":
            self._forms.drop(stage)
            stage.cancelled = True
            stage.say("utter_cancelled")
            await self._forms.ask(stage)
        else:
            await self._forms.go_back(stage)
        if stage.in_session and stage.intent != "repeat" and stage.state.form is None:
            await self._show_top(stage)

    async def _show_top(self, stage: Stage) -> None:
        """Where digits are pressed, what can be done now is to be read, not to be known."""
        stage.parsed = said_with(certain(_TOP, {}, stage.state.language), stage.parsed)
        await self._run(stage, self._rules.actions(_TOP))

    async def _follow_rule(self, stage: Stage) -> None:
        before = stage.state.form
        actions = self._actions_for(stage)
        actions = actions if self._is_sure_enough(stage, actions) else ()
        stage.understood = bool(actions) and stage.intent != "out_of_scope"
        await self._wishes.answer_all(stage, actions or self._rules.actions(FALLBACK))
        in_doubt = stage.intent not in _ANSWERS and stage.confidence < self._bands.sure
        if in_doubt and stage.understood and not stage.state.form:
            await self._wishes.offer_instead(stage)
        await self._submit_full_forms(stage)
        if stage.state.form and not stage.asked and not (stage.menu and stage.translates):
            await self._forms.ask(stage, alone=stage.in_session and stage.intent == _TOP)
        stage.aside = before is not None and stage.state.form is before and stage.intent != _TOP

    def _is_sure_enough(self, stage: Stage, actions: Iterable[str]) -> bool:
        """Whether to act on the wish: a form begun, or a consent noted, by mistake costs more than a question."""
        begins = stage.intent in _CONSENTS or any(action in self._rules.forms for action in actions)
        return stage.confidence >= (self._bands.sure if begins else self._bands.act)

    async def _answer_again(self, stage: Stage) -> None:
        """Who asks for another language gets the last answer in it: a menu, or one that caused nothing."""
        menu = parsed_payload(stage.menu, stage.state.language)
        wish = menu or (stage.state.last_wish if stage.state.form is None else None)
        if stage.translates and wish:
            stage.parsed = said_with(wish, stage.parsed)
            await self._wishes.answer_all(stage, self._actions_for(stage))
        elif stage.intent not in _SAID_ABOUT_THE_TALK and stage.intent not in _ANSWERS:
            quiet = stage.understood and not stage.dispatcher.effects and not stage.state.form
            stage.state.last_wish = stage.parsed if quiet else {}

    async def _answer(self, stage: Stage) -> None:
        """Answer a wish of the message besides its first one."""
        self._fill_slots(stage)
        await self._run(stage, self._actions_for(stage))

    def _actions_for(self, stage: Stage) -> tuple[str, ...]:
        return self._rules.actions(
            closest(stage.parsed), (each["entity"] for each in stage.parsed["entities"])
        )

    async def _run(self, stage: Stage, names: Iterable[str]) -> None:
        for name in names:
            if name in self._rules.forms:
                await self._forms.start(stage, name)
            elif name.startswith("utter_"):
                stage.say(name)
            else:
                await self._forms.act(stage, name)
            if stage.followup:
                following, stage.followup = stage.followup, ""
                if following == _LISTEN:
                    stage.asked = True
                else:
                    await self._run(stage, (following,))
                return

    async def _submit_full_forms(self, stage: Stage) -> None:
        while stage.state.form and not stage.state.form.requested:
            submit = self._rules.forms[stage.state.form.name].submit
            self._forms.drop(stage, keep_slots=True)
            await self._run(stage, submit)
            if stage.state.form and stage.state.form.requested:
                await self._forms.ask(stage)

    def _finish(self, stage: Stage) -> Turn:
        state = stage.state
        responses = self._forms.focused(stage)
        if responses:
            state.said = [response.record() for response in responses]
        state.events += [{"event": "bot", "text": response.key} for response in responses]
        return Turn(
            state=state,
            responses=responses,
            effects=tuple(stage.dispatcher.effects),
            understood=stage.understood,
            wish=stage.parsed,
            aside=stage.aside,
            chosen=stage.chosen,
            cancelled=stage.cancelled,
        )


def _slips(stage: Stage, inbound: InboundMessage) -> bool:
    """Whether a number came that none of the answers offered has."""
    number = ascii_digits(inbound.text).strip(" .)")
    is_short = number.isdecimal() and len(number) <= CHOICE_DIGITS
    return bool(stage.state.choices) and is_short and not stage.chosen


def _is_unreadable(stage: Stage) -> bool:
    """Whether a message has neither words nor a sign that says something."""
    known = stage.intent not in ("out_of_scope", FALLBACK) or stage.parsed.get("intent_response_key")
    return not (known or readable(stage.parsed["text"]))


def _moved(state: TrackerState, channel: str) -> bool:
    """Whether the person last wrote somewhere else: what is asked there stands there, unread here."""
    latest = max(state.seen.values(), default=0)
    return bool(latest) and state.seen.get(channel, -1) < latest
