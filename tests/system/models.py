"""The model of the understanding, trained once for every server that is started."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def train(models: Path) -> None:
    """Train the model of the pack into the folder `models`, unless it is there."""
    with tempfile.TemporaryDirectory(prefix="patou-") as folder:
        (Path(folder) / "models").symlink_to(models)
        subprocess.run(  # noqa: S603 - a fixed program
            [Path(sys.executable).with_name("patou"), "parse", "hello"],
            check=True,
            cwd=folder,
            env={**os.environ, "PATOU_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
        )
