"""Gathers the closed list of actions that flows may `do`: importing this makes it whole."""

from assistant.circles import (
    blocking,
    check_ins,
    circle_hour,
    goals,
    hosting,
    joining,
    kind_lines,
    leaving,
    meeting,
    profile,
    relay,
    sharing,
    which_circle,
)
from assistant.circles.scene import ACTIONS, Action

__all__ = [
    "ACTIONS",
    "Action",
    "blocking",
    "check_ins",
    "circle_hour",
    "goals",
    "hosting",
    "joining",
    "kind_lines",
    "leaving",
    "meeting",
    "profile",
    "relay",
    "sharing",
    "which_circle",
]
