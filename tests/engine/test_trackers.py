"""The memory of a conversation outlives the release that wrote it."""

from __future__ import annotations

import orjson

from bot.history import History
from bot.trackers import EVENTS_KEPT, FormFrame, TrackerState


def test_what_is_dumped_is_loaded() -> None:
    state = TrackerState(
        contact_id="c1", slots={"language": "lo"}, forms=[FormFrame(name="f", requested="s")]
    )
    assert TrackerState.load(state.dump(), version=3) == TrackerState(
        contact_id="c1", version=3, slots={"language": "lo"}, forms=[FormFrame(name="f", requested="s")]
    )


def test_events_go_from_snapshot_to_snapshot_and_are_a_list_to_those_who_look() -> None:
    told = [{"event": "bot", "text": f'{number}\n,"events":[\n'} for number in range(EVENTS_KEPT)]
    state = TrackerState(contact_id="c1", events=History(told))
    for version in range(1, 4):
        state = TrackerState.load(state.dump(), version)
        assert (list(state.events), orjson.loads(state.dump())["events"]) == (told, told)
        assert list(reversed(state.events)) == told[::-1]
        assert (state.events[-1], state.events[1:3]) == (told[-1], told[1:3])
        told = [*told[1:], {"event": "user", "text": ""}]
        state.events.append(told[-1])


def test_an_action_changes_a_copy_of_the_events() -> None:
    state = TrackerState.load(TrackerState(contact_id="c1", events=History([{"event": "bot"}])).dump(), 1)
    seen = state.for_actions({})
    seen.add_slots([{"event": "slot", "name": "place", "value": "x"}])
    assert (len(seen.events), list(state.events)) == (2, [{"event": "bot"}])
    assert TrackerState.load(TrackerState(contact_id="c1").dump(), 1).events == []


def test_a_snapshot_of_another_release_is_read_as_far_as_it_is_known() -> None:
    state = TrackerState(contact_id="c1", forms=[FormFrame(name="f")], events=History([{"event": "bot"}]))
    stored = orjson.loads(state.dump())
    stored["mood"] = "fine"
    stored["forms"][0]["colour"] = "blue"
    del stored["said"]
    state = TrackerState.load(orjson.dumps(stored), version=1)
    assert (state.contact_id, state.said, state.forms) == ("c1", [], [FormFrame(name="f")])
    assert state.events == [{"event": "bot"}]
