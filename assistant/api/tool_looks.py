"""What the API lets see: circles, figures, invitations; small counts hidden, never words or whose."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.api.api_models import (
    CircleSeen,
    CirclesSeen,
    CohortSeen,
    Count,
    FigureSeen,
    InvitationsSeen,
    ReportSeen,
)
from assistant.api.asking import Asked
from assistant.circles.people.audit import record
from assistant.circles.reports.published import Report
from assistant.circles.reports.report import report_on
from assistant.circles.reports.status_counts import PROGRESS, count_circles
from assistant.circles.reports.suppression import Cell, hide
from assistant.store.tables import Alert, Circle, Cohort, Role
from assistant.store.tables.operation_tables import URGENT

ALL = ""
"""Key of the sum among parts."""


def see_cohort(asked: Asked) -> CohortSeen:
    """The cohort, as COHORT tells it by text."""
    caller = asked.caller
    with asked.runtime.database.read() as session:
        cohort = session.get_one(Cohort, caller.cohort_id)
        mine = select(Circle.id).where(Circle.cohort_id == cohort.id)
        circles = session.scalar(select(func.count()).where(Circle.cohort_id == cohort.id)) or 0
        alerts = session.scalar(
            select(func.count()).where(
                Alert.circle_id.in_(mine), Alert.kind.in_(URGENT), Alert.closed_at.is_(None)
            )
        )
        return CohortSeen(
            id=cohort.id,
            name=cohort.name,
            circles=circles,
            open_alerts=alerts or 0,
            rights="act" if caller.may_act else "read",
        )


def list_circles(asked: Asked) -> CirclesSeen:
    """One page of the cohort's circles."""
    limit = asked.query.limit
    after = int(asked.query.cursor) if asked.query.cursor else 0
    with asked.runtime.database.read() as session:
        rows = session.scalars(
            select(Circle)
            .where(Circle.cohort_id == asked.caller.cohort_id, Circle.id > after)
            .order_by(Circle.id)
            .limit(limit + 1)
        ).all()
        shown = rows[:limit]
        seen = _seen(asked, session, shown)
    more = len(rows) > limit
    return CirclesSeen(circles=seen, next_cursor=str(shown[-1].id) if more else None)


def see_circle(asked: Asked) -> CircleSeen:
    """One circle of the cohort."""
    with asked.runtime.database.read() as session:
        circle = asked.circle(session, asked.path["code"])
        return _seen(asked, session, [circle])[0]


def cohort_report(asked: Asked) -> ReportSeen:
    """The cohort's report, which goes on record as at the command line."""
    with asked.runtime.database.read() as session:
        made = report_on(session, session.get_one(Cohort, asked.caller.cohort_id), asked.now)
    with asked.runtime.database.write() as session:
        caller = asked.caller
        record(session, "report", asked.now, cohort_id=caller.cohort_id, token=caller.token_id)
    return _as_report(made)


def circle_report(asked: Asked) -> ReportSeen:
    """The report of one circle: a part of the cohort's."""
    with asked.runtime.database.read() as session:
        circle = asked.circle(session, asked.path["code"])
        made = report_on(session, circle, asked.now)
    with asked.runtime.database.write() as session:
        record(session, "report", asked.now, circle_id=circle.id, token=asked.caller.token_id)
    return _as_report(made)


def see_invitations(asked: Asked) -> InvitationsSeen:
    """How far the cohort's invitations have come."""
    with asked.runtime.database.read() as session:
        cohort = session.get_one(Cohort, asked.caller.cohort_id)
        circles = count_circles(session, asked.now, cohort=cohort)
    counts: Counter[str] = sum((Counter(each.progress) for each in circles), Counter())
    hidden = hidden_counts({name: counts[name] for name in PROGRESS})
    return InvitationsSeen(people=hidden.pop(ALL), by_progress=hidden)


def hidden_counts(counts: Mapping[str, int]) -> dict[str, Count]:
    """Return counts of people, of whom each stands in one, and under `ALL` their sum: small ones hidden."""
    cells: dict[str, Cell] = {}
    first = 0
    for name, count in counts.items():
        # Who they are does not matter, only that they are others than those before.
        cells[name] = Cell(count, (_people(first, count),))
        first += count
    cells[ALL] = Cell(first, (_people(0, first),))
    hidden = hide(cells, [(ALL, list(counts))])
    return {
        name: Count(value=None if name in hidden else int(cell.value or 0), hidden=name in hidden)
        for name, cell in cells.items()
    }


def _people(first: int, count: int) -> frozenset[int]:
    """Return so many ids that stand for people."""
    return frozenset(range(first, first + count))


def _seen(asked: Asked, session: Session, circles: Collection[Circle]) -> list[CircleSeen]:
    """Return circles with how many are in them, as reports tell it."""
    # A circle's report is a part of its cohort's, and less to read where that is kept.
    whose = next(iter(circles)) if len(circles) == 1 else session.get_one(Cohort, asked.caller.cohort_id)
    made = report_on(session, whose, asked.now)
    ids = [circle.id for circle in circles]
    roles = session.execute(
        select(Role.circle_id, Role.kind).where(
            Role.circle_id.in_(ids), Role.accepted_at.is_not(None), Role.ended_at.is_(None)
        )
    )
    held = {(circle_id, kind) for circle_id, kind in roles}
    url = asked.runtime.settings.public_url
    return [
        CircleSeen(
            code=circle.code,
            name=circle.name,
            language=circle.language,
            timezone=circle.zone,
            state=circle.state,  # type: ignore[arg-type]
            size=circle.size,
            members=_members(made, circle.code),
            has_host=(circle.id, "host") in held,
            has_backup=(circle.id, "backup") in held,
            program=circle.program,
            starts_on=circle.starts_on,
            ends_on=circle.ends_on,
            join_text=f"JOIN {circle.code}",
            join_page=f"{url}/join/{circle.code}",
            as_of=_utc(made.as_of),
        )
        for circle in circles
    ]


def _members(made: Report, code: str) -> Count:
    """Return how many are in a circle; one made since the figures were counted has none to tell yet."""
    figure = made.get("members", code)
    value = None if figure is None or figure.value is None else int(figure.value)
    return Count(value=value, hidden=value is None)


def _as_report(made: Report) -> ReportSeen:
    return ReportSeen(
        report=made.name,
        scope=made.scope,
        circles=list(made.circles),
        weeks=made.weeks,
        first_day=made.first_day,
        last_day=made.last_day,
        as_of=_utc(made.as_of),
        figures=[FigureSeen(**each._asdict()) for each in made.figures],
    )


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)
