"""What an organizer sees of a cohort between reports: circles that lack somebody, invitations, who joined.

How many texts left says nothing of anybody; who said no, never answered, could not be reached or got stuck
does, and so such counts of fewer than five people are hidden, as in reports.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, case, func, literal, select
from sqlalchemy.orm import Session

from assistant.circles.membership.invitations import ANSWERABLE
from assistant.circles.reports.published import Figure
from assistant.circles.reports.suppression import FEWEST
from assistant.store.columns import UtcDateTime
from assistant.store.tables import Address, Alert, Circle, Cohort, Invitation, Member, Person, Role
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.operation_tables import URGENT

STUCK_AFTER: Final = dt.timedelta(days=2)
"""So long nothing was heard from somebody who has begun to join."""
WEEKS: Final = 8
OPEN_STAGES: Final = ("uninvited", "queued", "sent")
"""Told however few they are: what we did, not what anyone chose."""
CLOSED_STAGES: Final = ("declined", "expired", "failed", "stuck")


@dataclass(frozen=True, slots=True)
class Standing:
    """One circle, in counts."""

    code: str
    name: str
    state: str
    seats: int
    size: int
    hosts: int
    backups: int
    needs: int
    """People who may need a person now."""


def circles_of(session: Session, whose: Circle | Cohort, by: int) -> list[Standing]:
    """Return how each circle stands that is not over, those first that need or lack somebody.

    Args:
        by: Whoever looks: what may be about themselves is not counted.
    """
    mine = _inside(whose)
    columns = (Circle.id, Circle.code, Circle.name, Circle.state, Circle.size)
    circles = session.execute(select(*columns).where(Circle.id.in_(mine), Circle.state != "closed")).all()
    seats = _counted(session, Member.circle_id, Member.circle_id.in_(mine), Member.state.in_(SEATED))
    there = (Role.circle_id.in_(mine), Role.accepted_at.is_not(None), Role.ended_at.is_(None))
    hosts = _counted(session, Role.circle_id, *there, Role.kind == "host")
    backups = _counted(session, Role.circle_id, *there, Role.kind == "backup")
    urgent = (Alert.circle_id.in_(mine), Alert.kind.in_(URGENT), Alert.closed_at.is_(None))
    needs = _counted(session, Alert.circle_id, *urgent, Alert.person_id != by)
    found = [
        Standing(code, name, state, seats[id_], size, hosts[id_], backups[id_], needs[id_])
        for id_, code, name, state, size in circles
    ]
    return sorted(found, key=lambda each: (not each.needs, each.hosts > 0, each.backups > 0, each.code))


def stages_of(session: Session, whose: Circle | Cohort, now: dt.datetime) -> Mapping[str, Figure]:
    """Return how far invitations have come, and how many have begun to join and got stuck."""
    answerable = literal(now - ANSWERABLE, UtcDateTime)
    stage = case(
        (Invitation.state == "no_consent", "uninvited"),
        (Invitation.state == "waiting", "queued"),
        (Invitation.state == "unreachable", "failed"),
        (Invitation.state == "declined", "declined"),
        ((Invitation.state == "sent") & (Invitation.sent_at <= answerable), "expired"),
        else_="open",
    ).label("stage")
    # Not correlated: it is read once, by seats of these circles.
    mine = _inside(whose)
    seated = (
        select(Member.circle_id, Address.id.label("address_id"))
        .join(Address, Address.person_id == Member.person_id)
        .where(Member.circle_id.in_(mine), Member.state.in_(SEATED))
        .subquery()
    )
    counted = (
        select(stage, func.count(Invitation.sent_at), func.count(), func.count(seated.c.address_id))
        .outerjoin(
            seated,
            (seated.c.circle_id == Invitation.circle_id) & (seated.c.address_id == Invitation.address_id),
        )
        .where(Invitation.circle_id.in_(mine))
        .group_by(stage)
    )
    found: Counter[str] = Counter()
    for name, sent, count, there in session.execute(counted):
        found["sent"] += sent
        # Whoever came in by a JOIN of their own let no invitation expire, and said no to none.
        found[name] += count - there if name in ("expired", "failed", "declined") else count
    silent = literal(now - STUCK_AFTER, UtcDateTime)
    found["stuck"] = (
        session.scalar(
            select(func.count())
            .select_from(Member)
            .join(Person, Person.id == Member.person_id)
            .where(Member.circle_id.in_(mine), Member.state == "joining", Member.promised_at.is_(None))
            .where(func.coalesce(Person.heard_at, Member.state_at) <= silent)
        )
        or 0
    )
    return {
        name: figure(name, found[name], hide=name in CLOSED_STAGES) for name in (*OPEN_STAGES, *CLOSED_STAGES)
    }


def joined_by_week(
    session: Session, whose: Circle | Cohort, now: dt.datetime
) -> Sequence[tuple[dt.date, Figure]]:
    """Return how many agreed to their circle's promise in each of the last weeks that are over."""
    monday = (now - dt.timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = [monday - dt.timedelta(weeks=weeks) for weeks in range(WEEKS, 0, -1)]
    sums = [
        func.count(
            case(
                (
                    (Member.promised_at >= literal(first, UtcDateTime))
                    & (Member.promised_at < literal(first + dt.timedelta(weeks=1), UtcDateTime)),
                    1,
                )
            )
        )
        for first in begins
    ]
    row = session.execute(select(*sums).where(Member.circle_id.in_(_inside(whose)))).one()
    return [
        (first.date(), figure("joined", count, hide=True)) for first, count in zip(begins, row, strict=True)
    ]


def figure(name: str, count: int, *, hide: bool) -> Figure:
    """Return a count of people as a figure, hidden if it is of fewer than five and `hide` is asked for."""
    hidden = hide and count < FEWEST
    return Figure("cohort", "now", name, None if hidden else count, hidden)


def _inside(whose: Circle | Cohort) -> Select[Any]:
    if isinstance(whose, Circle):
        return select(Circle.id).where(Circle.id == whose.id)
    return select(Circle.id).where(Circle.cohort_id == whose.id)


def _counted(session: Session, column: Any, *where: Any) -> Counter[int]:
    rows = session.execute(select(column, func.count()).where(*where).group_by(column))
    return Counter(dict(rows.all()))
