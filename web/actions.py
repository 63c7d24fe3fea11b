"""The rasa-sdk action server's contract, for people who run a Rasa server beside Patou.

Source: rasa-sdk 3.21, `rasa_sdk.endpoint`: POST {"next_action", "tracker", "domain"} gives
{"events", "responses"}; 404 for an unknown action, 400 when the action rejects its execution, and
of ours 409 for a call whose effects are stored already. Intents have the names of `patou rasa export`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

import orjson
from aiohttp import web
from rasa_sdk.interfaces import Action, ActionExecutionRejection, Tracker
from rasa_sdk.types import DomainDict

from bot.crypto import Vault
from bot.db import Database, WriteSet
from bot.dispatcher import TurnDispatcher
from bot.effects import Effects
from bot.errors import Duplicate
from bot.packed import NotUnpacked, TooMuch, encoding_of, unpacked
from bot.rasa.names import own_events, own_message, own_slots, rasa_response

_CONTACT_ID = 26  # characters
_MOST_BODY = 4 * 1024 * 1024


def routes(
    actions: Iterable[Action],
    token: str,
    db: Database,
    vault: Vault,
    effects: Effects,
    ours: DomainDict | None = None,
    values: Mapping[str, Collection[str]] | None = None,
) -> list[web.RouteDef]:
    """`POST /actions` behind a bearer token; no route at all where no token is set.

    The Rasa server's sender becomes a contact of ours by hash. A call without a domain
    (`enable_selective_domain`) is about `ours`. `values` are those that there are, by entity.
    """
    if not token:
        return []
    by_name = {action.name(): action for action in actions}

    async def run(request: web.Request) -> web.Response:
        _authorise(request, token)
        name, tracker, domain = _call(await _body(request), values or {})
        if name not in by_name:
            raise web.HTTPNotFound
        dispatcher = TurnDispatcher()
        try:
            events = await by_name[name].run(dispatcher, tracker, domain or ours or {})
        except ActionExecutionRejection:
            return web.json_response({"action_name": name, "error": "Execution rejected"}, status=400)
        if dispatcher.effects:
            writes = WriteSet()
            contact_id = vault.lookup(f"rasa:{tracker.sender_id}")[:_CONTACT_ID]
            cause = f"rasa:{contact_id}:{_message_key(tracker)}:{name}"
            effects.add(dispatcher.effects, writes, contact_id=contact_id, cause=cause, channel="rasa")
            try:
                await db.commit(writes)
            except Duplicate:
                # What was drawn this time (a reference, a PIN) is not what was stored.
                raise web.HTTPConflict from None
        return web.json_response(
            {"events": list(events or ()), "responses": list(map(rasa_response, dispatcher.messages))},
            dumps=lambda it: orjson.dumps(it).decode(),
        )

    return [web.post("/actions", run)]


def _authorise(request: web.Request, token: str) -> None:
    given = request.headers.get("Authorization", "")
    # A header may hold any bytes; aiohttp keeps those that are no UTF-8 as surrogates.
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {token}".encode()):
        raise web.HTTPUnauthorized


def _call(body: bytes, values: Mapping[str, Collection[str]]) -> tuple[str, Tracker, DomainDict]:
    try:
        call = orjson.loads(body)
        told = call["tracker"]
        state: Any = {
            **told,
            "latest_message": own_message(told.get("latest_message") or {}, values),
            "slots": own_slots(told.get("slots") or {}, values),
            "events": own_events(told.get("events") or ()),
        }
        tracker = Tracker.from_dict(state)
        return str(call["next_action"]), tracker, cast(DomainDict, dict(call.get("domain") or {}))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        raise web.HTTPBadRequest(reason="Not an action call") from None


async def _body(request: web.Request) -> bytes:
    """The whole call: a Rasa server sends all that was said since the conversation began."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _MOST_BODY:
            raise web.HTTPRequestEntityTooLarge(max_size=_MOST_BODY, actual_size=len(body))
    try:
        return unpacked(bytes(body), encoding_of(request.headers.get("Content-Encoding", "")), _MOST_BODY)
    except (NotUnpacked, TooMuch):
        raise web.HTTPBadRequest(reason="Not an action call") from None


def _message_key(tracker: Tracker) -> str:
    """Names the message once; a Rasa server that asks again after a time-out has one effect."""
    latest = tracker.latest_message
    return str(latest.get("message_id") or len(tracker.events))
