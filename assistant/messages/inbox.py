"""Handles the texts that came in: each person's in order, one person at a time, each text once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.circles.scene import Tell
from assistant.messages import effects
from assistant.messages.alerts import open_alert
from assistant.messages.conversation import handle
from assistant.messages.desk import Desk
from assistant.messages.keywords import overtakes
from assistant.messages.senders import claim_senders
from assistant.store.tables import Inbox, Member, Person

log = structlog.get_logger(__name__)

PEOPLE_AT_ONCE = 25
"""How many people's texts share a transaction: commits are the dear part, and locks should be short."""
TRIES = 3
TRY_AGAIN_AFTER = (dt.timedelta(seconds=1), dt.timedelta(seconds=5))


def drain(desk: Desk, until: float) -> bool:
    """Handle what waits, for as long as the time allows.

    Args:
        until: `time.monotonic()` seconds after which no new batch is begun.

    Returns:
        Whether there may be more to do at once.
    """
    while time.monotonic() < until:
        if not handle_batch(desk):
            return False
    return True


def handle_batch(desk: Desk) -> int:
    """Handle the oldest waiting texts of a few people, in one transaction; gives how many were touched."""
    with desk.database.read() as session:
        # An idle look takes no lock.
        if not _waiting(session, desk.clock.real(), limit=1):
            return 0
    with desk.database.write() as session:
        waiting = _waiting(session, desk.clock.real(), limit=PEOPLE_AT_ONCE * 4)
        claim_senders(session, waiting)
        people = list(dict.fromkeys(text.person_id for text in waiting))[:PEOPLE_AT_ONCE]
        # Another worker may have some of them in hand; those are skipped, not waited for.
        locked = session.scalars(
            select(Person).where(Person.id.in_(people)).order_by(Person.id).with_for_update(skip_locked=True)
        ).all()
        touched = sum(_handle_person(session, desk, person) for person in locked)
    if touched:
        desk.wake("delivery")
    return touched


def _waiting(session: Session, real: dt.datetime, limit: int) -> Sequence[Inbox]:
    return session.scalars(
        select(Inbox)
        .where(Inbox.state == "new", or_(Inbox.not_before.is_(None), Inbox.not_before <= real))
        .order_by(Inbox.id)
        .limit(limit)
    ).all()


def _handle_person(session: Session, desk: Desk, person: Person) -> int:
    """Her texts, oldest first, but stop, start and help before all others; read now that she is locked."""
    texts = session.scalars(
        select(Inbox)
        .where(Inbox.state == "new", Inbox.person_id == person.id)
        .order_by(Inbox.id)
        .execution_options(populate_existing=True)
    ).all()
    handled = 0
    for text in sorted(texts, key=lambda text: not overtakes(text)):
        if text.not_before is not None and text.not_before > desk.clock.real():
            # Its next try is not due, and what she wrote after it waits its turn.
            break
        handled += 1
        if not _try(session, desk, text, person):
            break
    return handled


def _try(session: Session, desk: Desk, text: Inbox, person: Person) -> bool:
    """Handle one text; when that fails, nothing of it stays but the count. True: the next may follow."""
    now = desk.clock.now()
    try:
        with session.begin_nested():
            handle(session, desk, text, person, now)
            session.flush()
    except Exception as error:
        # Her next text and everyone else's must go on, whatever went wrong with this one.
        log.exception("text not handled", inbox=text.id, error=type(error).__name__)
        text.attempts += 1
        if text.attempts < TRIES:
            text.not_before = desk.clock.real() + TRY_AGAIN_AFTER[text.attempts - 1]
            session.flush()
            return False
        _set_aside(session, desk, text, person, type(error).__name__, now)
    return True


def _set_aside(
    session: Session, desk: Desk, text: Inbox, person: Person, error: str, now: dt.datetime
) -> None:
    """Three tries failed: a person has to look. Kept for `circle inbox retry`, and shown to her host."""
    text.state, text.reason, text.handled_at = "set_aside", error, now
    circles: Sequence[int | None] = session.scalars(
        select(Member.circle_id).where(
            Member.person_id == person.id, Member.state.not_in(("left", "declined"))
        )
    ).all()
    for circle_id in circles or [None]:
        open_alert(session, "set_aside", now, circle_id=circle_id, person_id=person.id, inbox_id=text.id)
    trouble = Tell(person.id, "trouble", purpose="reply")
    effects.tell(session, desk, trouble, now, inbox_id=text.id)


def try_set_aside_again(session: Session) -> int:
    """Give every text that was set aside three new tries; gives how many there were."""
    texts = session.scalars(select(Inbox).where(Inbox.state == "set_aside")).all()
    for text in texts:
        text.state, text.attempts, text.not_before, text.reason = "new", 0, None, None
    return len(texts)
