"""YAML files of our own, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# The safe loader of libyaml where it was built: it reads ten times as fast.
SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a file in UTF-8 says, by the rules of YAML 1.1; raises OSError and yaml.YAMLError."""
    return yaml.load(path.read_text("utf-8"), SAFE_LOADER)  # noqa: S506 - it is a safe one
