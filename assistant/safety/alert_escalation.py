"""Pages people about open alerts, level by level, until one answers; never with anyone's words.

An urgent alert (danger, "not OK") goes to the hosts who are on call, 15 minutes later to the backups, 15 more
to the organizers, and then to all of them again and again. A level with nobody on it is passed at once. Every
step is on record in `alert_step`, and what has been done is read from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, other_name_of, shorten
from assistant.circles.people.memberships import hosts_of
from assistant.safety.alerts import HOST_NOTICES
from assistant.safety.on_call import LEVELS, on_level
from assistant.store.tables import Alert, AlertStep, Person
from assistant.store.tables.operation_tables import URGENT

PATIENCE = dt.timedelta(minutes=15)
"""So long each level has to answer before the next is paged."""
AGAIN_AFTER = dt.timedelta(minutes=30)
"""Once every level was paged, so long between one page to all of them and the next."""
MOST_AGAIN = 12
"""After so many the alert stays open and `circle doctor` goes on showing it; nobody is paged for ever."""


def has_work(session: Session, now: dt.datetime) -> bool:
    """Return whether `take_due_steps` would find anything: one look into a short index."""
    return session.scalars(_due(now).limit(1)).first() is not None


def take_due_steps(session: Session, sender: str, now: dt.datetime) -> tuple[int, list[Tell]]:
    """Take the step that is due of every alert; return how many there were, and the pages to send.

    Args:
        session: Inside one writing transaction, which also queues the pages.
        sender: Whom pages come from; each recipient must have agreed to texts from there.
        now: Aware UTC, the service's time.
    """
    alerts = session.scalars(_due(now).order_by(Alert.id).with_for_update(skip_locked=True)).all()
    pages: list[Tell] = []
    for alert in alerts:
        if alert.kind in URGENT:
            pages += _page_urgently(session, sender, alert, now)
        else:
            pages += _tell_hosts(session, alert, now)
    return len(alerts), pages


def _due(now: dt.datetime) -> Select[Alert]:
    return select(Alert).where(Alert.next_page_at <= now, Alert.closed_at.is_(None))


def _tell_hosts(session: Session, alert: Alert, now: dt.datetime) -> Iterator[Tell]:
    """Tell hosts by day and once: something got stuck, and a host can do something about it."""
    alert.next_page_at = None
    person = session.get(Person, alert.person_id) if alert.person_id else None
    placeholders = other_name_of(person) if person is not None else {}
    for host in hosts_of(session, alert.circle_id or 0, now):
        yield Tell(host.id, HOST_NOTICES[alert.kind], placeholders, circle_id=alert.circle_id)
        _note(session, alert, "host told", now, host)


def _page_urgently(session: Session, sender: str, alert: Alert, now: dt.datetime) -> list[Tell]:
    taken = set(session.scalars(select(AlertStep.what).where(AlertStep.alert_id == alert.id)))
    levels = {
        level: on_level(session, alert.circle_id or 0, level, alert.person_id, sender, now)
        for level in LEVELS
    }
    for place, level in enumerate(LEVELS):
        if taken & {f"{level} paged", f"no {level}"}:
            continue
        if not levels[level]:
            _note(session, alert, f"no {level}", now)
            continue
        after = [person for later in LEVELS[place + 1 :] for person in levels[later]]
        for person in levels[level]:
            _note(session, alert, f"{level} paged", now, person)
        alert.next_page_at = now + PATIENCE
        return [_page(alert, person, _next_name(after, person)) for person in levels[level]]
    return _page_all_again(session, alert, [person for level in LEVELS for person in levels[level]], now)


def _page(alert: Alert, person: Person, name_after: str | None) -> Tell:
    notice = "alert_page" if name_after is not None else "alert_page_last"
    placeholders = {"backup": shorten(name_after, PLACEHOLDERS["backup"].longest)} if name_after else {}
    return Tell(person.id, notice, placeholders, purpose="alert", circle_id=alert.circle_id)


def _next_name(after: Sequence[Person], person: Person) -> str | None:
    """Return the name of who is paged after `person`; "" where there is no name; None: there is nobody."""
    following = [each for each in after if each.id != person.id]
    return (following[0].name or "") if following else None


def _page_all_again(
    session: Session, alert: Alert, everyone: Sequence[Person], now: dt.datetime
) -> list[Tell]:
    again = session.scalars(
        select(AlertStep.at)
        .where(AlertStep.alert_id == alert.id, AlertStep.what.in_(("paged again", "nobody on call")))
        .distinct()
    ).all()
    if len(again) >= MOST_AGAIN:
        alert.next_page_at = None
        _note(session, alert, "left to the operator", now)
        return []
    # Whoever has looked already and asks for someone else need not hear that nobody answered.
    people = {each.id: each for each in everyone if each.id != alert.answered_by or len(everyone) == 1}
    for person in people.values():
        _note(session, alert, "paged again", now, person)
    if not everyone:
        _note(session, alert, "nobody on call", now)
    alert.next_page_at = now + AGAIN_AFTER
    return [
        Tell(person.id, "alert_again", purpose="alert", circle_id=alert.circle_id)
        for person in people.values()
    ]


def _note(session: Session, alert: Alert, what: str, now: dt.datetime, person: Person | None = None) -> None:
    session.add(AlertStep(alert_id=alert.id, at=now, what=what, person_id=person.id if person else None))
