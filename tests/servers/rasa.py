"""A small, strict Rasa server: checks what /model/parse is asked, and misbehaves on demand.

Source of the rules: the OpenAPI description of Rasa 3.6's HTTP API.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.servers.provider import ProviderServer, lose

TOKEN = "a-rasa-token-of-the-tests"


class RasaServer(ProviderServer):
    """Answers each text with what `answers` has for it; texts asked about are in `messages`.

    `plan` says how the next questions go: ok, an HTTP status, hang, lose, garbage or endless.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Any] = {}

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [web.post("/model/parse", self._parse)]

    async def _parse(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("token") != TOKEN:
            return web.json_response({"reason": "NotAuthenticated"}, status=401)
        document = json.loads(await request.read())
        if document.keys() != {"text"} or not isinstance(document["text"], str):
            return web.json_response({"reason": "ParsingError"}, status=400)
        self.messages.append(document)
        outcome = await self.next()
        if isinstance(outcome, int):
            return web.json_response({"reason": "Conflict"}, status=outcome)
        if outcome == "lose":
            lose(request)
        if outcome == "garbage":
            return web.Response(text="<html>")
        if outcome == "endless":
            return web.Response(body=b" " * 1_000_000 + b"{}")
        return web.json_response(self.answers[document["text"]])


def parsed(*ranking: tuple[str, float], entities: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """What Rasa answers: the intents with their confidences, the likeliest first."""
    intents = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    return {
        "text": "",
        "intent": intents[0],
        "intent_ranking": intents,
        "entities": list(entities),
        "text_tokens": [],
        "response_selector": {},
    }
