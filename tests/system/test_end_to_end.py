"""A message goes all the way: from a provider's signed request to the provider's call, and to the export."""

from __future__ import annotations

import re

from tests.servers.twilio import TwilioServer
from tests.system.phones import KannelSide, TwilioSide
from tests.system.server import PatouServer, until

REFERENCE = re.compile(r"\b([1-9][0-9]{3}) ([0-9]{4})\b")
PIN = re.compile(r"PIN\D{0,3}([0-9]{6})")


def reference_in(receipt: str) -> str:
    found = REFERENCE.search(receipt)
    assert found is not None, receipt
    return "".join(found.groups())


async def test_a_signed_question_is_answered_through_the_provider(
    server: PatouServer, twilio_side: TwilioSide
) -> None:
    reply = await twilio_side.ask("+8562055500001", "how much is a passport")
    assert "Passport" in reply
    assert "60" in reply
    told = twilio_side.provider.messages[-1]["status_callback"]
    [row] = [each for each in await server.export("outbox") if each["id"] in told]
    assert row["urn"] == "tel:+8562055500001"
    assert row["text"] == reply


async def test_lao_is_answered_in_lao(twilio_side: TwilioSide) -> None:
    reply = await twilio_side.ask("+8562055500002", "ເຮັດພາສປອດລາຄາເທົ່າໃດ")
    assert "60" in reply
    assert re.search(r"[\u0e80-\u0eff]{3}", reply)


async def test_a_complaint_by_twilio_reaches_the_queue_with_its_reference(
    server: PatouServer, twilio_side: TwilioSide
) -> None:
    phone = "+8562055500003"
    await twilio_side.ask(phone, "I want to complain")
    await twilio_side.ask(phone, "the road at the market of Pakse is full of potholes since May")
    receipt = await twilio_side.ask(phone, "1")
    assert PIN.search(receipt)
    cases = {each["reference"]: each for each in await server.export("cases")}
    case = cases[reference_in(receipt)]
    assert "potholes" in case["text"]
    assert case["place"] == "LA1601"
    assert case["channel"] == "twilio"


async def test_a_complaint_by_kannel_reaches_the_queue_with_its_reference(
    server: PatouServer, kannel_side: KannelSide
) -> None:
    phone = "+8562055500004"
    shown = await kannel_side.ask(phone, "ຂ້ອຍຢາກຮ້ອງທຸກ ເຈົ້າໜ້າທີ່ເມືອງປາກເຊເຮັດວຽກຊັກຊ້າຫຼາຍ ລໍດົນ 3 ເດືອນແລ້ວ", "k1")
    assert "ປາກເຊ" in shown
    receipt = await kannel_side.ask(phone, "໑", "k2")
    cases = {each["reference"]: each for each in await server.export("cases")}
    assert cases[reference_in(receipt)]["category"] == "delay"


async def test_what_became_of_a_reply_is_stored(
    server: PatouServer, twilio: TwilioServer, twilio_side: TwilioSide
) -> None:
    phone = "+8562055500005"
    reply = await twilio_side.ask(phone, "passport fee")

    async def stored() -> bool:
        rows = [each for each in await server.export("outbox") if each["urn"] == f"tel:{phone}"]
        return [each["state"] for each in rows] == ["delivered"]

    [message] = [each for each in twilio.messages if each["to"] == phone and each["body"] == reply]
    assert (await twilio.call_back(message, "delivered")).status == 200
    await until(stored, "the delivery report")


async def test_somebody_elses_case_opens_with_the_pin_only(twilio_side: TwilioSide) -> None:
    phone, other = "+8562055500006", "+8562055500007"
    await twilio_side.ask(phone, "I want to complain that the well in Pakse gives brown water all week")
    receipt = await twilio_side.ask(phone, "1")
    reference, pin = reference_in(receipt), PIN.search(receipt)
    assert pin is not None
    own = await twilio_side.ask(phone, f"status of my complaint {reference}")
    asked = await twilio_side.ask(other, f"status of my complaint {reference}")
    shown = await twilio_side.ask(other, pin[1])
    assert own != asked
    assert "PIN" in asked
    assert all("brown" not in each for each in twilio_side.replies(other)[:1])
    assert shown.startswith(own)  # and offers to follow it here
