"""Decides whether words of whoever answers an alert may be put on the phone of the person it is about."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.reachability import reach
from assistant.safety.first_response import FLOWS
from assistant.store.tables import Alert, Answer, Conversation, Person, Question

Way = Literal["open", "waits", "unsafe", "stopped"]
"""open: they may read it now. waits: a shared phone that they may not have in hand. unsafe: after words of
abuse another may read it. stopped: no text of ours reaches them."""
IN_HAND: Final = dt.timedelta(minutes=30)
"""So long after a person's text nobody else is taken to hold their phone."""
_BEFORE: Final = dt.timedelta(days=1)
"""A talk that led to an alert may be that much older than it."""


def way_to(session: Session, alert: Alert, sender: str, now: dt.datetime) -> Way:
    """Return how words get to the person an alert is about.

    After words of abuse nothing is put on any phone without a yes to "is it OK to text here?", and that yes
    holds as long as they go on writing (flows/abuse.toml says why).

    Args:
        alert: About a person.
        sender: Whom texts come from.
        now: Aware UTC.
    """
    assert alert.person_id is not None
    there = reach(session, [alert.person_id], sender)[alert.person_id]
    if there.out_of_reach:
        return "stopped"
    person = session.get_one(Person, alert.person_id)
    in_hand = person.heard_at is not None and person.heard_at > now - IN_HAND
    since = alert.opened_at - _BEFORE
    if is_of_abuse(session, alert) and not (in_hand and _is_ok_to_text(session, person.id, since)):
        return "unsafe"
    return "waits" if person.plain and not in_hand else "open"


def is_of_abuse(session: Session, alert: Alert) -> bool:
    """Return whether words of abuse are among what led to an alert, or came while it was open."""
    talks = session.scalars(
        select(Conversation.values).where(
            Conversation.person_id == alert.person_id, Conversation.began_at > alert.opened_at - _BEFORE
        )
    )
    return any(values.get("danger") == "abuse" or values.get("maybe") == "abuse" for values in talks)


def _is_ok_to_text(session: Session, person_id: int, since: dt.datetime) -> bool:
    """Return whether the last answer to "is it OK to text here right now?" was a yes."""
    said = session.scalars(
        select(Answer.outcome)
        .join(Question, Question.id == Answer.question_id)
        .where(
            Answer.person_id == person_id,
            Answer.at > since,
            Question.flow == FLOWS["abuse"],
            Question.step == "check",
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
    return said == "yes"
