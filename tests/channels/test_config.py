"""channels.toml: what is read, and how what is wrong is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from channels.base import Wiring
from channels.config import build_channels, kinds, load_channels
from tests.channels.environ import plausible

ROOT = Path(__file__).parents[2]
KANNEL = """[channels.a]
kind = "kannel"
sendsms_url = "http://127.0.0.1/"
username = "u"
password = "env:TOKEN"
key = "env:TOKEN"
"""
TWILIO = """
[channels.sms-one]
kind = "twilio"
account_sid = "env:SID"
auth_token = "env:TOKEN"
sender = "+15005550006"
"""
ENVIRON = {"SID": "AC1", "TOKEN": "secret", "KANNEL_PASSWORD": "p", "KANNEL_KEY": "k"}


def read(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "channels.toml"
    path.write_text(text, "utf-8")
    return [f"{each.name}:{each.kind}" for each in load_channels(path, ENVIRON)]


def test_every_kind_is_a_module_with_a_build() -> None:
    assert {"kannel", "twilio", "web"} <= set(kinds())


def test_without_a_file_there_is_the_web_chat(tmp_path: Path) -> None:
    assert [each.name for each in load_channels(tmp_path / "none.toml", {})] == ["web"]


def test_the_web_chat_is_there_unless_it_is_switched_off(tmp_path: Path) -> None:
    assert read(tmp_path, TWILIO) == ["sms-one:twilio", "web:web"]
    assert read(tmp_path, TWILIO + "[channels.web]\nenabled = false") == ["sms-one:twilio"]


async def test_two_channels_of_one_kind(tmp_path: Path, wiring: Wiring) -> None:
    path = tmp_path / "channels.toml"
    path.write_text(TWILIO + TWILIO.replace("sms-one", "sms-two").replace("+15", "whatsapp:+15"), "utf-8")
    built = build_channels(load_channels(path, ENVIRON), wiring)
    assert [(name, each.kind, each.capabilities.sms) for name, each in built.items()] == [
        ("sms-one", "twilio", True),
        ("sms-two", "twilio", False),
        ("web", "web", False),
    ]


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "channels.toml"
    path.write_text(TWILIO, "utf-8")
    settings = load_channels(path, ENVIRON)[0].settings
    assert (settings.account_sid, settings.auth_token) == ("AC1", "secret")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[channels.X]\nkind='web'", "channels.X: a channel's name"),
        ("[channels.a_b]\nkind='web'", "channels.a_b: a channel's name"),
        ("[channel.a]\nkind='web'", r"\[channel\] is unknown"),
        ("channels = 1", "channels holds sections"),
        ("[channels]\na = 1", "channels.a: must be a section"),
        ("[channels.a]", "channels.a.kind: is missing"),
        ("[channels.a]\nkind='telegraph'", "channels.a.kind: 'telegraph' is none of africastalking, "),
        ("[channels.a]\nkind='base'", "channels.a.kind: 'base' is none of"),
        ("[channels.a]\nkind='../x'", "channels.a.kind: '../x' is none of"),
        ("[channels.a]\nkind='web'\ncolour='red'", "channels.a.colour: is not a setting"),
        ("[channels.a]\nkind='web'\nper_session='many'", "channels.a.per_session: must be a whole number"),
        ("[channels.a]\nkind='web'\nper_session=true", "channels.a.per_session: must be a whole number"),
        ("[channels.a]\nkind='web'\nper_session=0", "channels.a.per_session: must be above 0"),
        (KANNEL + "addresses = ['x']", "channels.a.addresses: must be networks"),
        (KANNEL + "sender = 'Government of Laos'", "channels.a.sender: must be a number like"),
        (KANNEL + "addresses = 'x'", "channels.a.addresses: must be a list of texts"),
        ("[channels.a]\nkind='web'\nenabled='no'", "channels.a.enabled: must be true or false"),
        ("[channels.a]\nkind='web'\nfollow_up=1", "channels.a.follow_up: must be a text"),
        (TWILIO.replace("env:TOKEN", "plain"), "channels.sms-one.auth_token: is a secret"),
        (TWILIO.replace("env:TOKEN", "env:NONE"), "auth_token: the environment variable NONE is not set"),
        (TWILIO.replace('sender = "+15005550006"', ""), "channels.sms-one.sender: set it"),
        (
            TWILIO.replace('auth_token = "env:TOKEN"', ""),
            "channels.sms-one.auth_token: is missing: auth token",
        ),
        ("[channels", "channels.toml: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        read(tmp_path, text)


def test_the_example_can_be_used_as_it_stands_and_with_everything_switched_on(tmp_path: Path) -> None:
    example = (ROOT / "channels.example.toml").read_text("utf-8")
    assert read(tmp_path, example) == ["web:web"]
    settings = re.findall(r'^(?:# )?((?:\[channels|[a-z_]+ = |"webhooks).*)$', example, re.MULTILINE)
    names = re.findall(r"env:([A-Z_]+)", "\n".join(settings))
    path = tmp_path / "all.toml"
    path.write_text("\n".join(settings), "utf-8")
    assert sorted(each.kind for each in load_channels(path, plausible(names))) == kinds()
