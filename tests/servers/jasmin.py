"""A small, strict Jasmin: checks what its HTTP API checks, and misbehaves on demand.

Source of the rules: Jasmin's documentation of the HTTP API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import ClientSession, web

from tests.servers.provider import ProviderServer, lose

USER, PASSWORD, KEY = "patou", "a-password", "a-key-of-the-tests"
_FIELDS = {
    "username", "password", "to", "from", "coding", "content", "hex-content", "dlr", "dlr-url", "dlr-level", "dlr-method",
    "validity-period",
}  # fmt: skip


class JasminServer(ProviderServer):
    """`plan` takes ok, an HTTP status, hang, lose or garbage."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """See `ProviderServer.routes`."""
        return [web.post("/send", self._send), web.post("/balance", self._balance)]

    async def call_back(self, session: ClientSession, message: Mapping[str, str], status: str) -> str:
        """Tell what became of a message; the answer must be the words that stop Jasmin from telling it again."""
        form = {"id": message["id"], "level": "2", "message_status": status, "id_smsc": "7", "err": "000"}
        async with session.post(message["dlr-url"], data=form) as response:
            return await response.text()

    async def _send(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return web.Response(status=403, text='Error "Authentication failure for username:x"')
        fault = _fault(form)
        if fault:
            return web.Response(status=400, text=f'Error "{fault}"')
        outcome = await self.next()
        if isinstance(outcome, int):
            return web.Response(status=outcome, text='Error "x"')
        number = f"0000-{len(self.messages) + 1}"
        text = form.get("content") or bytes.fromhex(form["hex-content"]).decode("utf-16-be")
        self.messages.append({**form, "id": number, "text": text})
        if outcome == "lose":
            lose(request)
        return web.Response(text="<html>" if outcome == "garbage" else f'Success "{number}"')

    async def _balance(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return web.Response(status=403, text='Error "Authentication failure for username:x"')
        return web.json_response({"balance": "ND", "sms_count": "ND"})


def _fault(form: Mapping[str, str]) -> str:
    checks = {
        "unknown argument": not form.keys() - _FIELDS,
        "to": form.get("to", "").isdecimal(),
        "coding": ("hex-content" in form) == (form.get("coding") == "8"),
        "content": bool(form.get("content") or form.get("hex-content")),
        "dlr-level": form.get("dlr") == "yes" and form.get("dlr-level") in ("1", "2", "3"),
        "password": len(form.get("password", "")) <= 30,
    }
    return next((fault for fault, fine in checks.items() if not fine), "")
