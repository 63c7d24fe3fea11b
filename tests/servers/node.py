"""Node and the npm packages that tests use, at the versions of their lock files."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "node"
NODE = Path(sys.prefix) / "bin" / "node"
_MAKE = "`make test` installs it, and so does `.venv/bin/npm ci --prefix tests/node`"


def npm_package(name: str) -> Path:
    """The folder of a package that tests/node/package.json names; says what to do where it is missing."""
    folder = FOLDER / "node_modules" / name
    assert folder.is_dir(), f"The tests need the npm package {name}: {_MAKE}"
    return folder


def node() -> Path:
    """The program; says what to do where it is missing."""
    assert NODE.is_file(), f"The tests need {NODE}: it comes with requirements-dev.lock by `make test`"
    return NODE
