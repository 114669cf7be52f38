"""Asks many small questions about what is due in one statement: a service at rest asks every few seconds.

A look is a statement, made once, in which `moment()` and `day()` stand for the time that it is asked at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, Select, bindparam, or_, select
from sqlalchemy.orm import Session

Look = Select[Any]
"""Finds rows when there is something to do."""

_Asked = tuple[Select[Any], tuple[str, ...]]
"""A statement, and what stands in it for times."""

_AT_ONCE: Final = dt.timedelta()
_SECOND: Final = dt.timedelta(seconds=1)
_MOMENT, _DAY = "moment", "day"
_moved: Final[dict[str, dt.timedelta]] = {}


@dataclass(frozen=True, slots=True)
class Next:
    """When there will be something to do."""

    at: Look
    """Gives one time, later than `moment()`, or nothing."""
    later: dt.timedelta = _AT_ONCE
    """So long after that time it is due."""


def moment(moved: dt.timedelta = _AT_ONCE) -> BindParameter[Any]:
    """Return what stands in a look for the time that it is asked at, moved by so much."""
    return _standing_for(_MOMENT, moved)


def day(moved: dt.timedelta = _AT_ONCE) -> BindParameter[Any]:
    """Return what stands in a look for the date in UTC of that time, moved by so much."""
    return _standing_for(_DAY, moved)


def which(session: Session, now: dt.datetime, *works: tuple[Look, ...]) -> tuple[bool, ...]:
    """Return of each work whether any look of it would find something at `now` (aware UTC)."""
    return tuple(map(bool, _ask(session, now, _found(works))))


def any_due(session: Session, now: dt.datetime, *work: Look) -> bool:
    """Return whether any look of this work would find something at `now` (aware UTC)."""
    (found,) = which(session, now, work)
    return found


def soonest(session: Session, after: dt.datetime, *nexts: Next) -> dt.datetime | None:
    """Return when something is due next, later than `after` (both aware UTC); None: nothing is."""
    times = _ask(session, after, _times(nexts))
    return min(
        (at + each.later for at, each in zip(times, nexts, strict=True) if at is not None), default=None
    )


def _standing_for(what: str, moved: dt.timedelta) -> BindParameter[Any]:
    name = f"{what}_{'before' if moved < _AT_ONCE else 'after'}_{abs(moved) // _SECOND}"
    _moved[name] = moved
    return bindparam(name)


def _ask(session: Session, now: dt.datetime, asked: _Asked) -> Any:
    """Ask on the connection itself: the session's own ways take longer than the answer."""
    statement, names = asked
    session.flush()
    return session.connection().execute(statement, _values(names, now)).one()


def _values(names: tuple[str, ...], now: dt.datetime) -> Mapping[str, dt.datetime | dt.date]:
    moments = {name: now + _moved[name] for name in names}
    return {name: at.date() if name.startswith(_DAY) else at for name, at in moments.items()}


@cache
def _found(works: tuple[tuple[Look, ...], ...]) -> _Asked:
    found = (or_(*(look.exists() for look in work)) for work in works)
    return _with_names(select(*(each.label(f"work_{place}") for place, each in enumerate(found))))


@cache
def _times(nexts: tuple[Next, ...]) -> _Asked:
    asked = (each.at.scalar_subquery().label(f"next_{place}") for place, each in enumerate(nexts))
    return _with_names(select(*asked))


def _with_names(statement: Any) -> _Asked:
    """Return the statement and what stands in it for times."""
    return statement, tuple(name for name in statement.compile().params if name in _moved)
