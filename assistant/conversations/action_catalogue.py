"""Makes the closed list of actions whole: every module of the rooms that offer some is imported."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import assistant.circles
import assistant.safety
from assistant.circles.actions.registry import ACTIONS, Action

ROOMS = (assistant.circles, assistant.safety)
"""Where actions are written; each registers itself, so that a new one touches its own file alone."""


@cache
def all_actions() -> Mapping[str, Action]:
    """Return every action that a flow may `do`, by name."""
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)
    return ACTIONS
