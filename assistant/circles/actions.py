"""Gathers the closed list of actions that flows may `do`: importing this makes it whole."""

from assistant.circles import hosting, joining, leaving, profile
from assistant.circles.scene import ACTIONS, Action

__all__ = ["ACTIONS", "Action", "hosting", "joining", "leaving", "profile"]
