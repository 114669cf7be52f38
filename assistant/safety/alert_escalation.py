"""Pages people about open alerts, level by level, until one answers; never with anyone's words.

An urgent alert (danger, "not OK") goes to the hosts who are on call, 15 minutes later to the backups, 15 more
to the organizers, and then to all of them again. A level with nobody on it is passed at once. Who looked or
took it is asked after a while how it is, and without a word from them the next is paged. It has an end: after
so many pages to everyone nobody is paged any more, and all hear so, above all the person it is about. Every
step is on record in `alert_step`, and what has been done is read from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, other_name_of, shorten
from assistant.circles.people.memberships import hosts_of
from assistant.circles.people.reachability import hears_us
from assistant.safety.alert_holding import (
    ASKED,
    LET_GO,
    LOOKING,
    NEXT,
    SHOWN,
    TAKEN,
    TO_ANSWER,
    UNANSWERED,
    hands_of,
    note,
    was_asked,
)
from assistant.safety.alert_way import way_to
from assistant.safety.alerts import HOST_NOTICES
from assistant.safety.on_call import LEVELS, on_level
from assistant.store import looks
from assistant.store.tables import Alert, AlertStep, Person
from assistant.store.tables.operation_tables import URGENT

PATIENCE = dt.timedelta(minutes=15)
"""So long each level has to answer before the next is paged."""
AGAIN_AFTER = dt.timedelta(minutes=30)
"""Once every level was paged, so long between one page to all of them and the next."""
MOST_AGAIN = 6
"""After so many the alert stays open and `circle status` goes on showing it; nobody is paged for ever."""
MOST_AGAIN_TAKEN = 2
"""The same where somebody looked or took it, and has only not said how it is."""
NO_WORD = "no word"
AGAIN = ("paged again", "nobody on call")
_COUNTS_ANEW = (SHOWN, TAKEN, NEXT, LET_GO, UNANSWERED)


WORK: Final = (select(Alert.id).where(Alert.next_page_at <= looks.moment(), Alert.closed_at.is_(None)),)
"""Whether `take_due_steps` would find anything: one look into a short index."""
NEXT_PAGE: Final = looks.Next(
    select(func.min(Alert.next_page_at)).where(Alert.closed_at.is_(None), Alert.next_page_at > looks.moment())
)
"""When the next step of an alert is due."""


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
        if alert.kind in URGENT and alert.answered_at is not None:
            pages += _ask_how_it_is(session, sender, alert, now)
        elif alert.kind in URGENT:
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
        note(session, alert, "host told", now, host.id)


def _ask_how_it_is(session: Session, sender: str, alert: Alert, now: dt.datetime) -> list[Tell]:
    """Ask whoever looked or took it, once; without a word from them the next is paged."""
    person_id = alert.answered_by
    taken = person_id is not None and hands_of(session, alert).holder == person_id
    there = person_id is not None and hears_us(session, person_id, sender)
    if person_id is not None and there and not was_asked(session, alert, person_id):
        note(session, alert, ASKED, now, person_id)
        alert.next_page_at = now + (TO_ANSWER if taken else LOOKING)
        return [_about(session, alert, person_id, "alert_is_ok" if taken else "alert_is_reached")]
    alert.answered_at = None
    note(session, alert, NO_WORD, now, person_id)
    pages = _page_urgently(session, sender, alert, now)
    others = [page for page in pages if page.person_id not in (person_id, alert.person_id)]
    if person_id is not None and there and others:
        pages.append(_about(session, alert, person_id, "alert_passed_on"))
    return pages


def _about(session: Session, alert: Alert, person_id: int, notice: str) -> Tell:
    """Return a notice to someone who knows whom the alert is about."""
    name = session.get_one(Person, alert.person_id).name
    placeholders = {"who": shorten(name, PLACEHOLDERS["who"].longest)} if name else {}
    return Tell(person_id, notice, placeholders, purpose="alert", circle_id=alert.circle_id)


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
            note(session, alert, f"no {level}", now)
            continue
        after = [person for later in LEVELS[place + 1 :] for person in levels[later]]
        for person in levels[level]:
            note(session, alert, f"{level} paged", now, person.id)
        alert.next_page_at = now + PATIENCE
        return [_page(alert, person, _next_name(after, person)) for person in levels[level]]
    return _page_all_again(
        session, sender, alert, [person for level in LEVELS for person in levels[level]], now
    )


def _page(alert: Alert, person: Person, name_after: str | None) -> Tell:
    notice = "alert_page" if name_after is not None else "alert_page_last"
    placeholders = {"backup": shorten(name_after, PLACEHOLDERS["backup"].longest)} if name_after else {}
    return Tell(person.id, notice, placeholders, purpose="alert", circle_id=alert.circle_id)


def _next_name(after: Sequence[Person], person: Person) -> str | None:
    """Return the name of who is paged after `person`; "" where there is no name; None: there is nobody."""
    following = [each for each in after if each.id != person.id]
    return (following[0].name or "") if following else None


def _page_all_again(
    session: Session, sender: str, alert: Alert, everyone: Sequence[Person], now: dt.datetime
) -> list[Tell]:
    rounds, quietly = _rounds(session, alert)
    if rounds >= (MOST_AGAIN_TAKEN if quietly else MOST_AGAIN):
        return _give_up(session, sender, alert, everyone, now)
    # Whoever has looked already and asks for someone else need not hear that nobody answered.
    people = {each.id: each for each in everyone if each.id != alert.answered_by or len(everyone) == 1}
    for person in people.values():
        note(session, alert, "paged again", now, person.id)
    if not everyone:
        note(session, alert, "nobody on call", now)
    alert.next_page_at = now + AGAIN_AFTER
    notice = "alert_again" if alert.answered_by is None else "alert_again_looked"
    pages = [
        Tell(person.id, notice, purpose="alert", circle_id=alert.circle_id) for person in people.values()
    ]
    # Everybody was paged once: the person who waits for one of them hears how it is.
    tells_member = everyone and not rounds and alert.answered_by is None and alert.kind == "danger"
    return [*pages, *(_tell_member(session, sender, alert, "nobody_yet", now) if tells_member else ())]


def _rounds(session: Session, alert: Alert) -> tuple[int, bool]:
    """Return how often all were paged since anybody was heard of in it, and whether they just fell silent."""
    steps = session.execute(
        select(AlertStep.what, AlertStep.at)
        .where(AlertStep.alert_id == alert.id, AlertStep.what.in_((*AGAIN, *_COUNTS_ANEW, NO_WORD)))
        .order_by(AlertStep.id)
    ).all()
    moments: set[dt.datetime] = set()
    quietly = False
    for what, at in steps:
        if what in AGAIN:
            moments.add(at)
        elif what == NO_WORD:
            quietly = True
        else:
            moments, quietly = set(), False
    return len(moments), quietly


def _give_up(
    session: Session, sender: str, alert: Alert, everyone: Sequence[Person], now: dt.datetime
) -> list[Tell]:
    """Page nobody any more, and say so to everyone; the alert stays open, for the operator to see."""
    alert.next_page_at = None
    note(session, alert, UNANSWERED, now)
    notice = "alert_unanswered" if alert.answered_by is None else "alert_left_open"
    last = [Tell(each.id, notice, purpose="alert", circle_id=alert.circle_id) for each in everyone]
    if not everyone and not _was_anyone_paged(session, alert):
        return []  # Nothing was promised, and the person was told so at once.
    if alert.answered_by is None:
        return [*last, *_tell_member(session, sender, alert, "nobody_answered", now)]
    told = hands_of(session, alert).told
    return [*last, *(_tell_member(session, sender, alert, "paged_silent", now) if told else ())]


def _was_anyone_paged(session: Session, alert: Alert) -> bool:
    paged = select(AlertStep.id).where(
        AlertStep.alert_id == alert.id,
        AlertStep.what.in_(("paged again", *(f"{each} paged" for each in LEVELS))),
    )
    return session.scalar(paged.limit(1)) is not None


def _tell_member(
    session: Session, sender: str, alert: Alert, notice: str, now: dt.datetime
) -> Iterator[Tell]:
    """Tell the person it is about how it stands, where that may stand on their phone."""
    if alert.person_id is None or way_to(session, alert, sender, now) in ("unsafe", "stopped"):
        return
    note(session, alert, notice.replace("_", " "), now)
    purpose = "safety" if alert.kind == "danger" else "notice"
    holder = hands_of(session, alert).holder
    name = session.get_one(Person, holder).name if holder is not None else None
    names = {"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {}
    yield Tell(alert.person_id, notice, names, purpose=purpose, circle_id=alert.circle_id)
