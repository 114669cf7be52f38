"""Of the benchmark's world: goals, kind lines and alerts."""

from __future__ import annotations

from sqlalchemy import literal

from assistant.store.columns import UtcDateTime
from assistant.store.database import Database
from assistant.store.tables import Alert, AlertStep, Goal, GoalStep, Note
from tests.bench.delivery import NOON, put_in
from tests.bench.made_rows import CIRCLES, MEMBERS, MONDAY, circle_of, i, some


def words(database: Database) -> None:
    """Goals and their steps, kind lines and thanks."""
    at = literal(MONDAY, UtcDateTime)
    put_in(
        database,
        Goal,
        MEMBERS * 8 // 10,
        id=i,
        member_id=i,
        words="g",
        plan=some(i, ["p", None]),
        state=some(i, ["open", "reached", "open"]),
        set_at=at,
    )
    put_in(
        database,
        GoalStep,
        MEMBERS // 2,
        id=i,
        goal_id=i,
        words="s",
        outcome=some(i, ["did", None]),
        set_at=at,
    )
    put_in(
        database,
        Note,
        MEMBERS // 2,
        id=i,
        circle_id=circle_of(i),
        from_member_id=i,
        to_member_id=i + 1,
        kind=some(i, ["kind", "thanks", "buddy"]),
        words="k",
        at=at,
    )


def alarms(database: Database) -> None:
    """One alert in ten circles is open."""
    at = literal(MONDAY, UtcDateTime)
    put_in(
        database,
        Alert,
        CIRCLES,
        id=i,
        kind=some(i, ["danger", "not_ok", "report"]),
        circle_id=i,
        person_id=i,
        opened_at=at,
        closed_at=some(i, [None, *[NOON] * 9]),
    )
    put_in(database, AlertStep, CIRCLES, id=i, alert_id=i, at=at, what="shown", person_id=i)
