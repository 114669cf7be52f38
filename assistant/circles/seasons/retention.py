"""Erases what was written in a circle, 30 days after its end: every word in every table; what happened stays.

Rows stay as they are counted: who wrote when, how many segments, which outcome. Names, numbers and the
consent ledger belong to people, not to a circle, and stay as well; so does what a member wrote in another
circle. Backups and PostgreSQL's own write-ahead log are the operator's to expire.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, and_, exists, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.circles.people.audit import record
from assistant.circles.people.carried_media import forget
from assistant.circles.people.emptying import empty_rows
from assistant.store.tables import (
    Answer,
    Audit,
    Circle,
    Conversation,
    Goal,
    GoalStep,
    Inbox,
    Introduced,
    Introduction,
    Listing,
    Media,
    Member,
    Note,
    Outbox,
    PendingAction,
    Question,
    Share,
    Timer,
)

ERASED: Final = "erase circle"
"""What the audit calls it; a circle is erased once."""
KEPT_PARAMS: Final = frozenset(
    {"AccountSid", "ApiVersion", "MessagingServiceSid", "NumMedia", "NumSegments", "OptOutType", "SmsStatus"}
)
"""Of a webhook's parameters, those that never hold anything a person wrote, sent or is called."""
AT_ONCE: Final = 500
NEVER_IN: Final = ("invited", "declined")
"""States of a seat in which nobody has sat yet."""


def due_for_erasing(today: dt.date | BindParameter[Any]) -> Select[Circle]:
    """Return the closed circles whose 30 days are over and whose words are still there."""
    return select(Circle).where(Circle.state == "closed", Circle.erase_on <= today, ~is_erased(Circle.id))


def is_erased(circle_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that the words of a circle are gone."""
    return exists().where(Audit.circle_id == circle_id, Audit.action == ERASED)


def erase_circle(session: Session, circle: Circle, now: dt.datetime) -> None:
    """Erase every word that was written in a circle, to it and from it; running it again changes nothing.

    Args:
        session: Inside one writing transaction.
        circle: Closed.
        now: Aware UTC; kept on the rows as when their words went.
    """
    if session.get_bind().dialect.name == "sqlite":
        # Or the words stay legible in the file's free pages.
        session.execute(text("PRAGMA secure_delete = ON"))
    seats = select(Member.id).where(Member.circle_id == circle.id)
    people = set(session.scalars(select(Member.person_id).where(Member.circle_id == circle.id)))
    # Whose every word was for this circle; of the others, only what was about it.
    only_here = people - _with_another_seat(session, circle, people)
    of_nowhere = and_(Answer.member_id.is_(None), Answer.person_id.in_(only_here))
    # What a host answered in a conversation about this circle, with a seat in it or without.
    by_hosts = Answer.question_id.in_(
        select(Question.id)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(Conversation.circle_id == circle.id)
    )
    theirs = or_(Answer.member_id.in_(seats), of_nowhere, by_hosts)
    empty_rows(session, Answer, theirs, now, words=None, value=None)
    empty_rows(session, Share, Share.circle_id == circle.id, now, words=None)
    empty_rows(session, Note, Note.circle_id == circle.id, now, words=None)
    empty_rows(session, Listing, Listing.circle_id == circle.id, now, words=None)
    introductions = select(Introduction.id).where(Introduction.circle_id == circle.id)
    empty_rows(session, Introduced, Introduced.introduction_id.in_(introductions), now, words=None)
    goals = select(Goal.id).where(Goal.member_id.in_(seats))
    empty_rows(session, GoalStep, GoalStep.goal_id.in_(goals), now, words=None, details=None)
    empty_rows(session, Goal, Goal.member_id.in_(seats), now, words=None, plan=None)
    empty_rows(session, PendingAction, PendingAction.circle_id == circle.id, None, words=None)
    _erase_conversations(session, circle, seats, people, only_here, now)
    _erase_inbox(session, circle, seats, people, now)
    _erase_outbox(session, circle, seats, people, only_here, now)
    record(session, ERASED, now, circle_id=circle.id)
    session.flush()
    session.expire_all()


def _with_another_seat(session: Session, circle: Circle, people: set[int]) -> set[int]:
    """Return who sat or sits in another circle whose words are still kept."""
    others = select(Member.person_id).where(
        Member.person_id.in_(people),
        Member.circle_id != circle.id,
        Member.state.not_in(NEVER_IN),
        ~is_erased(Member.circle_id),
    )
    return set(session.scalars(others))


def _erase_conversations(
    session: Session,
    circle: Circle,
    seats: Select[int],
    people: set[int],
    only_here: set[int],
    now: dt.datetime,
) -> None:
    """What conversations hold, and what still waits in this circle's name, which has nothing to come."""
    of_nobody = and_(
        Conversation.member_id.is_(None),
        or_(
            Conversation.person_id.in_(only_here),
            and_(Conversation.person_id.in_(people), Conversation.ended_at.is_not(None)),
        ),
    )
    of_this_circle = or_(Conversation.member_id.in_(seats), Conversation.circle_id == circle.id)
    empty_rows(session, Conversation, or_(of_this_circle, of_nobody), None, values={})
    unending = and_(of_this_circle, Conversation.ended_at.is_(None))
    ended = select(Conversation.id).where(unending)
    empty_rows(
        session,
        Timer,
        and_(Timer.done_at.is_(None), or_(Timer.member_id.in_(seats), Timer.conversation_id.in_(ended))),
        None,
        done_at=now,
    )
    empty_rows(session, Conversation, unending, None, ended_at=now)
    of_hers = and_(Timer.member_id.is_(None), Timer.person_id.in_(people), Timer.done_at.is_not(None))
    empty_rows(session, Timer, or_(Timer.member_id.in_(seats), of_hers), None, values={})


def _erase_inbox(
    session: Session, circle: Circle, seats: Select[int], people: set[int], now: dt.datetime
) -> None:
    """Texts of the members, but those that another circle has; and of whoever else wrote about this one."""
    here = {
        *session.scalars(select(Answer.inbox_id).where(Answer.member_id.in_(seats))),
        *session.scalars(
            select(Outbox.inbox_id).where(or_(Outbox.circle_id == circle.id, Outbox.member_id.in_(seats)))
        ),
    }
    elsewhere = {
        *session.scalars(
            select(Answer.inbox_id).where(Answer.person_id.in_(people), Answer.member_id.not_in(seats))
        ),
        *session.scalars(
            select(Outbox.inbox_id).where(Outbox.person_id.in_(people), Outbox.circle_id != circle.id)
        ),
    }
    theirs = set(session.scalars(select(Inbox.id).where(Inbox.person_id.in_(people))))
    erase_texts(session, [each for each in here | (theirs - elsewhere) if each is not None], now)


def erase_texts(session: Session, texts: Iterable[int], now: dt.datetime) -> None:
    """Erase what these texts to us said and brought; `texts` are ids of the inbox."""
    ids = sorted(texts)
    for start in range(0, len(ids), AT_ONCE):
        some = select(Inbox).where(Inbox.id.in_(ids[start : start + AT_ONCE]), Inbox.erased_at.is_(None))
        for each in session.scalars(some):
            each.body, each.erased_at = None, now
            each.params = {key: value for key, value in each.params.items() if key in KEPT_PARAMS}
        forget(session, Media.inbox_id.in_(ids[start : start + AT_ONCE]), now)


def _erase_outbox(
    session: Session,
    circle: Circle,
    seats: Select[int],
    people: set[int],
    only_here: set[int],
    now: dt.datetime,
) -> None:
    about_it = or_(Outbox.circle_id == circle.id, Outbox.member_id.in_(seats))
    of_nowhere = and_(Outbox.circle_id.is_(None), Outbox.member_id.is_(None))
    queued = Outbox.state == "queued"
    empty_rows(
        session, Outbox, and_(about_it, queued), None, state="cancelled", reason="its circle was erased"
    )
    # A text of no circle still waiting for someone who sits elsewhere is not this circle's to take.
    of_hers = and_(of_nowhere, Outbox.person_id.in_(people), or_(~queued, Outbox.person_id.in_(only_here)))
    empty_rows(session, Outbox, or_(about_it, of_hers), now, body=None, taps=None)
