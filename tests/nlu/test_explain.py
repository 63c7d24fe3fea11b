"""What is said of a message is what decided: the figures add up to those of the classifier."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import log
from pathlib import Path

import orjson
import pytest

from bot.nlu.asides import Asides
from bot.nlu.classifier import OUT_OF_SCOPE, Classifier
from bot.nlu.data import TrainingData
from bot.nlu.decider import Decider
from bot.nlu.explain import Explainer
from bot.nlu.features import Reading
from bot.nlu.interpreter import LightInterpreter
from bot.nlu.model import Model
from bot.nlu.parse_data import ParseContext
from bot.nlu.understanding import lexicon_of
from bot.nlu.whole import WholeMessages
from bot.pack import Pack
from cli.explained import data as told
from cli.explained import lines

NAMES: Mapping[str, list[str]] = {"passport": ["passport", "ພາສປອດ"], "id-card": ["id card", "ບັດປະຈຳຕົວ"]}
NOWHERE = ParseContext()


@pytest.fixture(scope="session")
def model(model_path: Path) -> Model:
    return Model.load(model_path)


@pytest.fixture(scope="session")
def explainer(pack: Pack, model: Model, interpreter: LightInterpreter) -> Explainer:
    lexicon = lexicon_of(pack)
    return Explainer(interpreter, model, whole=WholeMessages(lexicon), asides=Asides(lexicon), names=NAMES)


@pytest.mark.parametrize(
    ("text", "decider"),
    [
        pytest.param("a knife attack, my neighbour is bleeding to death", Decider.DANGER, id="danger"),
        pytest.param("...", Decider.NOTHING, id="nothing"),
        pytest.param("STOP", Decider.WHOLE, id="whole message"),
        pytest.param("I dont want to talk to anybody", Decider.REFUSAL, id="refusal, and nothing else"),
        pytest.param("ບໍ່ຢາກຮ້ອງທຸກ", Decider.REFUSAL, id="refusal in Lao"),
        pytest.param("not the fee, the documents for a passport", Decider.REFUSAL, id="refusal"),
        pytest.param("hello, pasport?", Decider.ASIDE, id="aside"),
        pytest.param("stpo", Decider.SLIP, id="slip"),
        pytest.param("12", Decider.NUMBER, id="number"),
        pytest.param("passport please", Decider.FACT, id="fact"),
        pytest.param(
            "would a pasport cost me more than forty dollars or less", Decider.FEATURES, id="features"
        ),
    ],
)
def test_the_rule_that_decided_is_named(explainer: Explainer, text: str, decider: Decider) -> None:
    assert explainer.explain(text, NOWHERE).decider is decider


def test_an_example_is_known_again(explainer: Explainer, data: TrainingData) -> None:
    example = next(
        each for each in data.examples if each.intent == "fee" and each.text == "what does it cost"
    )
    assert explainer.explain(example.text, NOWHERE).decider is Decider.EXAMPLE


def test_what_was_judged_is_shown_with_its_words_mended(explainer: Explainer) -> None:
    why = explainer.explain("not the fee, the documnets for a passport", NOWHERE)
    assert why.normalised == "not the fee, the documnets for a passport"
    assert why.judged.split() == [",", "the", "documnets", "for", "a", "passport"]
    assert [*why.tokens] == why.mended.split() == [",", "the", "documents", "for", "a", "passport"]
    assert "documnets" not in {gram for each in why.features for gram in each.gram.split()}
    shown = [line.split(maxsplit=1) for line in lines(why)][1:4]
    assert [each[0] for each in shown] == ["normalised", "judged", "mended"]


def test_what_needs_no_mending_is_shown_once(explainer: Explainer) -> None:
    why = explainer.explain("what is the fee", NOWHERE)
    assert why.normalised == why.judged == why.mended
    assert not {"judged", "mended"}.intersection(line.partition(" ")[0] for line in lines(why))


def test_totals_are_those_of_the_classifier(explainer: Explainer, model: Model, data: TrainingData) -> None:
    classifier, compared = Classifier(model), 0
    for example in data.examples[::40]:
        text = f"{example.text} ok then"
        why = explainer.explain(text, NOWHERE)
        # What is strange goes there, too; and what was judged without its asides is another text.
        if OUT_OF_SCOPE in {why.first, why.second} or why.judged != why.normalised:
            continue
        chances = dict(
            zip(model.intents, classifier.classify(Reading(text, model.sounds)).chances, strict=True)
        )
        odds = log(chances[why.first] / max(chances[why.second], 1e-30))
        assert odds == pytest.approx(why.total[0] - why.total[1], abs=0.02)
        assert why.first == max(chances, key=chances.__getitem__)
        compared += 1
    assert compared > 50


def test_names_and_languages_are_told_with_their_evidence(explainer: Explainer) -> None:
    why = explainer.explain("how much for a pasport ແດ່", NOWHERE)
    assert (why.names[0].service, why.names[0].name, why.names[0].taken) == ("passport", "passport", True)
    assert why.names[0].score > 0.8
    assert why.letters == {"LATIN": 18, "LAO": 3}
    assert why.tongues[0].language == "en"
    assert all(weight > 0 for weight in why.tongues[0].grams.values())


def test_unknown_words_are_named(explainer: Explainer) -> None:
    why = explainer.explain("xqzt blorp", NOWHERE)
    assert why.trust < 0.5
    assert {*why.unknown} >= {"xqzt", "blorp"}


@pytest.mark.parametrize(
    "text", ["", "ລາຄາເທົ່າໃດ", "STOP", "x" * 10_000, "\u202e\x00\x1b[31m", "🙂", "10000004"]
)
def test_anything_is_explained_as_data_and_in_lines_that_stay_lines(explainer: Explainer, text: str) -> None:
    why = explainer.explain(text, NOWHERE)
    assert json.loads(orjson.dumps({**why.parsed, "explanation": told(why)}))["text"] == text
    shown = list(lines(why))
    assert len(shown) == len("\n".join(shown).splitlines())
    assert "\x1b" not in "".join(shown)


def test_a_model_alone_is_explained_without_rules(model: Model) -> None:
    why = Explainer(LightInterpreter(model), model).explain("STOP", NOWHERE)
    assert why.decider in {Decider.FEATURES, Decider.EXAMPLE}
    assert why.names == ()
