"""USSD gateways that send JSON and read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import encode_basic_auth

from tests.servers.ussd_gateway import KEY, Answer, Call, Gateway, Screen, require


class JsonGateway(Gateway):
    """What those share that send JSON and read it."""

    wanted: frozenset[str] = frozenset()

    def document(self, members: Mapping[str, Any], path: str = "", method: str = "POST") -> Call:
        """A call with these members."""
        body = json.dumps(members, ensure_ascii=False).encode()
        return Call(method=method, path=path, body=body, content_type="application/json")

    def members(self, answer: Answer) -> dict[str, Any]:
        """The members of an answer, which must be those that the gateway knows."""
        require(answer.headers["Content-Type"].startswith("application/json"), answer)
        found = cast("dict[str, Any]", json.loads(answer.body))
        require(found.keys() == self.wanted, answer)
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
        require(members["SessionId"] == self.session_id, answer)
        require(members["Type"] in ("response", "release"), answer)
        shown = "display" if members["Type"] == "release" else "input"
        require((members["DataType"], members["FieldType"]) == (shown, "text"), answer)
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
        require((members["USERID"], members["MSISDN"]) == ("PATOU", self.number), answer)
        require(isinstance(members["MSGTYPE"], bool), answer)
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
        require({key: members[key] for key in self._who()} == self._who(), answer)
        require(isinstance(members["continueSession"], bool), answer)
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
        require({key: members[key] for key in self._who()} == self._who(), answer)
        require(members["command"] in ("continue", "terminate"), answer)
        require(members["payload"].keys() == {"request_id", "request"}, answer)
        require(members["payload"]["request_id"] == len(self.typed), answer)
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
        require(members["responseExitCode"] == 200, answer)
        require(isinstance(members["shouldClose"], bool), answer)
        require(bool(self.typed) or not members["shouldClose"], answer)
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
