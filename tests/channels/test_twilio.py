"""Twilio's signatures: what its own library signs is let in, and nothing that differs from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import SplitResult, urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator, add_port, remove_port

from channels import twilio
from channels.base import RawRequest, Wiring
from channels.config import ChannelConfig
from channels.errors import NotAuthentic

TOKEN, SHARED = "the-token", "the-shared-secret"
SETTINGS = twilio.Settings(
    account_sid="AC1", auth_token=TOKEN, shared_keys={"key1": SHARED}, sender="+15005550006"
)
FIELDS = {"b": "ສະບາຍດີ +=&%", "a": "", "B": "2", "ab": "c", "a b": "é\n"}


@pytest.mark.parametrize("variant", [remove_port, add_port])
@pytest.mark.parametrize(("secret", "algorithm"), [(TOKEN, "HMAC_SHA1"), (SHARED, "HMAC_SHA256")])
@pytest.mark.parametrize(
    "public_url",
    [
        "https://sms.example.org",
        "https://sms.example.org:8443",
        "https://sms.example.org/patou",
        "http://127.0.0.1:8080",
    ],
)
async def test_what_the_library_signs_is_let_in(
    wiring: Wiring, public_url: str, secret: str, algorithm: str, variant: Callable[[SplitResult], str]
) -> None:
    config = ChannelConfig(name="twilio", kind="twilio", settings=SETTINGS)
    channel = twilio.build(config, replace(wiring, public_url=public_url))
    address = variant(urlsplit(f"{public_url}/channels/twilio/status?m=1&n=%20"))
    validator = RequestValidator(secret)  # type: ignore[no-untyped-call]  # twilio leaves it untyped
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": validator.compute_signature(address, FIELDS, algorithm),  # type: ignore[no-untyped-call]  # untyped
    }
    if algorithm == "HMAC_SHA256":
        headers["x-twilio-webhooks-signature-settings"] = f"key=key1,algorithm={algorithm}"
    request = RawRequest(
        method="POST",
        path="/channels/twilio/status",
        query_string="m=1&n=%20",
        headers=headers,
        body=urlencode(FIELDS).encode(),
    )
    channel.verify(request)
    for changed in (
        replace(request, query_string="m=2&n=%20"),
        replace(request, body=urlencode(FIELDS | {"a": "x"}).encode()),
        replace(request, headers=headers | {"x-twilio-signature": "x"}),
    ):
        with pytest.raises(NotAuthentic):
            channel.verify(changed)
