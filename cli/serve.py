"""`patou serve`: web, webhooks, delivery and the worker in one process."""

from __future__ import annotations

import asyncio
import gc
import signal

import click
import structlog
import uvloop

from bot.config import Config
from cli.kit import Kit

log = structlog.get_logger()


def commands(kit: Kit) -> list[click.Command]:
    """The command."""

    @click.command()
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
    def serve(host: str, port: int) -> None:
        """Serve until SIGINT or SIGTERM; what is under way is finished first."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(kit, kit.config(), host, port))

    return [serve]


async def _serve(kit: Kit, config: Config, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with kit.server(config) as server, server.listen(host, port) as address:
        _settle()
        _greet(config, address)
        await stop.wait()
        log.info("serve.stopping")


def _settle() -> None:
    """What was loaded at the start stays; looking at it again and again cost a third of every turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _greet(config: Config, address: str) -> None:
    """Tell whoever started the server where to look."""
    click.echo(f"""
  Patou serves on {address}

  Web chat       {address}/chat
  Terminal chat  patou chat
  Webhooks       {config.public_url}/channels/<name>/messages   (channels: {config.channels})
  Health         {address}/health/ready
  Cases          patou export cases --jsonl
""")
