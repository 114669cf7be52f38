"""The figures of a report in the order they are shown, what each is called, and how each is written.

The command line shows them in tables, the organizer's page beside plots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from assistant.circles.reports.published import Figure

HIDDEN: Final = "*"
NOTHING: Final = "-"
"""There was nothing to count."""


def count_of(value: float) -> str:
    """A number of people or things."""
    return f"{value:,.0f}"


def percent_of(value: float) -> str:
    """A share."""
    return f"{value:.0%}"


def decimal_of(value: float) -> str:
    """Anything between."""
    return f"{value:.1f}"


Line = tuple[str, str, Callable[[float], str]]
"""A figure, what it is called, and how it is written."""

PEOPLE: Final[Sequence[Line]] = (
    ("members", "Members now", count_of),
    ("answering", "  taking part", count_of),
    ("quiet", "  quiet for two weeks or more", count_of),
    ("paused", "  on a pause of their own", count_of),
    ("reading", "  reading along", count_of),
    ("unreachable", "  phone cannot be reached", count_of),
    ("joining", "  still joining", count_of),
    ("left", "Left the circle", count_of),
    ("stopped", "Left by stopping every text", count_of),
)
WEEKLY: Final[Sequence[Line]] = (
    ("asked", "Times the week's question was asked", count_of),
    ("response", "Answered within 3 days", percent_of),
    ("hours_median", "Hours to the answer: half are faster", decimal_of),
    ("hours_quartile_1", "  a quarter are faster than", decimal_of),
    ("hours_quartile_3", "  three quarters are faster than", decimal_of),
    ("pairs", "Buddies who all say they connected", percent_of),
    ("tied", "Tied to another than the buddy", percent_of),
)
LASTING: Final[Sequence[Line]] = (
    ("rhythm", "Of the last 4 weeks, answered", percent_of),
    ("comebacks", "Of those quiet 2 weeks, came back", percent_of),
    ("belonging", "Of those asked, feel they belong", percent_of),
)
GOALS: Final[Sequence[Line]] = (
    ("goal_set", "Set a goal", percent_of),
    ("goal_planned", "  made an if-then plan for it", percent_of),
    ("goal_step", "  chose a next step", percent_of),
    ("goal_done", "  did a step", percent_of),
    ("goal_reached", "Reached the goal", percent_of),
)
WORDS: Final[Sequence[Line]] = (
    ("shares", "Times someone shared with the circle", count_of),
    ("asks", "Times someone asked the circle", count_of),
    ("kind", "Kind lines passed on", count_of),
    ("thanks", "Thanks passed on", count_of),
)
TIES: Final[Sequence[Line]] = (
    ("asks_posted", "Asks put to the circle", count_of),
    ("asks_answered", "  of these, someone said yes", percent_of),
    ("asks_helped", "  of those, it helped by their word", percent_of),
    ("hours_to_yes", "Hours to the first yes: half are faster", decimal_of),
    ("offers_posted", "Offers", count_of),
    ("offers_taken", "  of these, someone took it up", percent_of),
    ("nows_posted", "Calls for someone now", count_of),
    ("nows_answered", "  of these, someone was there", percent_of),
    ("minutes_to_now", "  Minutes until then: half are faster", count_of),
    ("helped_pairs", "Who helped whom: different pairs", count_of),
    ("tied", "Tied to another than the buddy", percent_of),
    ("isolates", "  tied to nobody yet", count_of),
    ("density", "Of all possible pairs, tied", percent_of),
    ("reciprocity", "Of all ties, returned", percent_of),
    ("role_brings", "Rounds in which someone taught", count_of),
    ("role_listens", "  listened", count_of),
    ("role_asks", "  asked", count_of),
    ("every_role", "Of those, have been all three", percent_of),
)
SAFETY: Final[Sequence[Line]] = (
    ("danger", "Alerts after words of danger", count_of),
    ("not_ok", 'Alerts after "not OK"', count_of),
    ("minutes_median", "Minutes until a person looked: half", count_of),
)
COST: Final[Sequence[Line]] = (("segments_per_member_week", "Text segments a member a week", decimal_of),)


def cell_of(figure: Figure | None, write: Callable[[float], str]) -> str:
    """Write a figure, or the sign that it is hidden, or that there is nothing to count."""
    if figure is not None and figure.hidden:
        return HIDDEN if figure.at_least is None else f"{figure.at_least:.0%}+"
    return NOTHING if figure is None or figure.value is None else write(figure.value)
