"""The tables beside these tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.yaml_read import read_yaml


def table(name: str) -> Any:
    """The content of `name`.yml."""
    return read_yaml(Path(__file__).parent / f"{name}.yml")
