"""Where tests keep what they throw away: in memory where there is room, as no test asks what outlives a machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 (what lies there is made by `tempfile`)
_ROOM = 2 * 1024**3  # bytes; containers often have 64 MB there


def throw_away_folder() -> str:
    """The folder of temporary files; TMPDIR names another one."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return str(_MEMORY)
    return tempfile.gettempdir()
