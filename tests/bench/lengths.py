"""The longest answers in Lao, in parts, as an SMS shows them: goals that have a budget, over every service."""

from __future__ import annotations

from bot.rendering import Renderer
from bot.text.parts import count
from channels.terminal import CAPABILITIES
from composition.understanding import budgets
from dialogs.ports import Ports
from tests.bench.rows import Row
from tests.dialogs.actions.kit import CasesInMemory, act, case, ports

OWN = "10000004"
_LANGUAGE = {"language": "lo"}


async def longest_in_lao() -> list[Row]:
    """A row a goal."""
    world = ports(cases=CasesInMemory({OWN: case(OWN, "me")}))
    longest = {}
    for goal in ("fee", "duration", "requirements"):
        lengths = [
            await _parts(world, f"action_{goal}", {"service": service}, _LANGUAGE)
            for service in world.catalogue.services
        ]
        longest[goal] = max(lengths)
    longest["status"] = await _parts(world, "action_complaint_status", {}, _LANGUAGE | {"reference": OWN})
    complaint = {"complaint_text": "ລໍຖ້າດົນ", "complaint_place": "LA1301"}
    longest["receipt"] = await _parts(world, "action_file_complaint", {}, _LANGUAGE | complaint)
    return [Row(what=f"Longest {goal} in Lao", figure=f"{parts} parts") for goal, parts in longest.items()]


async def _parts(world: Ports, action: str, entities: dict[str, str], slots: dict[str, str]) -> int:
    answer = await act(world, action, entities=entities, slots=slots)
    rendered = Renderer(world.pack, budgets()).render(answer.said, "lo", CAPABILITIES["sms"])
    return sum(count(draft.text) for draft in rendered.drafts)
