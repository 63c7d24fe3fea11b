"""A line of the benchmark's table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What was measured, the figure, the bare figure of the same run, and the ratio of the two."""

    what: str
    figure: str
    bare: str = ""
    ratio: str = ""
