"""What is stored can be written out, whatever became of a single row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Table, update

from bot.db import WriteSet
from bot.export import export_inbox, export_outbox
from bot.schema import inbox, outbox
from tests.pipeline.conftest import World

Export = Callable[..., AsyncIterator[dict[str, Any]]]


@pytest.mark.parametrize(("table", "export"), [(inbox, export_inbox), (outbox, export_outbox)])
async def test_a_row_that_cannot_be_decrypted_stops_no_other(
    world: World, table: Table, export: Export
) -> None:
    await world.pipeline.accept(world.message("a", "one"))
    altered = WriteSet()
    altered.add(update(table).values(message_sealed=b"altered"))
    await world.parts.db.commit(altered)
    await world.pipeline.accept(world.message("b", "two"))
    records = [record async for record in export(world.parts.db, world.parts.vault)]
    assert [record["urn"] for record in records] == [None, "tel:+8562055512345"]
