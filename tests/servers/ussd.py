"""USSD gateways as they call an application: each plays its own protocol, and refuses what the real one would.

A person at a gateway dials, answers screens, and may hang up; the gateway may bring the same call again. What they
send and take is written down here once more, from the same sources, and not read from the product's data.
"""

from __future__ import annotations

import json
import xmlrpc.client
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import fromstring

from aiohttp import ClientSession, encode_basic_auth
from smsutil.codecs import is_valid_gsm
from yarl import URL

KEY = "a-key-of-the-tests"
NUMBER = "8562055512345"
CODE = "*384*123#"
_TWICE = "^{}\\[~]|€"
_GSM_SCREEN, _LAO_SCREEN = 182, 80


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What the phone shows, and whether the session ends with it."""

    text: str
    ends: bool


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of a gateway; `path` goes behind the address."""

    method: str = "POST"
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the application said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refused(AssertionError):
    """The gateway would have ended the session: the answer is not in its form."""


class Gateway(ABC):
    """One session of one person; `url` is the application's address. Phones show Lao where `lao` says so."""

    dialect = ""
    has_hang_up = True
    keyed: Mapping[str, str] = {"key": KEY}

    def __init__(
        self, url: str, http: ClientSession, session_id: str, number: str = NUMBER, *, lao: bool = False
    ) -> None:
        self.url = url
        self.lao = lao
        self.session_id = session_id
        self.number = number
        self.code = CODE
        self.dialled = ""
        self.typed: list[str] = []
        self.screens: list[Screen] = []
        self.last: Call | None = None
        self._http = http

    async def dial(self, dialled: str = CODE) -> Screen:
        """Dial the code, with more behind it perhaps."""
        self.dialled, self.typed = dialled, []
        return await self._show(self.first())

    async def answer(self, text: str) -> Screen:
        """Type an answer to the screen that is shown."""
        self.typed.append(text)
        return await self._show(self.next(text))

    async def again(self) -> Screen:
        """Bring the last call once more, as after an answer that was lost."""
        assert self.last is not None
        return await self._show(self.last)

    async def hang_up(self) -> Answer:
        """End the session from outside."""
        return await self.make(self.end())

    @property
    def behind(self) -> str:
        """What was typed behind the code."""
        return self.dialled.removeprefix(self.code.rstrip("#")).strip("*#")

    @abstractmethod
    def first(self) -> Call:
        """The call when somebody has dialled."""

    @abstractmethod
    def next(self, text: str) -> Call:
        """The call when somebody has typed."""

    @abstractmethod
    def read(self, answer: Answer) -> Screen:
        """What the answer shows; raises Refused."""

    def end(self) -> Call:
        """The call when the session is over; not every gateway makes one."""
        raise NotImplementedError

    async def make(self, call: Call) -> Answer:
        """Make a call, with what lets this gateway in."""
        query = urlencode({**call.query, **self.keyed}, quote_via=quote)
        url = URL(f"{self.url}{call.path}{'?' + query if query else ''}", encoded=True)
        headers = dict(call.headers)
        if call.content_type:
            headers["Content-Type"] = call.content_type
        async with self._http.request(call.method, url, data=call.body or None, headers=headers) as response:
            return Answer(status=response.status, headers=response.headers, body=await response.read())

    async def _show(self, call: Call) -> Screen:
        self.last = call
        answer = await self.make(call)
        _require(answer.status == 200, answer)
        shown = self.read(answer)
        _require(self._fits(shown.text), answer)
        self.screens.append(shown)
        return shown

    def _fits(self, text: str) -> bool:
        """Whether a phone can show it whole; letters of the extension table count twice."""
        if is_valid_gsm(text):  # type: ignore[no-untyped-call]  # smsutil leaves it untyped
            return len(text) + sum(each in _TWICE for each in text) <= _GSM_SCREEN
        return self.lao and len(text.encode("utf-16-be")) // 2 <= _LAO_SCREEN


class AfricasTalking(Gateway):
    """Form in, CON or END out; the text is all that was typed, what stood behind the code too."""

    dialect = "africastalking"

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.behind)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call("*".join(filter(None, [self.behind, *self.typed[:-1], text])))

    def end(self) -> Call:
        """The event when a session is over."""
        told = {
            "date": "2026-11-22 10:00:00",
            "status": "Incomplete",
            "hopsCount": str(len(self.screens)),
            "cost": "0",
        }
        return self._form({**self._who(), **told, "input": "*".join(self.typed), "lastAppResponse": "CON …"})

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        _require(answer.headers["Content-Type"].startswith("text/plain"), answer)
        state, _, text = answer.body.decode().partition(" ")
        _require(state in ("CON", "END"), answer)
        return Screen(text=text, ends=state == "END")

    def _call(self, text: str) -> Call:
        return self._form({**self._who(), "text": text})

    def _who(self) -> dict[str, str]:
        who = {"sessionId": self.session_id, "serviceCode": self.code, "phoneNumber": f"+{self.number}"}
        return {**who, "networkCode": "45701"}

    def _form(self, fields: Mapping[str, str]) -> Call:
        return Call(body=urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")


class JsonGateway(Gateway):
    """What those share that send JSON and read it."""

    wanted: frozenset[str] = frozenset()

    def document(self, members: Mapping[str, Any], path: str = "", method: str = "POST") -> Call:
        """A call with these members."""
        body = json.dumps(members, ensure_ascii=False).encode()
        return Call(method=method, path=path, body=body, content_type="application/json")

    def members(self, answer: Answer) -> dict[str, Any]:
        """The members of an answer, which must be those that the gateway knows."""
        _require(answer.headers["Content-Type"].startswith("application/json"), answer)
        found = cast("dict[str, Any]", json.loads(answer.body))
        _require(found.keys() == self.wanted, answer)
        return found


class Hubtel(JsonGateway):
    """JSON with a type and a number of the call."""

    dialect = "hubtel"
    wanted = frozenset({"SessionId", "Type", "Message", "Label", "DataType", "FieldType"})

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call("initiation", self.dialled)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call("response", text)

    def end(self) -> Call:
        """See `Gateway.end`."""
        return self._call("release", "")

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        members = self.members(answer)
        _require(members["SessionId"] == self.session_id, answer)
        _require(members["Type"] in ("response", "release"), answer)
        _require((members["DataType"], members["FieldType"]) == ("input", "text"), answer)
        return Screen(text=members["Message"], ends=members["Type"] == "release")

    def _call(self, kind: str, text: str) -> Call:
        return self.document(
            {
                "Sequence": len(self.typed) + 1,
                "Type": kind,
                "Message": text,
                "ServiceCode": self.code.strip("*#"),
                "Operator": "unitel",
                "ClientState": "",
                "Mobile": self.number,
                "SessionId": self.session_id,
            }
        )


class Nalo(JsonGateway):
    """JSON with a truth for the state; the session is the number."""

    dialect = "nalo"
    has_hang_up = False
    wanted = frozenset({"USERID", "MSISDN", "MSG", "MSGTYPE"})

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled, new=True)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text, new=False)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        members = self.members(answer)
        _require((members["USERID"], members["MSISDN"]) == ("PATOU", self.number), answer)
        _require(isinstance(members["MSGTYPE"], bool), answer)
        return Screen(text=members["MSG"], ends=not members["MSGTYPE"])

    def _call(self, text: str, *, new: bool) -> Call:
        who = {"USERID": "PATOU", "MSISDN": self.number, "NETWORK": "MTN"}
        return self.document({**who, "USERDATA": text, "MSGTYPE": new})


class Arkesel(JsonGateway):
    """JSON with a truth for the state and ids handed back."""

    dialect = "arkesel"
    has_hang_up = False
    wanted = frozenset({"sessionID", "userID", "msisdn", "message", "continueSession"})

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled, new=True)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text, new=False)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        members = self.members(answer)
        _require({key: members[key] for key in self._who()} == self._who(), answer)
        _require(isinstance(members["continueSession"], bool), answer)
        return Screen(text=members["message"], ends=not members["continueSession"])

    def _who(self) -> dict[str, str]:
        return {"sessionID": self.session_id, "userID": "PATOU", "msisdn": self.number}

    def _call(self, text: str, *, new: bool) -> Call:
        return self.document({**self._who(), "newSession": new, "userData": text, "network": "MTN"})


class Beem(JsonGateway):
    """JSON with a command and a member of members; nothing of the dial string."""

    dialect = "beem"
    wanted = frozenset({"msisdn", "operator", "session_id", "command", "payload"})

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call("initiate", 0)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call("continue", text)

    def end(self) -> Call:
        """See `Gateway.end`."""
        return self._call("terminate", "")

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        members = self.members(answer)
        _require({key: members[key] for key in self._who()} == self._who(), answer)
        _require(members["command"] in ("continue", "terminate"), answer)
        _require(members["payload"].keys() == {"request_id", "request"}, answer)
        _require(members["payload"]["request_id"] == len(self.typed), answer)
        return Screen(text=members["payload"]["request"], ends=members["command"] == "terminate")

    def _who(self) -> dict[str, str]:
        return {"msisdn": self.number, "operator": "vodacom", "session_id": self.session_id}

    def _call(self, command: str, text: str | int) -> Call:
        payload = {"request_id": len(self.typed), "response": text}
        return self.document({**self._who(), "command": command, "payload": payload})


class Infobip(JsonGateway):
    """JSON to a path for each session and method; the key is the password of Basic authentication."""

    dialect = "infobip"
    keyed: Mapping[str, str] = {}
    wanted = frozenset({"ussdMenu", "shouldClose", "responseExitCode", "responseMessage"})

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call("start", {**self._who(), "text": self.dialled})

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call("response", {**self._who(), "text": text})

    def end(self) -> Call:
        """Says nothing of the person."""
        return self._call("end", {"exitCode": 200, "reason": "ok"}, method="PUT")

    def status(self) -> Call:
        """Asks whether the session is open."""
        return self._call("status", {}, method="GET")

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        members = self.members(answer)
        _require(members["responseExitCode"] == 200, answer)
        _require(isinstance(members["shouldClose"], bool), answer)
        _require(bool(self.typed) or not members["shouldClose"], answer)
        return Screen(text=members["ussdMenu"], ends=members["shouldClose"])

    def _who(self) -> dict[str, str | None]:
        return {"msisdn": self.number, "shortCode": self.code, "language": None, "ussdGwId": "live2"}

    def _call(self, event: str, members: Mapping[str, Any], method: str = "POST") -> Call:
        call = self.document(members, path=f"/session/{self.session_id}/{event}", method=method)
        headers = {"Authorization": encode_basic_auth("infobip", KEY)}
        return Call(
            method=call.method,
            path=call.path,
            body=call.body if members else b"",
            content_type=call.content_type,
            headers=headers,
        )


class Dmark(Gateway):
    """GET in, JSON out."""

    dialect = "dmark"
    has_hang_up = False

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled if self.behind else "", new=True)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text, new=False)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        members = json.loads(answer.body)
        _require(members.keys() == {"responseString", "action"}, answer)
        _require(members["action"] in ("request", "end"), answer)
        return Screen(text=members["responseString"], ends=members["action"] == "end")

    def _call(self, text: str, *, new: bool) -> Call:
        return Call(
            method="GET",
            query={
                "transactionId": self.session_id,
                "msisdn": self.number,
                "ussdServiceCode": self.code,
                "transactionTime": "1795334400",
                "ussdRequestString": text,
                "creationTime": "1795334400",
                "response": "false" if new else "true",
            },
        )


class Airtel(Gateway):
    """GET in, plain text out, the state in a header; it says who it is in fields of its own."""

    dialect = "airtel"
    keyed: Mapping[str, str] = {"userid": "airtel", "password": KEY}

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled.strip("*#"))

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text)

    def end(self) -> Call:
        """The clean-up call names the number in other letters."""
        told = {"SessionID": self.session_id, "msisdn": self.number, "clean": "clean-session", "error": "522"}
        return Call(method="GET", query=told)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        _require(answer.headers["Content-Type"].startswith("text/plain"), answer)
        _require(answer.headers.get("Freeflow", "") in ("FC", "FB"), answer)
        return Screen(text=answer.body.decode(), ends=answer.headers["Freeflow"] == "FB")

    def _call(self, text: str) -> Call:
        told = {"SessionID": self.session_id, "MSISDN": self.number, "MSC": "msc1", "input": text}
        return Call(method="GET", query=told)


class Mtn(Gateway):
    """XML-RPC both ways."""

    dialect = "mtn"
    has_hang_up = False

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        _require(answer.headers["Content-Type"].startswith("text/xml"), answer)
        try:
            (members,), _ = xmlrpc.client.loads(answer.body.decode())
        except xmlrpc.client.Fault as fault:
            raise Refused(fault.faultString) from fault
        told = cast("dict[str, Any]", members)
        _require(told["TransactionId"] == self.session_id and told["MSISDN"] == self.number, answer)
        _require(told["action"] in ("request", "end"), answer)
        return Screen(text=told["USSDResponseString"], ends=told["action"] == "end")

    def _call(self, text: str) -> Call:
        members = {
            "TransactionId": self.session_id,
            "TransactionTime": "2026-11-22T10:00:00",
            "MSISDN": self.number,
            "USSDServiceCode": self.code.strip("*#"),
            "USSDRequestString": text,
            "USSDEncoding": "GSM0338",
        }
        body = xmlrpc.client.dumps((members,), "handleUSSD").encode()
        return Call(body=body, content_type="text/xml")


class Vodacom(Gateway):
    """GET in, a menu of XML out, whose option says where the next call goes."""

    dialect = "vodacom"
    has_hang_up = False

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        _require(answer.headers["Content-Type"].startswith("text/xml"), answer)
        request = fromstring(answer.body)  # noqa: S314 - our own answer
        _require(request.tag == "request", answer)
        option = request.find("./options/option")
        if option is not None:
            callback = URL(option.attrib["callback"])
            _require(str(callback.with_query(None)) == self.url, answer)
            self.keyed = dict(callback.query)
        return Screen(text=request.findtext("headertext") or "", ends=option is None)

    def _call(self, text: str) -> Call:
        told = {
            "ussdSessionId": self.session_id,
            "msisdn": self.number,
            "provider": "Vodacom",
            "request": text,
        }
        return Call(method="GET", query=told)


GATEWAYS: Mapping[str, type[Gateway]] = {
    each.dialect: each
    for each in (
        AfricasTalking,
        Infobip,
        Hubtel,
        Nalo,
        Arkesel,
        Beem,
        Dmark,
        Airtel,
        Mtn,
        Vodacom,
    )
}


def _require(fine: bool, answer: Answer) -> None:
    if not fine:
        raise Refused(f"{answer.status} {answer.body.decode(errors='replace')}")
