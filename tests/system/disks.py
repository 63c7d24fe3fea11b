"""A disk that can be filled: a small one of its own as root, else a limit on what the process may write."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.system.server import PatouServer

_BYTES = 24 * 1024 * 1024


class Disk:
    """The disk under `folder`; `full` fills it for as long as the context lasts."""

    def __init__(self, folder: Path, *, own: bool) -> None:
        self._filler = folder / "filler"
        self._own = own

    @contextmanager
    def full(self, server: PatouServer) -> Iterator[None]:
        """Nothing more can be written."""
        if self._own:
            _fill(self._filler)
            yield
            self._filler.unlink()
            return
        # The limit is on the size of a file, as good as a full disk for one that must grow.
        before = resource.prlimit(server.process, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process, resource.RLIMIT_FSIZE, (1024, before[1]))
        yield
        resource.prlimit(server.process, resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk of 24 MB at `folder` where mounting is permitted."""
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={_BYTES},mode=700", "tmpfs", str(folder)]
    own = os.geteuid() == 0 and not subprocess.run(mounting, check=False, capture_output=True).returncode  # noqa: S603 - a fixed program
    try:
        yield Disk(folder, own=own)
    finally:
        if own:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 - a fixed program


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while True:
                    filler.write(b"\0" * size)
