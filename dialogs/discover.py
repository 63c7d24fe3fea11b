"""Finds the dialogs by their presence: every module of this folder that has `actions(ports)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

from rasa_sdk.interfaces import Action

import dialogs
from dialogs.ports import Ports


def discover(ports: Ports) -> list[Action]:
    """The actions of all dialogs, in the order of their files' names."""
    return [action for make in makers() for action in make(ports)]


def makers() -> Iterator[Callable[[Ports], list[Action]]]:
    """What makes the actions of each dialog, in the same order."""
    for found in iter_modules(dialogs.__path__):
        make = getattr(import_module(f"dialogs.{found.name}"), "actions", None)
        if make:
            yield make
