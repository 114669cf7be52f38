"""Plans on which Mondays a host gets the brief about a circle, at the host's own hour, and starts it then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Start
from assistant.circles.calendar.breaks import breaks_for, clock_of
from assistant.circles.people.known_rows import ROLES_OF_CIRCLE, ROLES_OF_PERSON
from assistant.circles.people.memberships import hosts_of
from assistant.circles.people.reachability import out_of_reach
from assistant.schedule.programs import first_monday, monday_of
from assistant.store import looks
from assistant.store.tables import Circle, Person, Role

BRIEF: Final = "brief"
STILL_NEWS: Final = dt.timedelta(hours=27)
"""After an outage Monday's brief still comes until about Tuesday noon; then it is too late to matter."""
AT_ONCE: Final = 50
_WEEK: Final = dt.timedelta(weeks=1)
WORK: Final = (select(Role.id).where(Role.brief_at <= looks.moment()),)
"""Whether `start_briefs` would find anything: one look into a short index."""
NEXT: Final = looks.Next(select(func.min(Role.brief_at)).where(Role.brief_at > looks.moment()))
"""When the next brief is due."""


def plan_briefs(session: Session, whose: Circle | Person, now: dt.datetime) -> None:
    """Plan the next brief of each host of a circle, or of each circle that a person hosts.

    Call it whenever what it goes by has changed: a start, a break, a seat as host, the host's hour or zone.
    """
    roles = ROLES_OF_CIRCLE if isinstance(whose, Circle) else ROLES_OF_PERSON
    for role in roles.of(session, whose.id):
        hosts = role.kind == "host" and role.circle_id is not None
        if not hosts or role.accepted_at is None or role.ended_at is not None:
            continue
        if role.brief_at is None or role.brief_at > now:  # what is due already is about to come
            role.brief_at = _next_monday(session, role, now)


def start_briefs(session: Session, sender: str, now: dt.datetime) -> tuple[Start, ...]:
    """Return the briefs that are due, each once; its host's next Monday is planned in the same breath.

    Whoever is away, or does not hear us, gets none for this week; while all hosts are away, the backups do.
    """
    effects: list[Start] = []
    for role in session.scalars(_due(now)).all():
        readers = _readers(session, role, sender, now)
        effects += [Start(person_id, BRIEF, {"circle": role.circle_id}) for person_id in readers]
        role.brief_at = _next_monday(session, role, now)
    session.flush()
    return tuple(effects)


def _due(now: dt.datetime) -> Select[Role]:
    due = select(Role).where(Role.brief_at <= now).order_by(Role.brief_at, Role.id).limit(AT_ONCE)
    return due.with_for_update(skip_locked=True, of=Role)


def _readers(session: Session, role: Role, sender: str, now: dt.datetime) -> list[int]:
    circle = session.get_one(Circle, role.circle_id)
    assert role.brief_at is not None
    if role.ended_at is not None or circle.state != "running" or now - role.brief_at > STILL_NEWS:
        return []
    person = session.get_one(Person, role.person_id)
    if _in(clock_of(session, person, circle).today(now), breaks_for(session, circle)):
        return []
    readers = [role.person_id] if _is_here(role, now) else _stand_ins(session, role, now)
    away = out_of_reach(session, readers, sender)
    return [person_id for person_id in readers if person_id not in away]


def _stand_ins(session: Session, role: Role, now: dt.datetime) -> list[int]:
    """Return the backups, while every host is away; once, however many hosts there are."""
    hosts = session.scalars(
        select(Role)
        .where(
            Role.circle_id == role.circle_id,
            Role.kind == "host",
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
        )
        .order_by(Role.id)
    ).all()
    if hosts[0] is not role or any(_is_here(each, now) for each in hosts):
        return []
    assert role.circle_id is not None
    return [person.id for person in hosts_of(session, role.circle_id, now)]


def _next_monday(session: Session, role: Role, now: dt.datetime) -> dt.datetime | None:
    """Return the season's first Monday whose hour is still to come where the host is; None: there is none."""
    circle = session.get_one(Circle, role.circle_id)
    if role.ended_at is not None or circle.state != "running":
        return None
    if circle.starts_on is None or circle.ends_on is None:
        return None
    clock = clock_of(session, session.get_one(Person, role.person_id), circle)
    breaks = breaks_for(session, circle)
    today = clock.today(now)
    day = max(first_monday(circle.starts_on), monday_of(today))
    while day <= circle.ends_on:
        at = clock.on(day)
        if at > now and not _in(day, breaks):
            return at
        day += _WEEK
    return None


def _is_here(role: Role, now: dt.datetime) -> bool:
    return role.away_until is None or role.away_until <= now


def _in(day: dt.date, breaks: Sequence[tuple[dt.date, dt.date]]) -> bool:
    return any(first <= day <= last for first, last in breaks)
