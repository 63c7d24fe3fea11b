"""`patou serve`: web, webhooks, delivery and the worker in one process."""

from __future__ import annotations

import asyncio

import click
import uvloop

from cli.kit import Kit


def command(kit: Kit) -> click.Command:
    """The command."""

    @click.command()
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
    def serve(host: str, port: int) -> None:
        """Serve until SIGINT or SIGTERM; what is under way is finished first."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(kit.serve(kit.config(), host, port))

    return serve
