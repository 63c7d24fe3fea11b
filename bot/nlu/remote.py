"""Understanding by a Rasa server: what a message wants is its judgement, everything exact stays ours.

Source: Rasa 3.6, HTTP API: POST /model/parse {"text"} gives {"intent", "intent_ranking", "entities"}.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.clock import Clock
from bot.nlu.classifier import base_of
from bot.nlu.data import Entity
from bot.nlu.parse_data import Intent, Interpreter, ParseContext, ParseData
from bot.rasa.names import own_name

# What Rasa's FallbackClassifier puts before what it is not sure of; the confidence says the same.
_UNSURE = "nlu_fallback"
_RANKED = 5
_MOST_ANSWER = 256 * 1024  # bytes
# After a failure nobody waits for the server for so long.
_PAUSE_SECONDS = 5.0
_OK = 200

log = structlog.get_logger()


class _Refused(Exception):
    """The server has no answer that can be used; the text says why, in one word for a metric."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What may be believed: the intents that have rules, and by entity the values that there are.

    `exact` tells whether a text is one of the words that stand for themselves, such as STOP.
    """

    intents: Collection[str]
    values: Mapping[str, Collection[str]]
    exact: Callable[[str, ParseContext], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heard:
    """A server's answer, checked: intents by their names of ours, the likeliest first."""

    ranking: list[Intent]
    closest: str
    entities: list[Entity]


class RemoteInterpreter:
    """Asks a Rasa server what a message wants; `behind` understands what is exact, and all while it fails.

    A server that failed is left alone for a few seconds, so that one that hangs costs few turns its time.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        behind: Interpreter,
        session: ClientSession,
        *,
        url: str,
        token: str,
        seconds: float,
        wanted: Wanted,
        clock: Clock,
        told: Callable[[str], None],
    ) -> None:
        """`told` is called with what became of each question: "ok", or why it failed."""
        self._behind, self._session = behind, session
        self._url = f"{url}/model/parse"
        self._params = {"token": token} if token else {}
        self._timeout = ClientTimeout(total=seconds)
        self._wanted, self._clock, self._told = wanted, clock, told
        self._quiet_until = -math.inf

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """Understand one message."""
        ours = await self._behind.parse(text, context)
        if self._clock.monotonic() < self._quiet_until or not self._is_open(text, context):
            return ours
        try:
            heard = _checked(await self._asked(text), text, self._wanted)
        except _Refused as refused:
            self._fail(str(refused))
            return ours
        self._told("ok")
        return _merged(ours, heard)

    def _is_open(self, text: str, context: ParseContext) -> bool:
        """Whether there is something to judge: words, and no payload, which a Rasa server would obey."""
        says = any(map(str.isalpha, text)) and not text.lstrip().startswith("/")
        return says and not self._wanted.exact(text, context)

    def _fail(self, reason: str) -> None:
        self._quiet_until = self._clock.monotonic() + _PAUSE_SECONDS
        self._told(reason)
        log.warning("nlu.remote_failed", reason=reason, seconds=_PAUSE_SECONDS)

    async def _asked(self, text: str) -> Any:
        try:
            async with self._session.post(
                self._url,
                json={"text": text},
                params=self._params,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                if response.status != _OK:
                    raise _Refused(f"http_{response.status}")
                body = await response.content.read(_MOST_ANSWER)
                while not response.content.at_eof() and len(body) < _MOST_ANSWER:
                    body += await response.content.read(_MOST_ANSWER - len(body))
        except TimeoutError:
            raise _Refused("timeout") from None
        except ClientError:
            raise _Refused("no_connection") from None
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _Refused("no_parse_data") from None


def _checked(answer: Any, text: str, wanted: Wanted) -> _Heard:
    """The answer in our terms; raises _Refused for anything else than parse data with intents of ours."""
    try:
        first, told = answer["intent"], answer.get("intent_ranking") or [answer["intent"]]
        ranked = {own_name(each["name"]): _share(each["confidence"]) for each in told}
        best = own_name(first["name"])
        ranked.setdefault(best, _share(first["confidence"]))
        entities = [_entity(each, text) for each in answer.get("entities") or ()]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _Refused("no_parse_data") from None
    if best != _UNSURE and best not in wanted.intents:
        raise _Refused("unknown_intent")
    known = {name: share for name, share in ranked.items() if name in wanted.intents}
    if not known:
        raise _Refused("unknown_intent")
    ranking = _by_base(known)
    of_first = [name for name in known if base_of(name) == ranking[0]["name"]]
    return _Heard(
        ranking=ranking,
        closest=max(of_first, key=known.__getitem__),
        entities=[each for each in entities if each["value"] in wanted.values.get(each["entity"], ())],
    )


def _by_base(shares: Mapping[str, float]) -> list[Intent]:
    """The intents with the shares of what they have kinds of, the likeliest first."""
    summed: dict[str, float] = {}
    for name, share in shares.items():
        summed[base_of(name)] = summed.get(base_of(name), 0.0) + share
    names = sorted(summed, key=lambda name: -summed[name])[:_RANKED]
    return [Intent(name=name, confidence=round(min(summed[name], 1.0), 4)) for name in names]


def _share(confidence: Any) -> float:
    share = float(confidence)
    if not 0.0 <= share <= 1.0:
        raise ValueError
    return share


def _entity(told: Mapping[str, Any], text: str) -> Entity:
    start, end = int(told["start"]), int(told["end"])
    if not 0 <= start < end <= len(text):
        raise ValueError
    return Entity(
        entity=str(told["entity"]),
        value=str(told["value"]),
        start=start,
        end=end,
        confidence=_share(told.get("confidence_entity", 1.0)),
    )


def _merged(ours: ParseData, heard: _Heard) -> ParseData:
    """Their intent; their entities of a kind that they found, and ours of every other; our language."""
    found = {each["entity"] for each in heard.entities}
    entities = heard.entities + [each for each in ours["entities"] if each["entity"] not in found]
    merged = ParseData(
        text=ours["text"],
        language=ours["language"],
        intent=heard.ranking[0],
        intent_ranking=heard.ranking,
        entities=sorted(entities, key=lambda each: (each["start"], each["end"])),
    )
    if heard.closest != heard.ranking[0]["name"]:
        merged["intent_response_key"] = heard.closest
    if "further" in ours and ours["intent"]["name"] == heard.ranking[0]["name"]:
        merged["further"] = ours["further"]
    return merged
