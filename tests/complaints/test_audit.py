"""The audit chain: ten ways of tampering with an export, each of which the public key alone uncovers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from complaints.audit import GENESIS, HEADER, anchor_bytes, content_digest, link, verify

Records = list[dict[str, Any]]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
LENGTH = 12


def chain(length: int, change: Callable[[Records], None] = lambda _: None) -> Records:
    """Rows as exported with their contents revealed; `change` is made before they are linked."""
    rows = []
    for seq in range(1, length + 1):
        salt, content = bytes([seq]) * 32, {"text": f"ຄຳ {seq}", "actor": "p1"}
        rows.append(
            {
                "seq": seq,
                "event_id": f"e{seq}",
                "case_id": f"c{seq % 3}",
                "ordinal": seq // 3 + 1,
                "kind": "added",
                "actor_kind": "citizen",
                "channel": "sms",
                "at": 1000 + seq,
                "digest": content_digest(salt, content),
                "salt": salt.hex(),
                "content": content,
            }
        )
    change(rows)
    head = GENESIS
    for row in rows:
        head = link(head, row)
        row["head"] = head.hex()
    return rows


def anchor(rows: Records, seq: int, key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    head = rows[seq - 1]["head"]
    return {"seq": seq, "head": head, "at": 5000, "signature": key.sign(anchor_bytes(seq, head, 5000)).hex()}


ROWS = chain(LENGTH)
ANCHORS = [anchor(ROWS, 8), anchor(ROWS, LENGTH)]


def _change_header(rows: Records, _: Records) -> None:
    rows[3]["at"] += 1


def _change_content(rows: Records, _: Records) -> None:
    rows[3]["content"]["text"] = "nothing happened"


def _change_content_and_digest(rows: Records, _: Records) -> None:
    rows[3]["content"]["text"] = "nothing happened"
    rows[3]["digest"] = content_digest(bytes.fromhex(rows[3]["salt"]), rows[3]["content"])


def _remove(rows: Records, _: Records) -> None:
    del rows[3]


def _remove_and_relink(rows: Records, _: Records) -> None:
    def leave_out(fresh: Records) -> None:
        del fresh[3]
        for seq, row in enumerate(fresh, 1):
            row["seq"] = seq

    rows[:] = chain(LENGTH, leave_out)


def _insert(rows: Records, _: Records) -> None:
    rows.insert(4, rows[3] | {"event_id": "forged"})


def _swap(rows: Records, _: Records) -> None:
    rows[3], rows[4] = rows[4], rows[3]


def _truncate(rows: Records, _: Records) -> None:
    del rows[9:]


def _rewrite_everything(rows: Records, anchors: Records) -> None:
    def soften(fresh: Records) -> None:
        fresh[3]["kind"] = "noted"

    rows[:] = chain(LENGTH, soften)
    own = Ed25519PrivateKey.generate()
    anchors[:] = [anchor(rows, 8, own), anchor(rows, LENGTH, own)]


def _truncate_with_anchor(rows: Records, anchors: Records) -> None:
    del rows[9:]
    anchors[:] = [anchors[0], anchors[1] | {"seq": 9, "head": rows[8]["head"]}]


def _drop_anchors(_: Records, anchors: Records) -> None:
    anchors.clear()


TAMPERINGS = {
    "a header is changed": (_change_header, {"changed"}),
    "a content is changed": (_change_content, {"content"}),
    "a content is changed with its digest": (_change_content_and_digest, {"changed"}),
    "an entry is removed": (_remove, {"gap", "changed"}),
    "an entry is removed and the rest linked anew": (_remove_and_relink, {"rewritten", "truncated"}),
    "an entry is inserted": (_insert, {"gap", "changed"}),
    "two entries are swapped": (_swap, {"gap", "changed"}),
    "the end is cut off": (_truncate, {"truncated"}),
    "all is rewritten and signed with another key": (_rewrite_everything, {"forged", "unanchored"}),
    "the end is cut off and an anchor moved there": (_truncate_with_anchor, {"forged"}),
    "the anchors are withheld": (_drop_anchors, {"unanchored"}),
}


def test_a_whole_chain_is_found_whole() -> None:
    verdict = verify(ROWS, ANCHORS, PUBLIC)
    assert verdict.whole
    assert (verdict.length, verdict.anchored) == (LENGTH, LENGTH)
    assert verify([], [], PUBLIC).whole


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_uncovered(name: str) -> None:
    tamper, kinds = TAMPERINGS[name]
    rows, anchors = copy.deepcopy(ROWS), copy.deepcopy(ANCHORS)
    tamper(rows, anchors)
    verdict = verify(rows, anchors, PUBLIC)
    assert {problem.kind for problem in verdict.problems} == kinds
    assert not verdict.whole


def test_erasing_contents_leaves_the_chain_whole() -> None:
    erased = [{name: row[name] for name in (*HEADER, "head")} for row in ROWS]
    assert verify(erased, ANCHORS, PUBLIC).whole


def test_an_export_that_went_through_json_is_still_whole() -> None:
    assert verify(json.loads(json.dumps(ROWS)), json.loads(json.dumps(ANCHORS)), PUBLIC).whole


def test_entries_after_the_last_anchor_are_told_apart() -> None:
    verdict = verify(ROWS, ANCHORS[:1], PUBLIC)
    assert verdict.whole
    assert (verdict.length, verdict.anchored) == (LENGTH, 8)


def test_two_signed_heads_for_one_place_are_a_fork() -> None:
    forked = chain(LENGTH, lambda rows: rows[3].update(kind="noted"))
    verdict = verify(ROWS, [*ANCHORS, anchor(forked, LENGTH)], PUBLIC)
    assert {problem.kind for problem in verdict.problems} == {"forked"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.integers(0, LENGTH - 1),
    st.sampled_from([*HEADER, "head", "content", "salt"]),
    json_values,
)
def test_any_other_value_in_any_field_is_uncovered(place: int, field: str, value: object) -> None:
    rows = copy.deepcopy(ROWS)
    same = rows[place][field] == value and type(rows[place][field]) is type(value)
    rows[place][field] = value
    # A withheld content is not checked, and the salt only with it.
    erased = field == "content" and value is None
    assert verify(rows, ANCHORS, PUBLIC).whole == (same or erased)


@given(st.sampled_from(["seq", "head", "at", "signature"]), json_values)
def test_any_other_value_in_an_anchor_is_uncovered(field: str, value: object) -> None:
    anchors = copy.deepcopy(ANCHORS)
    same = anchors[1][field] == value and type(anchors[1][field]) is type(value)
    anchors[1][field] = value
    assert verify(ROWS, anchors, PUBLIC).whole == same
