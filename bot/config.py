"""The configuration: one frozen object read once from the environment and a `.env` file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bot.errors import ConfigurationError

PREFIX = "PATOU_"
# A file is in memory several times while it is made safe.
_MOST_MEGABYTES = 20


def _setting(default: Any, about: str, read: Callable[[str], Any] = str) -> Any:
    return field(default=default, metadata={"about": about, "read": read})


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def _megabytes(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _MOST_MEGABYTES:
        raise ValueError(f"must be 0 to {_MOST_MEGABYTES}")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def _web_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must look like https://example.gov.la")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    if text and not text.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return text


def _redis_url(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return text


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in text.split(","))
    except ValueError:
        raise ValueError("must be networks like 10.0.0.0/24, separated by commas") from None


def _yes_or_no(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return read


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Every setting, its default and what it is for; `PATOU_` + the name in capitals sets it."""

    data_dir: Path = _setting(Path("data"), "Folder of the embedded database, keys and models", Path)
    database_url: str = _setting(
        "", "sqlite:///file or postgresql://…; empty is SQLite in the data folder", _database_url
    )
    redis_url: str = _setting(
        "",
        "redis://… for locks and limits shared by several processes; empty keeps them in memory",
        _redis_url,
    )
    public_url: str = _setting(
        "http://127.0.0.1:8080",
        "Address under which providers reach this server; signatures cover it",
        _web_url,
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _setting(
        (),
        "Networks of our own reverse proxies, as 127.0.0.1/32,10.0.0.0/24: their X-Forwarded-For tells who calls",
        _networks,
    )
    pack: Path = _setting(Path("nlu_data"), "Folder of the country pack", Path)
    channels: Path = _setting(Path("channels.toml"), "File that names the channels", Path)
    secret_key: str = _setting(
        "", "Master key, 32 bytes in base64 or hex; empty uses secret.key in the data folder"
    )
    anchor_file: Path = _setting(
        Path("data-anchors.jsonl"), "Where signed heads of the audit chain go: keep it off this machine", Path
    )
    log_level: str = _setting(
        "info", "debug, info, warning or error", _one_of("debug", "info", "warning", "error")
    )
    turn_seconds: float = _setting(1.0, "A turn that takes longer is answered later, by a worker", _seconds)
    store_seconds: float = _setting(
        0.9, "How long a request waits for the database before its caller is told to come again", _seconds
    )
    grace_seconds: float = _setting(
        30.0,
        "How long after a lost answer a provider is asked what became of the message; longer than any channel's timeout",
        _seconds,
    )
    daily_parts: int = _setting(
        20_000, "Message parts sent a day, all channels that pay by part together", _positive
    )
    media_photo_mb: int = _setting(
        10, "Largest photo that is fetched from a provider, in megabytes; 0 takes none", _megabytes
    )
    media_voice_mb: int = _setting(5, "Largest voice message, likewise", _megabytes)
    media_video_mb: int = _setting(16, "Largest video, likewise", _megabytes)
    media_document_mb: int = _setting(10, "Largest PDF, likewise", _megabytes)
    media_daily_files: int = _setting(60, "Files taken from one person in a day", _positive)
    interpreter: str = _setting(
        "patou", "patou, or rasa to ask a Rasa server what a message wants", _one_of("patou", "rasa")
    )
    segmenter: str = _setting(
        "syllables",
        "syllables, or icu (with the extra of that name) to learn scripts without spaces by words as well",
        _one_of("syllables", "icu"),
    )
    rasa_url: str = _setting("http://127.0.0.1:5005", "Address of that Rasa server", _web_url)
    rasa_token: str = _setting("", "What that server was started with as --auth-token")
    rasa_seconds: float = _setting(
        0.3, "How long a turn waits for that server before Patou understands the message by itself", _seconds
    )
    actions_token: str = _setting("", "Bearer token of POST /actions; empty leaves it off")
    purge_messages_days: int = _setting(180, "Days for which conversation texts are kept", _positive)
    learning: bool = _setting(
        True, "yes or no: whether messages that were not understood are kept for staff to label", _yes_or_no
    )
    purge_unclear_days: int = _setting(90, "Days for which those messages are kept", _positive)
    purge_media_hours: int = _setting(24, "Hours for which a file is kept that belongs to no case", _positive)
    purge_contacts_days: int = _setting(
        730, "Days after the last word for which a person is remembered", _positive
    )
    purge_cases_days: int = _setting(1825, "Days after closing for which a case is kept", _positive)

    @property
    def pack_root(self) -> Path:
        """The pack's folder: below the working directory, or else beside the program."""
        return self.pack if self.pack.exists() else Path(__file__).parent.parent / self.pack

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'patou.db'}"


def environment(env_file: Path = Path(".env")) -> dict[str, str]:
    """The variables of the process, and those of a `.env` file that it does not set itself."""
    written = dotenv_values(env_file) if env_file.is_file() else {}
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def load_config(values: Mapping[str, str] | None = None) -> Config:
    """Read and check the settings; raises ConfigurationError naming every variable that is wrong."""
    if values is None:
        values = environment()
    known = {PREFIX + each.name.upper(): each for each in fields(Config)}
    problems = [
        f"{name} is not a setting of Patou"
        for name in values
        if name.startswith(PREFIX) and name not in known
    ]
    settings: dict[str, Any] = {}
    for name, each in known.items():
        text = values.get(name)
        if text is None or text == "":
            continue
        try:
            settings[each.name] = each.metadata["read"](text.strip())
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ConfigurationError("; ".join(problems))
    return Config(**settings)


def settings_table() -> str:
    """The settings as a Markdown table, for docs/configuration.md."""
    rows = ["| variable | default | what it is for |", "|---|---|---|"]
    rows += [
        f"| `{PREFIX}{each.name.upper()}` | {_shown(each)} | {each.metadata['about']} |"
        for each in fields(Config)
    ]
    return "\n".join(rows)


def _shown(each: Field[Any]) -> str:
    if isinstance(each.default, bool):
        return "`yes`" if each.default else "`no`"
    return f"`{each.default}`" if each.default not in ("", ()) else ""
