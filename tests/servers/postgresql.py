"""A real PostgreSQL with throw-away data on a free loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers.memory import throw_away_folder
from tests.servers.ports import free_port

_BINARIES = Path("/usr/lib/postgresql")


class PostgresqlServer:
    """Started by `start`; stopped and started again by tests of faults; removed by `remove`."""

    def __init__(self) -> None:
        self.port = free_port()
        self._root = Path(tempfile.mkdtemp(prefix="patou-postgresql-", dir=throw_away_folder()))
        self._data = self._root / "data"
        if os.geteuid() == 0:
            shutil.chown(self._root, "postgres", "postgres")
        self._run(
            *("initdb", "--pgdata", str(self._data), "--username", "patou", "--auth", "trust", "--no-sync"),
            *("--encoding", "UTF8", "--locale", "C"),
        )

    def start(self) -> None:
        """Start and wait until it answers. Durability is off: a test asks what it does, not what it survives."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._root}"
        speed = "-c fsync=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=32MB"
        self._run(
            "pg_ctl",
            "start",
            "-w",
            "-D",
            str(self._data),
            "-l",
            str(self._root / "log"),
            "-o",
            f"{options} {speed}",
        )

    def stop(self) -> None:
        """Stop at once, cutting every connection."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._data))

    def signal(self, number: int) -> None:
        """Send every process of the server a signal: SIGSTOP makes it hang, SIGCONT go on."""
        postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            os.kill(process, number)

    def remove(self) -> None:
        """Stop where it runs, and delete the data."""
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._root)

    def url(self, database: str) -> str:
        """The address of one database on this server."""
        return f"postgresql://patou@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement outside any test's database."""
        self._run(
            "psql",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "patou",
            "-d",
            "postgres",
            "-c",
            statement,
        )

    def _run(self, command: str, *arguments: str) -> None:
        newest = max(_BINARIES.iterdir(), key=lambda version: int(version.name))
        account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        subprocess.run(  # noqa: S603 (a fixed program)
            [newest / "bin" / command, *arguments],
            check=True,
            cwd=self._root,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
