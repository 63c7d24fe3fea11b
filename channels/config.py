"""Which channels there are: channels.toml, read once and checked field by field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, get_type_hints

from bot.errors import ConfigurationError
from channels.base import Channel, Wiring

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,30}")
_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_COMMON = frozenset({"kind", "enabled", "follow_up", "public_address"})
_DEFAULT = "web"
_SHAPES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts",
    "Mapping[str, str]": "a table of texts",
}

S = TypeVar("S")


def setting(about: str, default: Any = MISSING, *, factory: Any = MISSING, secret: bool = False) -> Any:
    """A field of a channel's settings; a `secret` is only taken from the environment, as `env:NAME`."""
    metadata = {"about": about, "secret": secret}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata)
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelConfig:
    """One `[channels.<name>]` section, its references to the environment resolved and its fields checked.

    `follow_up` is the name of the channel by which goes what this one cannot deliver; empty where none does.
    `public_address` is what people write to: a number, a bot's or page's name; empty where it is not told.
    """

    name: str
    kind: str
    settings: Any
    follow_up: str = ""
    public_address: str = ""


def load_channels(path: Path, environ: Mapping[str, str]) -> list[ChannelConfig]:
    """Read channels.toml; a missing file configures the web chat alone.

    The web chat is there unless `[channels.web]` says `enabled = false`. Raises ConfigurationError
    that names the section and field: unknown, missing, of the wrong type, a secret written out, or
    a reference to a variable that is not set. A channel's module is imported only when it is named.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{path.name}: {error}") from error
    for name in document.keys() - {"channels"}:
        raise ConfigurationError(f"{path.name}: [{name}] is unknown; sections are [channels.<name>]")
    sections = document.get("channels", {})
    if not isinstance(sections, dict):
        raise ConfigurationError(f"{path.name}: channels holds sections [channels.<name>]")
    sections.setdefault(_DEFAULT, {"kind": _DEFAULT})
    configured = [_read(f"channels.{name}", name, section, environ) for name, section in sections.items()]
    return [each for each in configured if each is not None]


def build_channels(configs: Sequence[ChannelConfig], wiring: Wiring) -> dict[str, Channel]:
    """The channels by name, in the order of the file."""
    return {each.name: _module(each.name, each.kind).build(each, wiring) for each in configs}


def kinds() -> list[str]:
    """Every kind there is: the modules of this package that have a `build`."""
    here = Path(__file__).parent
    return sorted(each.stem for each in here.glob("*.py") if "\ndef build(" in each.read_text("utf-8"))


def _read(where: str, name: str, section: Any, environ: Mapping[str, str]) -> ChannelConfig | None:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{where}: a channel's name has 1 to 40 of a-z, 0-9 and -")
    if not isinstance(section, dict):
        raise ConfigurationError(f"{where}: must be a section")
    kind = section.get("kind", _DEFAULT if name == _DEFAULT else None)
    if not isinstance(kind, str):
        raise ConfigurationError(f"{where}.kind: is missing; one of {', '.join(kinds())}")
    enabled = section.get("enabled", True)
    if not isinstance(enabled, bool):
        raise ConfigurationError(f"{where}.enabled: must be true or false")
    if not enabled:
        return None
    named = {each: section.get(each, "") for each in ("follow_up", "public_address")}
    for field_name, value in named.items():
        if not isinstance(value, str):
            raise ConfigurationError(f"{where}.{field_name}: must be a text")
    module = _module(name, kind)
    own = {key: value for key, value in section.items() if key not in _COMMON}
    settings = _settings(where, module.Settings, own, environ)
    return ChannelConfig(name=name, kind=kind, settings=settings, **named)


def _module(name: str, kind: str) -> ModuleType:
    known = _KIND.fullmatch(kind) and find_spec(f"channels.{kind}")
    module = import_module(f"channels.{kind}") if known else None
    if module is None or not hasattr(module, "build"):
        raise ConfigurationError(f"channels.{name}.kind: {kind!r} is none of {', '.join(kinds())}")
    return module


def _settings(where: str, kind: type[S], values: Mapping[str, Any], environ: Mapping[str, str]) -> S:
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]  # every Settings is a dataclass
    for name in values.keys() - known.keys():
        raise ConfigurationError(f"{where}.{name}: is not a setting; there are {', '.join(known)}")
    types = get_type_hints(kind)
    given = {}
    for name, each in known.items():
        if name in values:
            given[name] = _value(f"{where}.{name}", each, types[name], values[name], environ)
        elif each.default is MISSING and each.default_factory is MISSING:
            raise ConfigurationError(f"{where}.{name}: is missing: {each.metadata['about']}")
    try:
        return kind(**given)
    except ValueError as error:
        raise ConfigurationError(f"{where}.{error}") from None


def _value(where: str, each: Field[Any], kind: Any, value: Any, environ: Mapping[str, str]) -> Any:
    secret = each.metadata["secret"]
    if kind == tuple[str, ...] and isinstance(value, list):
        return tuple(_text(where, item, environ, secret=secret) for item in value)
    if kind == Mapping[str, str] and isinstance(value, dict):
        return {key: _text(f"{where}.{key}", item, environ, secret=secret) for key, item in value.items()}
    if kind is str:
        return _text(where, value, environ, secret=secret)
    fits = isinstance(value, (int, float) if kind is float else kind) if isinstance(kind, type) else False
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ConfigurationError(f"{where}: must be {_shape(kind)}")
    return value


def _text(where: str, value: Any, environ: Mapping[str, str], *, secret: bool) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{where}: must be a text")
    reference = _REFERENCE.fullmatch(value)
    if reference is None:
        if secret and value:
            raise ConfigurationError(f"{where}: is a secret: write env:NAME and set NAME in the environment")
        return value
    if not environ.get(reference[1]):
        raise ConfigurationError(f"{where}: the environment variable {reference[1]} is not set")
    return environ[reference[1]]


def _shape(kind: Any) -> str:
    name = kind.__name__ if isinstance(kind, type) and kind.__module__ == "builtins" else str(kind)
    return _SHAPES.get(name.replace("collections.abc.", ""), "of another type")
