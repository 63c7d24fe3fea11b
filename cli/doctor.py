"""`patou doctor` and `patou channels`: whether each channel works, and where its provider brings messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import click
import orjson

from bot.traffic import Traffic
from cli.kit import Kit, Seen

_MARKS = {True: "ok", False: "FAULT", None: ""}


def commands(kit: Kit) -> Sequence[click.Command]:
    """The commands."""
    return [_doctor(kit), _channels(kit)]


def _doctor(kit: Kit) -> click.Command:
    @click.command()
    @click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
    def doctor(as_json: bool) -> None:
        """Check every channel: its account, its webhook, a signed call to ourselves, what came and went.

        Ends with 1 when something is at fault. Run it beside the server, with the same settings.
        """
        seen = asyncio.run(_look(kit))
        for each in seen:
            click.echo(orjson.dumps(_record(each)) if as_json else _page(each))
        if any(finding.fine is False for each in seen for finding in each.findings):
            raise SystemExit(1)

    return doctor


def _channels(kit: Kit) -> click.Command:
    @click.group()
    def channels() -> None:
        """Look after the providers of the channels."""

    @channels.command("register")
    @click.argument("name")
    def register(name: str) -> None:
        """Have the provider of the channel NAME bring its messages to this server."""

        async def run() -> None:
            async with kit.channels(kit.config()) as looked_after:
                await looked_after.register(name)

        asyncio.run(run())
        click.echo(f"Messages of {name} are brought here.")

    return channels


async def _look(kit: Kit) -> Sequence[Seen]:
    async with kit.channels(kit.config()) as looked_after:
        return [await looked_after.look(name) for name in looked_after.names]


def _record(seen: Seen) -> dict[str, object]:
    findings = [{"what": each.what, "fine": each.fine, "note": each.note} for each in seen.findings]
    return {"channel": seen.name, "kind": seen.kind, "findings": findings, **_traffic(seen.traffic)}


def _traffic(traffic: Traffic) -> dict[str, object]:
    return {
        "last_in": traffic.last_in,
        "last_out": traffic.last_out,
        "waiting": traffic.waiting,
        "waiting_since": traffic.waiting_since,
        "held_up_by": traffic.trouble,
        "failed_within_a_day": traffic.failed,
        "files_waiting": traffic.files_waiting,
        "files_waiting_since": traffic.files_since,
        "files_not_kept_within_a_day": traffic.files_refused,
    }


def _page(seen: Seen) -> str:
    traffic = seen.traffic
    rows = [
        *((_MARKS[each.fine], each.what, each.note) for each in seen.findings),
        ("", "last in", _when(traffic.last_in)),
        ("", "last out", _when(traffic.last_out)),
        ("", "waiting", _waiting(traffic.waiting, "messages", traffic.waiting_since)),
        *([("", "held up by", traffic.trouble)] if traffic.trouble else ()),
        ("", "failed within a day", f"{traffic.failed} messages"),
        ("", "not fetched yet", _waiting(traffic.files_waiting, "files", traffic.files_since)),
        ("", "not kept within a day", f"{traffic.files_refused} files"),
    ]
    lines = [f"{mark:7}{what:22}{note}".rstrip() for mark, what, note in rows]
    return "\n".join([f"{seen.name} ({seen.kind})", *lines, ""])


def _waiting(number: int, what: str, since: datetime | None) -> str:
    return f"{number} {what}" + (f", the oldest since {_when(since)}" if since else "")


def _when(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"
