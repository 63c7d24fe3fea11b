"""The ballast: room that is kept back, so that on a full disk the server can still write what it must."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class Ballast:
    """A file of `size` bytes in the data directory."""

    def __init__(self, data_dir: Path, size: int) -> None:
        self._path = data_dir / "ballast"
        self._size = size

    def take(self) -> bool:
        """Reserve the room where as much again stays free; False where the disk is too full for that."""
        if self.is_held():
            return True
        if self._free() < 2 * self._size:
            return False
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError:
            self.release()
            return False
        finally:
            os.close(descriptor)
        return True

    def release(self) -> None:
        """Give the room back to whoever writes next."""
        self._path.unlink(missing_ok=True)

    def is_held(self) -> bool:
        """Whether the whole room is reserved."""
        with suppress(FileNotFoundError):
            return self._path.stat().st_size >= self._size
        return False

    def _free(self) -> int:
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize
