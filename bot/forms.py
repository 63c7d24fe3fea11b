"""The form loop: fill slots from the answer, have them validated, ask for the next one that is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from rasa_sdk.interfaces import Action

from bot.dispatcher import Response
from bot.rules import Form, Rules, SlotMapping
from bot.trackers import FormFrame
from bot.turns import Stage

REQUESTED_SLOT = "requested_slot"
# What came and is not spoken of yet: a slot that every dialog may empty.
MEDIA = "media"


class FormLoop:
    """Runs the form on top of the stack of one turn's stage."""

    def __init__(self, rules: Rules, actions: Mapping[str, Action], texts: Collection[str]) -> None:
        self._rules = rules
        self._actions = actions
        self._texts = texts

    async def start(self, stage: Stage, name: str) -> None:
        """Put a form on top, take from the message what it already says, ask for the rest."""
        if all(frame.name != name for frame in stage.state.forms):
            stage.state.forms.append(FormFrame(name=name))
        await self.answer(stage)

    async def answer(self, stage: Stage) -> None:
        """Fill slots from the message; ask for the next missing one, or for the same one again."""
        frame = stage.state.form
        if frame is None:
            return
        form = self._rules.forms[frame.name]
        wanted, slots = frame.requested, dict(stage.state.slots)
        said_before = len(stage.responses)
        following = await self._validate(stage, form, self._extract(stage, form, frame))
        frame.requested = following if following is not None else self._next_missing(stage, form)
        stuck = bool(wanted) and frame.requested == wanted and stage.state.slots == slots
        frame.failed = frame.failed + 1 if stuck else 0
        if wanted and stage.state.slots.get(wanted) is not None:
            frame.answered.append(wanted)
        elif stuck and len(stage.responses) == said_before:
            stage.understood = False
        if frame.requested:
            await self.ask(stage)

    async def ask(self, stage: Stage, *, alone: bool = False) -> None:
        """Put the question of the form on top, if one is open; `alone` without what is told before it."""
        frame = stage.state.form
        if frame is None or not frame.requested:
            return
        stage.asked, said_before = True, len(stage.responses)
        name = f"{frame.name}_{frame.requested}"
        if f"action_ask_{name}" in self._actions:
            await self.act(stage, f"action_ask_{name}")
        else:
            specific = f"utter_ask_{name}"
            stage.say(specific if specific in self._texts else f"utter_ask_{frame.requested}")
        if alone:
            del stage.responses[said_before:-1]

    def focused(self, stage: Stage) -> tuple[Response, ...]:
        """What the turn says; where a form's question was put, without offers beside it that nobody needs.

        They are to begin that very form, and what an answer in its midst offers for good measure.
        """
        frame = stage.state.form
        if frame is None or not stage.asked:
            return tuple(stage.responses)
        begun = self._rules.beginning(frame.name)
        return tuple(
            replace(
                said,
                without=begun,
                buttons=tuple(each for each in said.buttons if not (stage.aside and "optional" in each)),
            )
            for said in stage.responses
        )

    async def go_back(self, stage: Stage) -> None:
        """Ask the question before the open one again."""
        frame = stage.state.form
        if frame is None:
            return
        if frame.answered:
            frame.requested = frame.answered.pop()
            stage.state.slots[frame.requested] = None
            stage.say("utter_went_back")
        await self.ask(stage)

    def drop(self, stage: Stage, *, keep_slots: bool = False) -> None:
        """Take the form off the top; its slots are forgotten unless they are about to be used."""
        frame = stage.state.forms.pop()
        if not keep_slots:
            for slot in self._rules.forms[frame.name].required_slots:
                stage.state.slots[slot] = self._rules.slots[slot].initial
            stage.state.slots.update(_unpromised(stage.state.slots, frame.name))

    def drop_all(self, stage: Stage) -> None:
        """Forget every form under way."""
        while stage.state.forms:
            self.drop(stage)

    async def act(self, stage: Stage, name: str) -> None:
        """Run an action and apply the events that it returns, in rasa-sdk's format."""
        tracker = stage.state.for_actions(stage.parsed)
        events = await self._actions[name].run(stage.dispatcher, tracker, self._rules.domain)
        stage.responses += stage.dispatcher.take_responses()
        stage.state.events.append({"event": "action", "name": name})
        for event in events or ():
            self._apply(stage, event)

    def _apply(self, stage: Stage, event: dict[str, Any]) -> None:
        match event["event"]:
            case "slot" if event["name"] == REQUESTED_SLOT:
                if stage.state.form:
                    stage.state.form.requested = event["value"] or ""
            case "slot":
                stage.state.slots[event["name"]] = event["value"]
            case "active_loop" if event["name"] is None and stage.state.forms:
                stage.state.forms.pop()
            case "active_loop" if event["name"]:
                stage.state.forms.append(FormFrame(name=event["name"]))
            case "followup":
                stage.followup = event["name"]
            case "pause":
                stage.state.paused = True
            case "resume":
                stage.state.paused = False
            case "reset_slots" | "restart":
                keep = {name: stage.state.slots.get(name) for name in ("language", "language_chosen")}
                stage.state.slots.clear()
                stage.state.slots.update({name: value for name, value in keep.items() if value})
                stage.state.forms.clear()

    def _extract(self, stage: Stage, form: Form, frame: FormFrame) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name in form.required_slots:
            for mapping in self._rules.slots[name].mappings:
                value = _mapped(mapping, name, stage, frame)
                if value is not None:
                    filled[name] = value
                    break
        return filled

    async def _validate(self, stage: Stage, form: Form, filled: dict[str, Any]) -> str | None:
        """Apply what was filled; the slot that the validation wants asked next, None for the domain's order."""
        action = self._actions.get(f"validate_{form.name}")
        if action is None:
            stage.state.slots.update(filled)
            return None
        tracker = stage.state.for_actions(stage.parsed)
        tracker.add_slots([{"event": "slot", "name": name, "value": value} for name, value in filled.items()])
        events = await action.run(stage.dispatcher, tracker, self._rules.domain)
        stage.responses += stage.dispatcher.take_responses()
        following: str | None = None
        for event in events:
            if event["event"] == "slot" and event["name"] == REQUESTED_SLOT:
                following = event["value"] or ""
            elif event["event"] == "slot":
                stage.state.slots[event["name"]] = event["value"]
        return following

    def _next_missing(self, stage: Stage, form: Form) -> str:
        return next((name for name in form.required_slots if stage.state.slots.get(name) is None), "")


def _unpromised(slots: Mapping[str, Any], form: str) -> dict[str, Any]:
    """What came and was promised to a form that is given up: it is anybody's again."""
    found = slots.get(MEDIA) or []
    free = [{**each, "promised": ""} if each.get("promised") == form else each for each in found]
    return {MEDIA: free} if found else {}


def _mapped(mapping: SlotMapping, slot: str, stage: Stage, frame: FormFrame) -> Any:
    """What a mapping finds in the message, None when it does not apply."""
    if not _applies(mapping, stage, frame):
        return None
    match mapping.kind:
        case "from_entity":
            entities = (
                each["value"] for each in stage.parsed["entities"] if each["entity"] == mapping.entity
            )
            return next(entities, None)
        case "from_text" if frame.requested == slot:
            return stage.parsed["text"].strip() or None
        case "from_intent":
            return mapping.value
    return None


def _applies(mapping: SlotMapping, stage: Stage, frame: FormFrame) -> bool:
    return (
        mapping.form in ("", frame.name)
        and mapping.requested_slot in ("", frame.requested)
        and (not mapping.intents or stage.intent in mapping.intents)
        and stage.intent not in mapping.not_intents
    )
