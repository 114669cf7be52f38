"""When members are glad to be there: windows in both languages, and nothing that was not said."""

from __future__ import annotations

import datetime as dt

from assistant.language.exchange.hand_windows import is_on_hand, read_windows
from tests.case_tables import each_case

MONDAY = dt.datetime(2026, 6, 1)


@each_case(
    ("text", "windows"),
    [
        ("evenings", ("evenings",)),
        ("Mornings and weekends", ("mornings", "weekends")),
        ("por las noches", ("evenings",)),
        ("mañanas y fines de semana", ("mornings", "weekends")),
        ("siempre", ("anytime",)),
        ("OFF", ("off",)),
        ("ya no", ("off",)),
        ("evenings until 10", None),
        ("not evenings", None),
        ("no mornings", None),
        ("", None),
    ],
)
def test_only_what_is_said_whole_counts(text: str, windows: tuple[str, ...] | None) -> None:
    assert read_windows(text) == windows


@each_case(
    ("said", "days", "hour", "there"),
    [
        ("evenings", 0, 20, True),
        ("evenings", 0, 21, False),
        ("evenings", 0, 12, False),
        ("mornings weekends", 5, 19, True),
        ("mornings weekends", 4, 19, False),
        ("off", 0, 12, False),
        (None, 0, 12, False),
    ],
)
def test_a_window_opens_and_closes_by_their_own_clock(
    said: str | None, days: int, hour: int, there: bool
) -> None:
    assert is_on_hand(said, MONDAY + dt.timedelta(days=days, hours=hour)) is there
