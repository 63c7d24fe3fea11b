"""The memory of a conversation outlives the release that wrote it."""

from __future__ import annotations

import orjson

from bot.trackers import FormFrame, TrackerState


def test_what_is_dumped_is_loaded() -> None:
    state = TrackerState(
        contact_id="c1", slots={"language": "lo"}, forms=[FormFrame(name="f", requested="s")]
    )
    assert TrackerState.load(state.dump(), version=3) == TrackerState(
        contact_id="c1", version=3, slots={"language": "lo"}, forms=[FormFrame(name="f", requested="s")]
    )


def test_a_snapshot_of_another_release_is_read_as_far_as_it_is_known() -> None:
    stored = orjson.loads(TrackerState(contact_id="c1", forms=[FormFrame(name="f")]).dump())
    stored["mood"] = "fine"
    stored["forms"][0]["colour"] = "blue"
    del stored["said"]
    state = TrackerState.load(orjson.dumps(stored), version=1)
    assert (state.contact_id, state.said, state.forms) == ("c1", [], [FormFrame(name="f")])
