"""The rules of conversation, read from Rasa 3 files: slots, forms, and which intent runs what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from rasa_sdk.types import DomainDict

from bot.errors import ConfigurationError
from bot.yaml_read import read_yaml

# What the engine itself answers.
_ENGINE_INTENTS = ("cancel", "go_back", "repeat", "continue_session", "restart_session")


@dataclass(frozen=True, kw_only=True, slots=True)
class SlotMapping:
    """One way to fill a slot: `from_entity`, `from_text` or `from_intent`, perhaps only in a form."""

    kind: str
    entity: str = ""
    value: Any = None
    intents: frozenset[str] = frozenset()
    not_intents: frozenset[str] = frozenset()
    form: str = ""
    requested_slot: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A thing remembered of the person's words."""

    name: str
    initial: Any
    mappings: tuple[SlotMapping, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """Slots asked for one after the other; `submit` runs when none is missing."""

    name: str
    required_slots: tuple[str, ...]
    ignored_intents: frozenset[str]
    submit: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Which actions an intent runs when its message holds all of `entities`."""

    entities: frozenset[str]
    actions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the engine goes by; `domain` is all files together as rasa-sdk wants to see it.

    `by_intent` has the rules that ask for most entities first. `session` is the pause after
    which a half-finished form asks whether to go on.
    """

    domain: DomainDict
    slots: dict[str, Slot]
    forms: dict[str, Form]
    by_intent: dict[str, tuple[Rule, ...]]
    intents: frozenset[str]
    session: timedelta

    def actions(self, intent: str, entities: Iterable[str] = ()) -> tuple[str, ...]:
        """What to run for an intent, or for the one that it is a kind of; empty when no rule starts with it.

        "help/privacy" has rules of its own, or is answered as "help".
        """
        present = frozenset(entities)
        rules = self.by_intent.get(intent) or self.by_intent.get(intent.partition("/")[0], ())
        return next((rule.actions for rule in rules if rule.entities <= present), ())

    def beginning(self, form: str) -> frozenset[str]:
        """The intents that begin a form."""
        return frozenset(
            intent for intent, rules in self.by_intent.items() if any(form in rule.actions for rule in rules)
        )

    @classmethod
    def load(cls, path: Path) -> Rules:
        """Read a rules file or a folder of them; raises ConfigurationError for what could not be followed."""
        domain: Any = _domain(path)
        slots = {name: _slot(name, each) for name, each in domain.get("slots", {}).items()}
        by_intent: dict[str, tuple[Rule, ...]] = {}
        submit: dict[str, tuple[str, ...]] = {}
        for each in domain.get("rules", []):
            ended = _form_that_ends(each)
            if ended:
                submit[ended] = _actions_after_end(each)
            else:
                intent, rule = _rule(each, path)
                by_intent[intent] = _most_specific_first((*by_intent.get(intent, ()), rule))
        forms = {
            name: Form(
                name=name,
                required_slots=tuple(each.get("required_slots", ())),
                ignored_intents=frozenset(each.get("ignored_intents", ())),
                submit=submit.get(name, ()),
            )
            for name, each in domain.get("forms", {}).items()
        }
        listed = (name if isinstance(name, str) else next(iter(name)) for name in domain.get("intents", ()))
        intents = frozenset((*listed, *by_intent, *_ENGINE_INTENTS))
        minutes = domain.get("session_config", {}).get("session_expiration_time", 60)
        rules = cls(
            domain=domain,
            slots=slots,
            forms=forms,
            by_intent=by_intent,
            intents=intents,
            session=timedelta(minutes=minutes),
        )
        rules._check(path)
        return rules

    def _check(self, path: Path) -> None:
        known = set(self.domain.get("actions", ())) | set(self.forms)
        run = [rule.actions for rules in self.by_intent.values() for rule in rules]
        run += [form.submit for form in self.forms.values()]
        for action in (action for actions in run for action in actions):
            if not action.startswith("utter_") and action not in known:
                raise ConfigurationError(
                    f"{path}: a rule runs {action}, which is neither an action nor a form"
                )
        for form in self.forms.values():
            for slot in form.required_slots:
                if slot not in self.slots:
                    raise ConfigurationError(f"{path}: {form.name} asks for {slot}, which is no slot")


def _domain(path: Path) -> dict[str, Any]:
    """One domain out of a file, or of all files of a folder: lists follow each other, names must differ."""
    domain: dict[str, Any] = {}
    for file in sorted(path.glob("*.yml")) if path.is_dir() else [path]:
        told = read_yaml(file)
        for key, value in told.items():
            known = domain.setdefault(key, type(value)())
            if isinstance(value, list):
                known += [each for each in value if each not in known]
            elif isinstance(value, dict):
                if twice := known.keys() & value.keys():
                    raise ConfigurationError(f"{file}: {key} has {min(twice)} a second time")
                known.update(value)
            else:
                domain[key] = value
    return domain


def _slot(name: str, about: dict[str, Any]) -> Slot:
    mappings = []
    for each in about.get("mappings", ()):
        conditions = each.get("conditions") or [{}]
        mappings += [
            SlotMapping(
                kind=each["type"],
                entity=each.get("entity", name),
                value=each.get("value"),
                intents=_names(each.get("intent")),
                not_intents=_names(each.get("not_intent")),
                form=condition.get("active_loop") or "",
                requested_slot=condition.get("requested_slot") or "",
            )
            for condition in conditions
        ]
    return Slot(name=name, initial=about.get("initial_value"), mappings=tuple(mappings))


def _names(value: str | list[str] | None) -> frozenset[str]:
    if value is None:
        return frozenset()
    return frozenset([value] if isinstance(value, str) else value)


def _form_that_ends(rule: dict[str, Any]) -> str:
    started = [each["active_loop"] for each in rule.get("condition", ()) if each.get("active_loop")]
    ends = any("active_loop" in step and step["active_loop"] is None for step in rule["steps"])
    return started[0] if started and ends else ""


def _actions_after_end(rule: dict[str, Any]) -> tuple[str, ...]:
    steps = rule["steps"]
    end = next(n for n, step in enumerate(steps) if "active_loop" in step and step["active_loop"] is None)
    return tuple(step["action"] for step in steps[end:] if "action" in step)


def _rule(rule: dict[str, Any], path: Path) -> tuple[str, Rule]:
    start = next((step for step in rule["steps"] if "intent" in step), None)
    if start is None:
        raise ConfigurationError(f"{path}: the rule {rule.get('rule')!r} starts with no intent")
    actions = tuple(step["action"] for step in rule["steps"] if "action" in step)
    return start["intent"], Rule(entities=_entity_names(start.get("entities", ())), actions=actions)


def _entity_names(entities: Iterable[str | dict[str, Any]]) -> frozenset[str]:
    return frozenset(each if isinstance(each, str) else next(iter(each)) for each in entities)


def _most_specific_first(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: -len(rule.entities)))
