"""What no transcript shows: every dialog, goal, language, script and service has one, and talks are talks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from bot.nlu.understanding import examples_of
from bot.pack import Pack
from bot.rules import Rules
from tests.dialogs.actions.kit import DIALOGS, PACK
from tests.dialogs.conftest import Holder
from tests.dialogs.conversation import TRANSCRIPTS, Held, Transcript, World

LEAST_TALKS = 120  # conversations of two steps and more
RULES = Rules.load(DIALOGS / "rules")


@dataclass(kw_only=True)
class Shown:
    """What the transcripts of the real country show; dialogs may be shown in any country."""

    ran: set[str] = field(default_factory=set)
    wishes: set[tuple[str, str]] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    scripts: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)

    def add(self, transcript: Transcript, held: Held) -> None:
        """Count one conversation."""
        self.ran |= {*held.ran, *(said.form for said in held.said)}
        if "pack" in transcript:
            return
        self.channels.add(transcript["channel"])
        for step, said in zip(transcript["steps"], held.said, strict=False):
            state = said.turn.state
            self.wishes |= {(wish, state.language) for wish in said.wishes}
            self.services.add(str(state.slots.get("service")))
            self.scripts |= _scripts(str(step.get("user", "")))


def _scripts(text: str) -> set[str]:
    """The scripts of its letters and digits, by their names in Unicode."""
    return {unicodedata.name(each).partition(" ")[0] for each in text if each.isalnum()}


@pytest.fixture(scope="module")
async def shown(held: Holder) -> Shown:
    """What all transcripts together show."""
    found = Shown()
    for transcript in TRANSCRIPTS.values():
        found.add(transcript, await held(transcript))
    return found


@pytest.fixture(scope="module")
def goals() -> frozenset[str]:
    """What people can want, and the finer wishes within it: what rules begin with and examples teach."""
    taught = {example.intent for example in examples_of(Pack.load(PACK)).examples}
    return frozenset(taught & RULES.by_intent.keys()) | {"danger"}


def test_every_action_and_form_runs(shown: Shown) -> None:
    _none({*RULES.domain["actions"], *RULES.forms} - shown.ran)


def test_every_goal_is_reached_in_every_language(shown: Shown, goals: frozenset[str]) -> None:
    languages = Pack.load(PACK).languages
    wanted = {(goal, language) for goal in goals for language in languages}
    _none(f"{goal} in {language}" for goal, language in wanted - shown.wishes)


def test_every_script_of_the_texts_is_written(shown: Shown, worlds: Mapping[str, World]) -> None:
    texts = worlds["lao"].country.pack.texts
    _none(_scripts("".join(text.text for each in texts.values() for text in each.values())) - shown.scripts)


def test_every_service_is_asked_about(shown: Shown, worlds: Mapping[str, World]) -> None:
    _none(worlds["lao"].ports.catalogue.services.keys() - shown.services)


def test_the_dearest_and_the_smallest_channel_are_shown(shown: Shown) -> None:
    _none({"sms", "ussd"} - shown.channels)


def test_most_transcripts_are_talks() -> None:
    talks = [each for each in TRANSCRIPTS.values() if len(each["steps"]) > 1]
    assert len(talks) >= LEAST_TALKS


def _none(missing: Iterable[str]) -> None:
    listed = sorted(missing)
    assert not listed, f"no transcript shows {', '.join(listed)}"
