"""Knows whose hands an alert is in: who looked, who took it, and whether the person it is about was told.

It is read from the alert's steps, and what changes it is written there. Whoever takes an alert is left to it
for a while; everybody else's pages rest, and `alert_escalation` asks how it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.people.known_rows import ALERTS
from assistant.store.tables import Alert, AlertStep
from assistant.store.tables.operation_tables import URGENT

SHOWN: Final = "shown"
TAKEN: Final = "taken"
TOLD: Final = "member told"
"""The person it is about was told who gets what they write; before that nobody does."""
NEXT: Final = "asked for the next"
LET_GO: Final = "let go"
STOPPED: Final = "member opted out"
PASSED: Final = "answer passed"
"""Words of the person it is about went to whoever took it."""
SENT: Final = "words sent"
ASKED: Final = "asked how it is"
UNANSWERED: Final = "left unanswered"
_FREES: Final = (NEXT, LET_GO)

LOOKING: Final = dt.timedelta(minutes=30)
"""So long after SHOW whoever looked is left alone, and once more after being asked."""
IN_HAND: Final = dt.timedelta(hours=3)
"""So long after whoever took it was last heard of in it."""
TO_ANSWER: Final = dt.timedelta(hours=1)
"""So long after being asked how it is; then the next is paged."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose an alert is."""

    holder: int | None = None
    """Person id of who took it last, and did not pass it on."""
    told: bool = False
    """Whether the person it is about knows that the holder gets what they write."""


def hands_of(session: Session, alert: Alert) -> Hands:
    """Return whose an alert is as its steps tell, the oldest first."""
    steps = select(AlertStep).where(AlertStep.alert_id == alert.id).order_by(AlertStep.id)
    return hands_after(session.scalars(steps))


def hands_after(steps: Iterable[AlertStep]) -> Hands:
    """Return whose an alert is after these steps of it, the oldest first."""
    hands = Hands()
    for step in steps:
        if step.what == TAKEN and step.person_id != hands.holder:
            hands = Hands(step.person_id)
        elif step.what in _FREES and step.person_id == hands.holder:
            hands = Hands()
        elif step.what == TOLD and step.person_id == hands.holder:
            hands = Hands(hands.holder, told=True)
        elif step.what == STOPPED:
            hands = Hands(hands.holder)
    return hands


def open_about(session: Session, person_id: int) -> Sequence[Alert]:
    """Return the urgent alerts about a person that nobody has closed, the oldest first."""
    return [alert for alert in ALERTS.of(session, person_id) if alert.kind in URGENT and not alert.closed_at]


def was_shown(session: Session, alert: Alert, person_id: int) -> bool:
    """Return whether a person knows whom an alert is about: they looked, or took it."""
    return _has_step(session, alert, person_id, (SHOWN, TAKEN))


def look_at(session: Session, alert: Alert, person_id: int, now: dt.datetime) -> None:
    """Somebody looked: pages rest for a while. What another holds stays theirs."""
    holder = hands_of(session, alert).holder
    note(session, alert, SHOWN, now, person_id)
    if holder in (None, person_id):
        _heard_of(alert, person_id, now, IN_HAND if holder else LOOKING)


def take(session: Session, alert: Alert, person_id: int, now: dt.datetime) -> int | None:
    """Put an alert into a person's hands; return whose it was until now, if it was another's."""
    before = hands_of(session, alert).holder
    if before != person_id:
        note(session, alert, TAKEN, now, person_id)
    _heard_of(alert, person_id, now, IN_HAND)
    return before if before != person_id else None


def let_go(session: Session, alert: Alert, person_id: int, what: str, now: dt.datetime) -> None:
    """Take an alert out of a person's hands: whoever comes next is paged at once."""
    note(session, alert, what, now, person_id)
    alert.answered_at, alert.next_page_at = None, now


def note(session: Session, alert: Alert, what: str, now: dt.datetime, person_id: int | None = None) -> None:
    """Put a step on record; ids only, never words."""
    session.add(AlertStep(alert_id=alert.id, at=now, what=what, person_id=person_id))
    session.flush()


def talking_until(session: Session, person_id: int) -> dt.datetime | None:
    """Return until when nothing of the season may come between a person and whoever looks after them."""
    ends = [
        last_words(session, alert) + IN_HAND
        for alert in open_about(session, person_id)
        if hands_of(session, alert).told
    ]
    return max(ends, default=None)


def last_words(session: Session, alert: Alert, *, to_member: bool = False) -> dt.datetime:
    """Return when words last went between the two (aware UTC), or when the person was told that they may.

    Args:
        to_member: Only words that came to the person the alert is about.
    """
    whats = (TOLD, SENT) if to_member else (TOLD, SENT, PASSED)
    between = (AlertStep.alert_id == alert.id, AlertStep.what.in_(whats))
    return session.scalar(select(func.max(AlertStep.at)).where(*between)) or alert.opened_at


def was_asked(session: Session, alert: Alert, person_id: int) -> bool:
    """Return whether the person was asked how it is, and has not been heard of in it since."""
    asked = select(AlertStep.id).where(
        AlertStep.alert_id == alert.id,
        AlertStep.person_id == person_id,
        AlertStep.what == ASKED,
        AlertStep.at > alert.answered_at,
    )
    return session.scalar(asked.limit(1)) is not None


def _heard_of(alert: Alert, person_id: int, now: dt.datetime, rests_for: dt.timedelta) -> None:
    alert.answered_at, alert.answered_by = now, person_id
    alert.next_page_at = now + rests_for


def _has_step(session: Session, alert: Alert, person_id: int, whats: Sequence[str]) -> bool:
    found = select(AlertStep.id).where(
        AlertStep.alert_id == alert.id, AlertStep.person_id == person_id, AlertStep.what.in_(whats)
    )
    return session.scalar(found.limit(1)) is not None
