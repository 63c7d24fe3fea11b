"""`patou nlu`: train and judge the understanding."""

from __future__ import annotations

import click

from cli.kit import Kit


def command(kit: Kit) -> click.Group:
    """The group."""
    del kit

    @click.group()
    def nlu() -> None:
        """Train and judge the understanding."""

    return nlu
