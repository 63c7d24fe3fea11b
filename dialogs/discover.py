"""Finds the dialogs by their presence: every module of this folder that has `actions(ports)`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from rasa_sdk.interfaces import Action

import dialogs
from dialogs.ports import Ports


def discover(ports: Ports) -> list[Action]:
    """The actions of all dialogs, in the order of their files' names."""
    modules = (import_module(f"dialogs.{found.name}") for found in iter_modules(dialogs.__path__))
    return [action for module in modules for action in getattr(module, "actions", lambda _: ())(ports)]
