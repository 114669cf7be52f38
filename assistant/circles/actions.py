"""Gathers the closed list of actions that flows may `do`: importing this makes it whole."""

from assistant.circles import (
    asking,
    blocking,
    check_ins,
    circle_hour,
    goals,
    hosting,
    joining,
    kind_lines,
    leaving,
    meeting,
    presence,
    profile,
    reading,
    relay,
    sharing,
    weeks,
    which_circle,
)
from assistant.circles.scene import ACTIONS, Action

__all__ = [
    "ACTIONS",
    "Action",
    "asking",
    "blocking",
    "check_ins",
    "circle_hour",
    "goals",
    "hosting",
    "joining",
    "kind_lines",
    "leaving",
    "meeting",
    "presence",
    "profile",
    "reading",
    "relay",
    "sharing",
    "weeks",
    "which_circle",
]
