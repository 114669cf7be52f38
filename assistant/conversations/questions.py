"""Opens, sets aside and closes questions, and sets the timers that hang on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from assistant.circles.exchange.open_talks import SETTLED
from assistant.circles.people.known_rows import ASKED
from assistant.engine.book import FlowBook
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.schedule.waits import due
from assistant.store.tables import Circle, Conversation, PendingAction, Person, Question, Timer

RETURN_WITHIN = dt.timedelta(days=3)
"""A question set aside for longer is not asked again by itself."""
REST: Final = (
    update(Timer)
    .where(Timer.question_id.in_(bindparam("questions", expanding=True)), Timer.done_at.is_(None))
    .values(done_at=bindparam("now"))
)
_NO_LOOKING_BACK: Final = {"synchronize_session": False}
CLOSED = "closed questions"
"""Where a session gathers the ids of questions that it closed."""
SILENCE: Final = ("silence",)
"""What questions came to that may be asked once more."""
UNHEARD: Final = (*SILENCE, SETTLED)
"""What questions came to that a late answer may be for."""
LATE_WITHIN = dt.timedelta(days=14)
"""How long after nobody answered a late answer still finds its question."""


def open_of(session: Session, person_id: int) -> Question | None:
    """Return the question that the person is being asked now; there is never more than one."""
    return next((each for each in ASKED.of(session, person_id) if each.state == "open"), None)


def open_question(
    session: Session, conversation: Conversation, last: Question | None, visible_to: str, now: dt.datetime
) -> Question:
    """Open the question of the step the conversation stands at.

    Args:
        session: A session inside `Database.write()`.
        conversation: Whose step.
        last: What the person was asked last, whether it is still open or not; a question of another
            conversation that is open is set aside.
        visible_to: Who will see the answer.
        now: Aware UTC.
    """
    asked = last if last is not None and last.state == "open" else None
    goes_on = last is not None and last.conversation_id == conversation.id
    if asked is not None and not goes_on:
        asked.state = "waiting"
    elif asked is not None:
        if (asked.flow, asked.step) == (conversation.flow, conversation.step):
            return asked
        close(session, asked, "moved on", now)
    if not (goes_on and last is not None and last.flow == conversation.flow):
        # Whatever this flow asked before gave way when the question before this one was asked.
        _replace(session, conversation, now)
    if not goes_on:
        for stale in ASKED.of(session, conversation.person_id):
            if stale.conversation_id == conversation.id and stale.state == "waiting":
                close(session, stale, "asked again", now)
    question = Question(
        conversation_id=conversation.id,
        person_id=conversation.person_id,
        member_id=conversation.member_id,
        flow=conversation.flow,
        step=conversation.step,
        visible_to=visible_to,
        state="open",
        opened_at=now,
    )
    session.add(question)
    return question


def over_at(
    book: FlowBook,
    flow: str,
    kind: str,
    spec: str,
    since: dt.datetime,
    person: Person,
    circle: Circle | None,
    uri: str | None,
) -> dt.datetime:
    """Return when (UTC) a wait or a silence is over, in the person's day: what is said then is unprompted.

    Silence where someone may be in danger is heard at any hour, and so is what was agreed to for this one.

    Args:
        book: Knows which flows are about danger, or about this hour.
        flow: That which waits.
        kind: wait or silence.
        spec: How long, as the flow says it.
        since: From when on, aware UTC.
        person: Who is waited for.
        circle: Where the person is waited for, if in one.
        uri: Where the person is texted; None: nowhere now.
    """
    zones = zone_of(person.zone, circle.zone if circle else None, uri)
    moment = due(spec, since, home(zones), person.hour)
    at_any_hour = book.is_urgent(flow) or (kind == "silence" and book.is_safety(flow))
    return moment if at_any_hour else next_allowed(moment, zones, hours_for(uri))


def _replace(session: Session, conversation: Conversation, now: dt.datetime) -> None:
    """Close what the same flow asked before in this seat: last week's question is not asked again."""
    if conversation.member_id is None:
        return
    before = {
        question.conversation_id
        for question in ASKED.of(session, conversation.person_id)
        if question.member_id == conversation.member_id
        and question.flow == conversation.flow
        and question.state != "closed"
        and question.conversation_id != conversation.id
    }
    for older in (session.get_one(Conversation, each) for each in sorted(before)):
        close_all(session, older, now)
        older.ended_at = older.ended_at or now


def close(session: Session, question: Question, outcome: str, now: dt.datetime) -> None:
    """Close it, with what it came to; nobody is nudged about it any more."""
    question.state = "closed"
    question.outcome = outcome
    question.closed_at = now
    gathered = session.info.get(CLOSED)
    if gathered is not None:
        gathered.append(question.id)
    else:
        _rest_timers(session, [question.id], now)


@contextmanager
def timers_at_the_end(session: Session, now: dt.datetime) -> Iterator[None]:
    """Let the timers of all questions that are closed meanwhile rest in one statement, at the end."""
    closed = session.info[CLOSED] = []
    try:
        yield
        _rest_timers(session, closed, now)
    finally:
        del session.info[CLOSED]


def _rest_timers(session: Session, questions: Sequence[int], now: dt.datetime) -> None:
    if questions:
        session.execute(REST, {"questions": list(questions), "now": now}, execution_options=_NO_LOOKING_BACK)


def close_all(session: Session, conversation: Conversation, now: dt.datetime) -> None:
    """Let nothing more come of a conversation: no question of it stays open, no timer of it fires."""
    for question in ASKED.of(session, conversation.person_id):
        if question.conversation_id == conversation.id and question.state != "closed":
            close(session, question, "ended", now)
    session.execute(
        update(Timer)
        .where(Timer.conversation_id == conversation.id, Timer.done_at.is_(None))
        .values(done_at=now)
    )


def asking(session: Session, person_id: int) -> Sequence[Conversation]:
    """Return the person's conversations that wait for an answer, asked now or set aside."""
    asked = {each.conversation_id for each in ASKED.of(session, person_id) if each.state != "closed"}
    return [session.get_one(Conversation, each) for each in sorted(asked)]


def set_aside(session: Session, person_id: int, now: dt.datetime) -> Question | None:
    """Return the question to come back to, now that nothing else is being asked; None when there is none.

    Whoever is about to leave a circle is asked nothing more for it.
    """
    waiting = [
        question
        for question in ASKED.of(session, person_id)
        if question.state == "waiting" and question.opened_at > now - RETURN_WITHIN
    ]
    if not waiting:
        return None
    leaving = select(PendingAction.member_id).where(
        PendingAction.kind == "leave",
        PendingAction.member_id.in_([question.member_id for question in waiting]),
        PendingAction.state == "held",
        PendingAction.held_until > now,
    )
    left = set(session.scalars(leaving))
    return next((question for question in reversed(waiting) if question.member_id not in left), None)


def missed(
    session: Session, person_id: int, now: dt.datetime, among: Sequence[str] = UNHEARD
) -> Question | None:
    """Return what was asked last, if it was closed for want of an answer: a late one may be for it.

    Args:
        among: What it may have come to.
    """
    last = session.scalars(
        select(Question).where(Question.person_id == person_id).order_by(Question.id.desc()).limit(1)
    ).first()
    late = last is not None and last.outcome in among and last.closed_at is not None
    return last if late and last and last.closed_at and last.closed_at > now - LATE_WITHIN else None
