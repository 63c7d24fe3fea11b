"""domain.yml of a Rasa project: intents, entities, slots, forms, actions, and every text in its languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.pack import Pack, Text
from bot.rasa.names import rasa_name, rasa_payload
from bot.rules import Form, Rules

# What steers a form, and what answers its question whatever it sounds like.
STEERS = ("cancel", "go_back", "repeat")
ANSWERS = ("inform", "affirm", "deny", "nlu_fallback")
FALLBACK, DANGER = "nlu_fallback", "danger"
_LANGUAGE = "language"


def domain_of(
    rules: Rules, pack: Pack, languages: Sequence[str], intents: Iterable[str], entities: Iterable[str]
) -> dict[str, Any]:
    """The document; `intents` and `entities` are those of the examples, `languages` the one answered in first."""
    known = rules.intents.union(intents)
    domain: Any = rules.domain
    return {
        "version": "3.1",
        "session_config": domain.get("session_config", {}),
        "intents": sorted(map(rasa_name, known)),
        "entities": sorted({*domain.get("entities", ()), *entities}),
        "slots": {name: _slot(rules, name, languages[0], known) for name in rules.slots},
        "forms": {name: {"required_slots": list(form.required_slots)} for name, form in rules.forms.items()},
        "actions": sorted(domain.get("actions", ())),
        "responses": {key: _said(pack, key, languages) for key in _keys(pack)},
    }


def interrupting(rules: Rules, form: Form, intents: Iterable[str]) -> list[str]:
    """The intents that leave a form's question, in Rasa's names; they answer none of its slots."""
    return sorted(
        rasa_name(intent)
        for intent in intents
        if intent in STEERS
        or (
            intent.partition("/")[0] not in form.ignored_intents.union(ANSWERS)
            and rules.actions(intent)
            and form.name not in rules.actions(intent)
        )
    )


def _slot(rules: Rules, name: str, language: str, intents: Iterable[str]) -> dict[str, Any]:
    """The slot without a say in what is done next: rules go by intents and forms alone."""
    about = {**rules.domain["slots"][name], "influence_conversation": False}
    if name == _LANGUAGE:
        about["initial_value"] = language
    about["mappings"] = [_mapping(rules, each, intents) for each in about["mappings"]]
    return about


def _mapping(rules: Rules, mapping: Mapping[str, Any], intents: Iterable[str]) -> dict[str, Any]:
    """One way to fill a slot; what leaves the form's question fills none in it."""
    forms = {each["active_loop"] for each in mapping.get("conditions", ()) if each.get("active_loop")}
    if "intent" in mapping or not forms:
        return dict(mapping)
    leaving = {name for form in sorted(forms) for name in interrupting(rules, rules.forms[form], intents)}
    before = mapping.get("not_intent") or []
    leaving.update([before] if isinstance(before, str) else before)
    return {**mapping, "not_intent": sorted(leaving)}


def _keys(pack: Pack) -> list[str]:
    return sorted({key for texts in pack.texts.values() for key in texts})


def _said(pack: Pack, key: str, languages: Sequence[str]) -> list[dict[str, Any]]:
    """The text in each language under the condition of that language, and for any other the first one."""
    first = _words(pack.text(languages[0], key))
    others = [
        {**_words(pack.text(language, key)), "condition": [_speaks(language)]} for language in languages[1:]
    ]
    return [*others, first]


def _speaks(language: str) -> dict[str, str]:
    return {"type": "slot", "name": _LANGUAGE, "value": language}


def _words(text: Text) -> dict[str, Any]:
    buttons = [{"title": each.title, "payload": rasa_payload(each.payload)} for each in text.buttons]
    return {"text": text.text, **({"buttons": buttons} if buttons else {})}
