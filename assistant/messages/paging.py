"""Pages people about open alerts, rung by rung, until one answers; never with anyone's words.

An urgent alert (danger, "not OK") goes to the hosts who are on call, 15 minutes later to the backups, 15 more
to the organizers, and then to all of them again and again. A rung with nobody on it is passed at once. Every
step is on record in `alert_step`, and what has been done is read from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.fills import FILLS, name2_of, shorten
from assistant.circles.on_call import RUNGS, on_rung
from assistant.circles.scene import Tell
from assistant.circles.seats import hosts_of
from assistant.messages import effects
from assistant.messages.alerts import HOST_NOTICES, URGENT
from assistant.messages.desk import Desk
from assistant.store.tables import Alert, AlertStep, Person

PATIENCE = dt.timedelta(minutes=15)
"""So long each rung has to answer before the next is paged."""
AGAIN_AFTER = dt.timedelta(minutes=30)
"""Once every rung was paged, so long between one page to all of them and the next."""
MOST_AGAIN = 12
"""After so many the alert stays open and `circle doctor` goes on showing it; nobody is paged for ever."""


def page_due(desk: Desk) -> int:
    """Take the step that is due of every alert; gives how many there were. Safe to run many times at once."""
    now = desk.clock.now()
    due = select(Alert).where(Alert.next_page_at <= now, Alert.closed_at.is_(None))
    with desk.database.read() as session:
        # An idle look takes no lock.
        if session.scalars(due.limit(1)).first() is None:
            return 0
    with desk.database.write() as session:
        alerts = session.scalars(due.order_by(Alert.id).with_for_update(skip_locked=True)).all()
        for alert in alerts:
            if alert.kind in URGENT:
                _page_urgently(session, desk, alert, now)
            else:
                _tell_hosts(session, desk, alert, now)
    desk.wake("delivery")
    return len(alerts)


def _tell_hosts(session: Session, desk: Desk, alert: Alert, now: dt.datetime) -> None:
    """By day and once: something got stuck, and the host can do something about it."""
    alert.next_page_at = None
    person = session.get(Person, alert.person_id) if alert.person_id else None
    fills = name2_of(person) if person is not None else {}
    for host in hosts_of(session, alert.circle_id or 0, now):
        notice = Tell(host.id, HOST_NOTICES[alert.kind], fills, circle_id=alert.circle_id)
        effects.tell(session, desk, notice, now)
        _note(session, alert, "host told", now, host)


def _page_urgently(session: Session, desk: Desk, alert: Alert, now: dt.datetime) -> None:
    taken = set(session.scalars(select(AlertStep.what).where(AlertStep.alert_id == alert.id)))
    rungs = {
        rung: on_rung(session, alert.circle_id or 0, rung, alert.person_id, desk.house.sender, now)
        for rung in RUNGS
    }
    for place, rung in enumerate(RUNGS):
        if taken & {f"{rung} paged", f"no {rung}"}:
            continue
        if not rungs[rung]:
            _note(session, alert, f"no {rung}", now)
            continue
        after = [person for later in RUNGS[place + 1 :] for person in rungs[later]]
        for person in rungs[rung]:
            _page(session, desk, alert, person, _next_name(after, person), now)
            _note(session, alert, f"{rung} paged", now, person)
        alert.next_page_at = now + PATIENCE
        return
    _page_all_again(session, desk, alert, [person for rung in RUNGS for person in rungs[rung]], now)


def _page(
    session: Session, desk: Desk, alert: Alert, person: Person, name_after: str | None, now: dt.datetime
) -> None:
    notice = "alert_page" if name_after is not None else "alert_page_last"
    fills = {"backup": shorten(name_after, FILLS["backup"].longest)} if name_after else {}
    told = Tell(person.id, notice, fills, purpose="alert", circle_id=alert.circle_id)
    effects.tell(session, desk, told, now)


def _next_name(after: Sequence[Person], person: Person) -> str | None:
    """Who is paged next if she does not answer; "" where that person has no name; None: there is nobody."""
    following = [each for each in after if each.id != person.id]
    return (following[0].name or "") if following else None


def _page_all_again(
    session: Session, desk: Desk, alert: Alert, everyone: Sequence[Person], now: dt.datetime
) -> None:
    again = session.scalars(
        select(AlertStep.at)
        .where(AlertStep.alert_id == alert.id, AlertStep.what.in_(("paged again", "nobody on call")))
        .distinct()
    ).all()
    if len(again) >= MOST_AGAIN:
        alert.next_page_at = None
        _note(session, alert, "left to the operator", now)
        return
    # Whoever has looked already and asks for someone else need not hear that nobody answered.
    people = {each.id: each for each in everyone if each.id != alert.answered_by or len(everyone) == 1}
    for person in people.values():
        effects.tell(
            session,
            desk,
            Tell(person.id, "alert_again", purpose="alert", circle_id=alert.circle_id),
            now,
        )
        _note(session, alert, "paged again", now, person)
    if not everyone:
        _note(session, alert, "nobody on call", now)
    alert.next_page_at = now + AGAIN_AFTER


def _note(session: Session, alert: Alert, what: str, now: dt.datetime, person: Person | None = None) -> None:
    session.add(AlertStep(alert_id=alert.id, at=now, what=what, person_id=person.id if person else None))
