"""USSD gateways as they call an application: each plays its own protocol, and refuses what the real one would.

A person at a gateway dials, answers screens, and may hang up; the gateway may bring the same call again. What they
send and take is written down here once more, from the same sources, and not read from the product's data.
"""

from __future__ import annotations

import json
import xmlrpc.client
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

from yarl import URL

from tests.servers.ussd_gateway import KEY, Answer, Call, Gateway, Refused, Screen, require
from tests.servers.ussd_json import Arkesel, Beem, Hubtel, Infobip, Nalo


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
        require(answer.headers["Content-Type"].startswith("text/plain"), answer)
        state, _, text = answer.body.decode().partition(" ")
        require(state in ("CON", "END"), answer)
        return Screen(text=text, ends=state == "END")

    def _call(self, text: str) -> Call:
        return self._form({**self._who(), "text": text})

    def _who(self) -> dict[str, str]:
        who = {"sessionId": self.session_id, "serviceCode": self.code, "phoneNumber": f"+{self.number}"}
        return {**who, "networkCode": "45701"}

    def _form(self, fields: Mapping[str, str]) -> Call:
        return Call(body=urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")


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
        require(members.keys() == {"responseString", "action"}, answer)
        require(members["action"] in ("request", "end"), answer)
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
        require(answer.headers["Content-Type"].startswith("text/plain"), answer)
        require(answer.headers.get("Freeflow", "") in ("FC", "FB"), answer)
        return Screen(text=answer.body.decode(), ends=answer.headers["Freeflow"] == "FB")

    def _call(self, text: str) -> Call:
        told = {"SessionID": self.session_id, "MSISDN": self.number, "MSC": "msc1", "input": text}
        return Call(method="GET", query=told)


class Mtn(Gateway):
    """XML-RPC both ways."""

    dialect = "mtn"
    has_hang_up = False
    _moment = xmlrpc.client.DateTime("20261122T10:00:00")

    def first(self) -> Call:
        """See `Gateway.first`."""
        return self._call(self.dialled, new=True)

    def next(self, text: str) -> Call:
        """See `Gateway.next`."""
        return self._call(text, new=False)

    def read(self, answer: Answer) -> Screen:
        """See `Gateway.read`."""
        require(answer.headers["Content-Type"].startswith("text/xml"), answer)
        try:
            (members,), _ = xmlrpc.client.loads(answer.body.decode())
        except xmlrpc.client.Fault as fault:
            raise Refused(fault.faultString) from fault
        told = cast("dict[str, Any]", members)
        require(told["TransactionId"] == self.session_id and told["MSISDN"] == self.number, answer)
        require(told["TransactionTime"] == self._moment, answer)
        require(told["action"] in ("request", "end"), answer)
        return Screen(text=told["USSDResponseString"], ends=told["action"] == "end")

    def _call(self, text: str, *, new: bool) -> Call:
        members = {
            "TransactionId": self.session_id,
            "TransactionTime": self._moment,
            "MSISDN": self.number,
            "USSDServiceCode": self.code.strip("*#"),
            "USSDRequestString": text,
            "response": "false" if new else "true",
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
        require(answer.headers["Content-Type"].startswith("text/xml"), answer)
        request = fromstring(answer.body)  # noqa: S314 - our own answer
        require(request.tag == "request", answer)
        option = request.find("./options/option")
        if option is not None:
            callback = URL(option.attrib["callback"])
            require(str(callback.with_query(None)) == self.url, answer)
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
