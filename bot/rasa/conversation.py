"""rules.yml and stories.yml of a Rasa project: what an intent runs, what ends a form, what leaves one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from bot.rasa.domain import ANSWERS, DANGER, FALLBACK, STEERS
from bot.rasa.names import rasa_name
from bot.rules import Form, Rule, Rules

_CANCELLED = "utter_cancelled"
# Rasa never runs a form twice in a row; this one has been run on the message already, and does nothing more.
_NOTHING = "action_extract_slots"


def rules_of(rules: Rules, texts: Collection[str], intents: Collection[str]) -> dict[str, Any]:
    """The rules of the engine, and what the engine does by itself: in a form, and where danger is heard.

    `texts` are the keys there are, `intents` those that have examples.
    """
    told = [*_started(rules), *_endangered(rules, intents), *_submitted(rules), *_steered(rules, texts)]
    return {"version": "3.1", "rules": told}


def stories_of(rules: Rules) -> dict[str, Any]:
    """Each form from the wish that opens it to its end."""
    stories = []
    for intent, several in sorted(rules.by_intent.items()):
        for rule in several:
            form = next((rules.forms[each] for each in rule.actions if each in rules.forms), None)
            if form is not None:
                steps = [*_steps(intent, rule, rules), *_end(form)]
                stories.append({"story": f"{rasa_name(intent)} to the end of {form.name}", "steps": steps})
    return {"version": "3.1", "stories": stories}


def _started(rules: Rules) -> Iterator[dict[str, Any]]:
    for intent, several in sorted(rules.by_intent.items()):
        for rule in several:
            beside = "".join(f" with {entity}" for entity in sorted(rule.entities))
            yield {"rule": f"{rasa_name(intent)}{beside}", "steps": _steps(intent, rule, rules)}


def _endangered(rules: Rules, intents: Collection[str]) -> Iterator[dict[str, Any]]:
    """Danger to life overrides whatever else was understood."""
    for intent in sorted({*intents, FALLBACK} - {DANGER}):
        rule = Rule(entities=frozenset((DANGER,)), actions=rules.actions(DANGER))
        yield {"rule": f"danger heard beside {rasa_name(intent)}", "steps": _steps(intent, rule, rules)}


def _submitted(rules: Rules) -> Iterator[dict[str, Any]]:
    for form in rules.forms.values():
        if form.submit:
            steps = [{"action": form.name}, *_end(form)]
            yield {"rule": f"end of {form.name}", "condition": [{"active_loop": form.name}], "steps": steps}


def _steered(rules: Rules, texts: Collection[str]) -> Iterator[dict[str, Any]]:
    """In a form: cancel ends it, and what answers its question in vain has it asked again."""
    for form in rules.forms.values():
        condition = [{"active_loop": form.name}]
        cancelled = [{"action": _CANCELLED}] if _CANCELLED in texts else []
        yield {
            "rule": f"cancel in {form.name}",
            "condition": condition,
            "steps": [
                {"intent": "cancel"},
                {"action": "action_deactivate_loop"},
                {"active_loop": None},
                *cancelled,
            ],
        }
        for intent in _in_vain(rules, form):
            yield {
                "rule": f"{rasa_name(intent)} in {form.name}",
                "condition": condition,
                "steps": [
                    {"intent": rasa_name(intent)},
                    {"action": _NOTHING},
                    {"action": form.name},
                    {"active_loop": form.name},
                ],
            }


def _in_vain(rules: Rules, form: Form) -> list[str]:
    """Intents that may come without filling a slot and have the question asked again."""
    again = {each for each in STEERS if each != "cancel"}
    if not all(
        any(each.kind == "from_text" for each in rules.slots[slot].mappings) for slot in form.required_slots
    ):
        quiet = {*ANSWERS, *form.ignored_intents}
        again.update(each for each in rules.by_intent if each.partition("/")[0] in quiet)
    return sorted(again)


def _steps(intent: str, rule: Rule, rules: Rules) -> list[dict[str, Any]]:
    wish: dict[str, Any] = {"intent": rasa_name(intent)}
    if rule.entities:
        wish["entities"] = sorted(rule.entities)
    steps = [wish]
    for action in rule.actions:
        steps.append({"action": action})
        if action in rules.forms:
            steps.append({"active_loop": action})
    return steps


def _end(form: Form) -> list[dict[str, Any]]:
    ended: list[dict[str, Any]] = [{"active_loop": None}, {"slot_was_set": [{"requested_slot": None}]}]
    return [*ended, *({"action": each} for each in form.submit)]
