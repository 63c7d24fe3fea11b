"""Settings with blanks: texts in which names between braces are filled in."""

from __future__ import annotations

from collections.abc import Collection
from string import Formatter


def check_template(where: str, template: str, filled: Collection[str]) -> None:
    """Raises ValueError that names the setting, for braces without a partner and for names that are not filled in."""
    try:
        named = {name for _, name, form, _ in Formatter().parse(template) if name is not None or form}
    except ValueError:
        raise ValueError(f"{where}: braces must be in pairs; write {{{{ for one of your own") from None
    if unknown := named - set(filled):
        raise ValueError(f"{where}: {{{min(map(str, unknown))}}} is none of {', '.join(sorted(filled))}")
