"""Where in time somebody wants to go, in the words that come to mind."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from assistant.schedule.destinations import destination

CHICAGO = ZoneInfo("America/Chicago")
NOW = dt.datetime(2027, 3, 10, 12, 30, tzinfo=CHICAGO).astimezone(dt.UTC)
"""A Wednesday, four days before the clocks change."""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("3 days", dt.datetime(2027, 3, 13, 12, 30)),
        ("1 hour", dt.datetime(2027, 3, 10, 13, 30)),
        ("1 week", dt.datetime(2027, 3, 17, 12, 30)),
        ("to monday 9:00", dt.datetime(2027, 3, 15, 9)),
        ("To Monday morning", dt.datetime(2027, 3, 15, 9)),
        ("monday", dt.datetime(2027, 3, 15, 9)),
        ("to wednesday 18:00", dt.datetime(2027, 3, 10, 18)),
        ("to next wednesday at 18:00", dt.datetime(2027, 3, 17, 18)),
        ("next day, 9:00", dt.datetime(2027, 3, 11, 9)),
        ("to next day", dt.datetime(2027, 3, 11, 9)),
        ("2027-04-01", dt.datetime(2027, 4, 1, 9)),
        ("to 2027-04-01 17:05", dt.datetime(2027, 4, 1, 17, 5)),
    ],
)
def test_a_destination_is_read_as_it_is_meant(said: str, expected: dt.datetime) -> None:
    assert destination(said, NOW, CHICAGO) == expected.replace(tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("soon", 'write "3 days", "1 hour" or "to monday 9:00"'),
        ("to monday 25:00", "is no time to go to"),
        ("2027-02-30", "is no time to go to"),
        ("9999 weeks", "too far: 400 days at most"),
        ("2027-03-01", "is past; time only goes forward"),
        ("0 days", "is no time to go to"),
    ],
)
def test_anywhere_else_is_answered_with_how_to_say_it(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        destination(said, NOW, CHICAGO)
