"""Every channel against its table: requests in, sends out, and the receipts for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.messages import Choice
from bot.yaml_read import read_yaml
from channels.config import kinds
from tests.channels.harness import Edge, drain
from tests.channels.providers import PATIENT, Caller, connect

HERE = Path(__file__).parent
REQUIRED = {
    "plain", "lao", "malformed", "ignored", "duplicate", "batch", "out_of_order", "oversize", "wrong_types",
    "lone_surrogates", "forged_signature", "missing_signature", "5xx", "429", "refused", "opted_out",
}  # fmt: skip


def table(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = read_yaml(HERE / f"{kind}.yml")
    return loaded


def rows(direction: str) -> list[Any]:
    return [
        pytest.param(kind, row, id=f"{kind}: {row['name']}")
        for kind in kinds()
        if (HERE / f"{kind}.yml").exists()
        for row in table(kind)[direction]
    ]


@pytest.fixture
async def caller(kind: str, row: dict[str, Any], edge: Edge, session: ClientSession) -> AsyncIterator[Caller]:
    """The provider of a kind of channel, with that channel on the edge; only a call that hangs is soon given up."""
    seconds = 0.3 if "hang" in row.get("plan", ()) else PATIENT
    async with connect(kind, edge, session, seconds) as caller:
        yield caller


@pytest.mark.parametrize("kind", kinds())
def test_every_channel_has_its_table_and_every_table_its_rows(kind: str) -> None:
    found = table(kind)
    named = {row["kind"] for direction in ("inbound", "outbound") for row in found[direction]}
    assert named | set(found.get("without", {})) >= REQUIRED


@pytest.mark.parametrize(("kind", "row"), rows("inbound"))
async def test_inbound(kind: str, row: dict[str, Any], caller: Caller, edge: Edge) -> None:
    await edge.listen(edge.door().routes())
    if "known" in row:
        await edge.store.know(row["known"])
    for spec in row["requests"]:
        status, _, body = await caller.call(spec)
    assert status == row.get("status", 200), body
    if "answer" in row:
        assert body.decode() == row["answer"]
    if "reason" in row:
        assert body.decode() == f'{{"error": "{row["reason"]}"}}'
    taken = [asdict(message) | {"urn": str(message.urn)} for message in edge.pipeline.messages]
    expected = row.get("messages", [])
    assert [
        {name: each[name] for name in some} for each, some in zip(taken, expected, strict=True)
    ] == expected
    if "urn_state" in row:
        assert await edge.store.urn_state(row["known"]) == row["urn_state"]
    assert len(edge.opt_outs) == row.get("opt_outs", 0)
    if "ignored" in row:
        assert f'channel="{kind}",reason="{row["ignored"]}"' in edge.metrics.text().decode()


@pytest.mark.parametrize(("kind", "row"), rows("outbound"))
async def test_outbound(kind: str, row: dict[str, Any], caller: Caller, edge: Edge) -> None:
    await edge.listen(edge.door().routes())
    caller.plan.extend(row.get("plan", []))
    urn = row.get("urn", caller.urn)
    choices = [
        Choice(label=label, payload=payload, shares_phone=bool(more))
        for label, payload, *more in row.get("choices", [])
    ]
    text = row.get("text", "hello") * row.get("times", 1)
    told = {name: row[name] for name in ("heard", "reply_token") if name in row}
    sent = await edge.store.put(kind, urn, text, choices=choices, **told)
    delivery = edge.delivery()
    await drain(delivery)
    for _ in range(3 if "rest" in row else 0):
        edge.store.pinned.advance(row["rest"])
        await drain(delivery)
    for word in row.get("receipts", []):
        await caller.receipt(word)
    stored = await edge.store.row(sent)
    assert (stored.state, stored.error_code) == (row["state"], row.get("error", ""))
    if "taken" in row:
        taken, expected = caller.taken, row["taken"]
        assert [
            {name: each[name] for name in some} for each, some in zip(taken, expected, strict=True)
        ] == expected
    assert await edge.store.urn_state(urn) == row.get("urn_state", "active")
    assert len(edge.opt_outs) == row.get("opt_outs", 0)
