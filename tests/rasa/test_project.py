"""A Rasa project agrees with itself and with Rasa 3's format; `make interop` shows it to the real thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import ConfigurationError
from bot.nlu.data import read_data
from bot.rasa.names import rasa_name, rasa_payload
from bot.rasa.project import MARK, write
from composition.understanding import rules
from tests.dialogs.actions.kit import FICTIONAL, PACK
from tests.rasa.conftest import CASES, export

# The keys that Rasa 3.6 knows: rasa/shared/utils/schemas and rasa/shared/nlu/training_data/schemas.
DOMAIN = {"version", "session_config", "intents", "entities", "slots", "forms", "actions", "responses"}
SLOT = {"type", "values", "initial_value", "influence_conversation", "mappings"}
MAPPING = {"type", "entity", "value", "intent", "not_intent", "conditions"}
RESPONSE = {"text", "buttons", "condition"}
STEP = {"intent", "entities", "action", "active_loop", "slot_was_set"}
SECTION = {"intent", "synonym", "lookup", "regex"}
OF_RASA = {"action_listen", "action_extract_slots", "action_deactivate_loop", "action_default_fallback"}
PAYLOAD = re.compile(r"/(\w+)(\{.*\})?$")


@dataclass(frozen=True)
class Project:
    """The documents of a project."""

    files: Mapping[str, str]

    def read(self, path: str) -> Any:
        """A YAML file as Rasa reads it."""
        return yaml.safe_load(self.files[path])

    @property
    def domain(self) -> Any:
        """Its domain."""
        return self.read("domain.yml")

    def told(self) -> Iterator[Mapping[str, Any]]:
        """All rules and stories."""
        yield from self.read("data/rules.yml")["rules"]
        yield from self.read("data/stories.yml")["stories"]


@pytest.fixture(params=list(CASES))
def project(projects: Mapping[str, Mapping[str, str]], request: pytest.FixtureRequest) -> Project:
    return Project(projects[request.param])


def test_a_domain_has_what_rasa_knows_and_forms_ask_for_slots(project: Project) -> None:
    domain = project.domain
    assert domain.keys() == DOMAIN
    for about in domain["slots"].values():
        assert about.keys() <= SLOT
        assert about["type"] in {"text", "categorical", "any", "bool"}
        assert ("values" in about) == (about["type"] == "categorical")
        for mapping in about["mappings"]:
            assert mapping.keys() <= MAPPING
            assert {*_listed(mapping, "intent"), *_listed(mapping, "not_intent")} <= {*domain["intents"]}
            assert {mapping.get("entity")} <= {None, *domain["entities"]}
            loops = {each["active_loop"] for each in mapping.get("conditions", ())}
            assert loops <= domain["forms"].keys()
    for name, form in domain["forms"].items():
        assert form.keys() == {"required_slots"}
        assert {*form["required_slots"]} <= domain["slots"].keys()
        for slot in form["required_slots"]:
            asked = {f"utter_ask_{name}_{slot}", f"utter_ask_{slot}"} & domain["responses"].keys()
            assert asked or f"action_ask_{name}_{slot}" in domain["actions"]


def test_every_response_is_said_to_everybody_and_its_buttons_mean_something(project: Project) -> None:
    domain = project.domain
    for key, said in domain["responses"].items():
        assert key.startswith("utter_")
        assert [each for each in said if "condition" not in each] == said[-1:]
        for each in said:
            assert each.keys() <= RESPONSE
            assert each["text"].strip()
            for button in each.get("buttons", ()):
                meant = PAYLOAD.match(button["payload"])
                assert meant
                assert meant[1] in domain["intents"]


def test_rules_and_stories_name_what_there_is(project: Project) -> None:
    domain = project.domain
    runs = {*domain["actions"], *domain["forms"], *domain["responses"], *OF_RASA}
    names = [each.get("rule") or each.get("story") for each in project.told()]
    assert len(names) == len({*names})
    for each in project.told():
        assert each.keys() <= {"rule", "story", "condition", "steps"}
        for step in (*each.get("condition", ()), *each["steps"]):
            assert step.keys() <= STEP
            assert {step.get("intent")} <= {None, *domain["intents"]}
            assert {*step.get("entities", ())} <= {*domain["entities"]}
            assert {step.get("action")} <= {None, *runs}
            assert {step.get("active_loop")} <= {None, *domain["forms"]}


def test_every_rule_of_the_engine_is_there_and_no_message_has_two(project: Project) -> None:
    ours = rules()
    wanted = {
        (rasa_name(intent), frozenset(rule.entities), rule.actions)
        for intent, several in ours.by_intent.items()
        for rule in several
    }
    told = [each for each in project.read("data/rules.yml")["rules"] if "condition" not in each]
    found = [
        (steps[0]["intent"], frozenset(steps[0].get("entities", ())), _actions(steps))
        for steps in (each["steps"] for each in told)
    ]
    overriding = {each for each in found if each[1] == {"danger"}}
    assert {*found} - overriding == wanted
    assert {each[2] for each in overriding} == {("action_danger",)}
    assert {"nlu_fallback", "fee", "greet"} <= {each[0] for each in overriding}
    assert len(found) == len({each[:2] for each in found})


def test_examples_are_read_back_by_our_own_reader(project: Project, tmp_path: Path) -> None:
    domain = project.domain
    for section in project.read("data/nlu.yml")["nlu"]:
        assert len(section.keys() & SECTION) == 1
        assert section["examples"].strip()
    (tmp_path / "nlu.yml").write_text(project.files["data/nlu.yml"], "utf-8")
    data = read_data(tmp_path / "nlu.yml")
    assert {each.intent for each in data.examples} <= {*domain["intents"]}
    assert {mark["entity"] for each in data.examples for mark in each.entities} <= {*domain["entities"]}
    assert {rasa_name(each) for each in rules().by_intent} & {each.intent for each in data.examples}


def test_no_name_stands_for_two_things(project: Project) -> None:
    sections = [each for each in project.read("data/nlu.yml")["nlu"] if "synonym" in each]
    words = [line for each in sections for line in each["examples"].splitlines()]
    assert words
    assert len(words) == len({*words})


def test_settings_are_filled_in_and_hold_no_secret(project: Project) -> None:
    endpoints = project.read("endpoints.yml")
    assert endpoints["action_endpoint"]["url"] == "http://127.0.0.1:8080/actions"
    assert endpoints["action_endpoint"]["headers"] == {"Authorization": "Bearer ${PATOU_ACTIONS_TOKEN}"}
    assert project.read("credentials.yml") == {"rest": None}
    for path in ("patou_syllables.py", "patou_tokenizer.py"):
        compile(project.files[path], path, "exec")


def test_a_light_project_learns_without_diet(projects: Mapping[str, Mapping[str, str]]) -> None:
    diet, light = (
        [each["name"] for each in Project(projects[name]).read("config.yml")["pipeline"]]
        for name in ("another country", "light")
    )
    learnt = ["LogisticRegressionClassifier", "CRFEntityExtractor"]
    assert "epochs: 3\n" in projects["another country"]["config.yml"]
    assert light == [name for each in diet for name in (learnt if each == "DIETClassifier" else [each])]


def test_one_language_is_exported_without_the_others(projects: Mapping[str, Mapping[str, str]]) -> None:
    lao, every = (Project(projects[name]) for name in ("its first language", "all of the country"))
    assert {len(said) for said in lao.domain["responses"].values()} == {1}
    assert {len(said) for said in every.domain["responses"].values()} == {3}
    assert len(lao.files["data/nlu.yml"]) < len(every.files["data/nlu.yml"]) / 2
    assert "how much" not in lao.files["data/nlu.yml"]


def test_the_same_data_give_the_same_files(projects: Mapping[str, Mapping[str, str]]) -> None:
    assert export(FICTIONAL).files() == projects["another country"]


def test_a_language_that_the_pack_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="fr is no language of the pack; it has lo"):
        export(PACK, "fr").files()


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="is not empty"):
        write({"config.yml": "x"}, tmp_path)
    with pytest.raises(ConfigurationError, match="is no folder"):
        write({"config.yml": "x"}, tmp_path / "mine.txt")
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_an_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "project"
    write({"config.yml": "1", "data/old.yml": "1"}, folder)
    (folder / "models").mkdir()
    (folder / "models" / "trained").write_text("a model")
    write({"config.yml": "2"}, folder)
    left = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert left == {MARK, "config.yml", "models/trained"}
    assert (folder / "config.yml").read_text() == "2"


def test_a_mark_that_names_another_folder_removes_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    write({"config.yml": "1"}, tmp_path / "project")
    (tmp_path / "project" / MARK).write_text("../mine.txt\n")
    write({"config.yml": "1"}, tmp_path / "project")
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ('/fee{"service": "passport"}', '/fee{"service": "passport"}'),
        ("/help/privacy", "/help__privacy"),
        ('/feedback/rating{"score": "5"}', '/feedback__rating{"score": "5"}'),
        ("what/ever", "what/ever"),
    ],
)
def test_payloads_have_the_names_of_the_project(ours: str, theirs: str) -> None:
    assert rasa_payload(ours) == theirs


def _listed(mapping: Mapping[str, Any], key: str) -> list[str]:
    value = mapping.get(key) or []
    return [value] if isinstance(value, str) else list(value)


def _actions(steps: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(step["action"] for step in steps if "action" in step)
