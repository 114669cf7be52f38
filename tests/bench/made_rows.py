"""How the rows of a benchmark's world are numbered and varied, by arithmetic that both databases do alike."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, case, column, literal, null

from assistant.store.columns import Json, UtcDateTime
from tests.bench.delivery import NOON

CIRCLES, MEMBERS, WEEKS = 900, 10_000, 8
PAIRS_A_ROUND: Final = 5 * CIRCLES
MONDAY: Final = NOON - dt.timedelta(weeks=WEEKS, hours=1)
"""When the season began; it is over by noon, and not yet closed."""

i = column("i", Integer)
NOTHING = literal({}, Json)


def circle_of(number: ColumnElement[int]) -> ColumnElement[int]:
    return number % literal(CIRCLES, Integer) + 1


def some(number: ColumnElement[int], values: list[Any]) -> ColumnElement[Any]:
    """One of the values for each number, always the same one."""
    written = [
        null()
        if each is None
        else literal(each, UtcDateTime)
        if isinstance(each, dt.datetime)
        else literal(each)
        for each in values
    ]
    # Circles have every 900th number; within one, too, members differ.
    mixed = (number + number // literal(CIRCLES, Integer) * literal(7, Integer)) % literal(
        len(values), Integer
    )
    return case(*((mixed == at, each) for at, each in enumerate(written)))


def days(count: int) -> dt.datetime:
    return NOON + dt.timedelta(days=count)


def hours(asked: dt.datetime, count: int) -> dt.datetime:
    return asked + dt.timedelta(hours=count)
