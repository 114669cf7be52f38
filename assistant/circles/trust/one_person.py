"""Makes one person of two who are one human being: all that the one who goes has is the other's from then on.

Rows are sealed for their column, not for whose they are, so that moved words stay readable. `move_rows` may
be run again at any time: it moves what somebody who was at work at that moment has written for the one gone.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.circles.calendar.season_plan import replan
from assistant.circles.people.memberships import lock_circle
from assistant.circles.people.page_sessions import end_sessions
from assistant.circles.people.reachability import address_of, addresses_of
from assistant.circles.people.readdressing import readdress
from assistant.circles.trust.one_seat import make_one_seat, move
from assistant.store.read_ahead import forget
from assistant.store.sessions import is_writing_alone, note_touched
from assistant.store.tables import (
    Address,
    Alert,
    AlertStep,
    Answer,
    Apart,
    Applicant,
    CallWish,
    Circle,
    CircleHour,
    Conversation,
    DangerLabel,
    Inbox,
    Introduced,
    Introduction,
    Listing,
    Media,
    Member,
    Outbox,
    PageCall,
    PageLink,
    PageSession,
    PendingAction,
    Person,
    PhoneClaim,
    PhoneLink,
    Question,
    Receipt,
    Report,
    Role,
    SeatDraw,
    Talk,
    Timer,
    Upload,
)

PERSON_COLUMNS: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    *(Address.person_id, PhoneClaim.person_id, PhoneClaim.of_person_id, PhoneClaim.settled_by),
    *(Member.person_id, Role.person_id, CallWish.person_id, PhoneLink.person_id, PhoneLink.said_by),
    *(Conversation.person_id, Question.person_id, Answer.person_id, Timer.person_id),
    *(Inbox.person_id, Outbox.person_id, Media.person_id, Receipt.person_id, Receipt.reader_id),
    *(Talk.first_id, Talk.second_id, Talk.asked_by_id, PageCall.person_id),
    *(Alert.person_id, Alert.answered_by, AlertStep.person_id, DangerLabel.person_id),
    *(PendingAction.by_person_id, Introduction.by_person_id, Introduced.written_by, Listing.looked_by),
    *(Report.by_person_id, Report.about_person_id, Report.settled_by, CircleHour.set_by),
    *(PageLink.person_id, PageSession.person_id, Upload.person_id),
    *(Applicant.person_id, SeatDraw.sealed_by),
)
"""Where a person's id stands, in every table, but in `apart`: it goes by which of two ids is the lower."""
STAYS: Final = ("audit.person_id", "erasure.person_id", "person.merged_into_id", "phone_link.gone_id")
"""What is only ever added to, or says who went."""
SAME_WITHIN: Final = dt.timedelta(days=3)
"""What the one who stays was told so lately is not told again."""
_UNPROMPTED: Final = ("notice", "relay", "prompt", "invitation")
_UNCHANGED: Final = {"synchronize_session": False}


def make_one_person(
    session: Session, stays: Person, goes: Person, sender: str, now: dt.datetime
) -> list[int]:
    """Let all that `goes` has be `stays`'s, in this transaction.

    Args:
        session: A session inside `Database.write()`, which holds both people.
        sender: What consent is given to.
        now: Aware UTC.

    Returns:
        Ids of the circles in which two seats became one.
    """
    joined = move_rows(session, stays.id, goes.id, now)
    _keep_settings(stays, goes)
    for address in addresses_of(session, stays.id):
        address.preferred_at = None  # Texts go where they wrote last, until they say otherwise.
    goes.merged_into_id = stays.id
    session.flush()
    end_sessions(session, stays.id, now)  # Either phone may be somebody else's after all: it signs in anew.
    best = address_of(session, stays.id, sender)
    if best is not None:
        readdress(session, stays.id, best, now)
    replan(session, stays, now)
    session.flush()
    note_touched(session, Member, Role)
    return joined


def move_rows(session: Session, stays: int, goes: int, now: dt.datetime) -> list[int]:
    """Move every row of the one who goes to the one who stays; return the circles where two seats became one.

    Safe to run again, and where there is nothing to move.
    """
    session.flush()
    joined = _hold_seats(session, stays, goes)
    timers = _pending(session, goes)
    waiting = _waiting(session, goes)
    _close_what_is_asked(session, goes, joined.values(), now)
    for kept, gone in joined.items():
        make_one_seat(session, session.get_one(Member, kept), session.get_one(Member, gone), now)
    _keep_roles(session, stays, goes, now)
    _keep_call_wish(session, stays, goes)
    _keep_apart(session, stays, goes)
    session.flush()
    for column in PERSON_COLUMNS:
        move(session, column, goes, stays)
    # One's own words need no receipt.
    own = (Receipt.person_id == stays, Receipt.reader_id == stays)
    session.execute(delete(Receipt).where(*own), execution_options=_UNCHANGED)
    session.expire_all()
    forget(session)
    _drop_doubled(session, stays, timers, waiting, now)
    session.flush()
    circles = select(Member.circle_id).where(Member.id.in_(joined)).order_by(Member.circle_id)
    return list(session.scalars(circles))


def _hold_seats(session: Session, stays: int, goes: int) -> dict[int, int]:
    """Return the seats that are two in one circle, kept -> gone; nobody else changes either meanwhile."""
    mine = {
        each.circle_id: each.id for each in session.scalars(select(Member).where(Member.person_id == stays))
    }
    theirs = session.execute(
        select(Member.circle_id, Member.id).where(Member.person_id == goes).order_by(Member.circle_id)
    ).all()
    joined = {mine[row.circle_id]: row.id for row in theirs if row.circle_id in mine}
    if joined and not is_writing_alone(session):
        for row in theirs:
            if row.circle_id in mine:
                lock_circle(session, row.circle_id)
        # Whoever is writing a row for one of them is done before, or waits and finds it gone.
        both = select(Member.id).where(Member.id.in_((*joined, *joined.values()))).order_by(Member.id)
        session.execute(both.with_for_update()).all()
    session.expire_all()
    forget(session)
    return joined


def _close_what_is_asked(session: Session, goes: int, seats: Any, now: dt.datetime) -> None:
    """Close what the one who goes is asked, and whatever goes on in a seat that becomes part of another.

    What only waits in another seat goes on; so does what others were promised, which timers begin.
    """
    asked = select(Question.conversation_id).where(Question.person_id == goes, Question.state != "closed")
    ended = set(session.scalars(asked))
    going_on = select(Conversation.id).where(
        Conversation.person_id == goes,
        Conversation.member_id.in_(list(seats)),
        Conversation.ended_at.is_(None),
    )
    ended |= set(session.scalars(going_on))
    if not ended:
        return
    of_these = (
        update(Question)
        .where(Question.conversation_id.in_(ended), Question.state != "closed")
        .values(state="closed", outcome="ended", closed_at=now),
        update(Conversation)
        .where(Conversation.id.in_(ended), Conversation.ended_at.is_(None))
        .values(ended_at=now),
        update(Timer).where(Timer.conversation_id.in_(ended), Timer.done_at.is_(None)).values(done_at=now),
        update(Outbox)
        .where(Outbox.conversation_id.in_(ended), Outbox.state == "queued", Outbox.purpose == "prompt")
        .values(state="cancelled", reason="two phones became one"),
    )
    for statement in of_these:
        session.execute(statement, execution_options=_UNCHANGED)


def _keep_roles(session: Session, stays: int, goes: int, now: dt.datetime) -> None:
    """A role that both hold is one role, taken up if either did so."""
    held = select(Role).where(Role.ended_at.is_(None))
    mine = {_role(role): role for role in session.scalars(held.where(Role.person_id == stays))}
    for role in session.scalars(held.where(Role.person_id == goes)).all():
        same = mine.get(_role(role))
        if same is None:
            continue
        role.ended_at = now
        if same.accepted_at is None:
            same.accepted_at, same.away_until = role.accepted_at, role.away_until
        elif role.accepted_at is not None:
            # Whoever is away as one of the two is reached as the other.
            here = None in (same.away_until, role.away_until)
            same.away_until = None if here else min(same.away_until, role.away_until)  # type: ignore[type-var]
        same.brief_at = same.brief_at or role.brief_at
        role.brief_at = None
    session.flush()


def _role(role: Role) -> tuple[str, int | None, int | None]:
    return role.kind, role.circle_id, role.cohort_id


def _keep_call_wish(session: Session, stays: int, goes: int) -> None:
    """Of two answers to whether a page may ring, a no holds."""
    both = {
        each.person_id: each
        for each in session.scalars(select(CallWish).where(CallWish.person_id.in_((stays, goes))))
    }
    if len(both) <= 1:
        return
    kept, gone = both[stays], both[goes]
    kept.agreed = False if False in (kept.agreed, gone.agreed) else kept.agreed or gone.agreed
    for name in ("asked_at", "answered_at", "tried_at"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    session.delete(gone)
    session.flush()


def _keep_apart(session: Session, stays: int, goes: int) -> None:
    """Whoever was kept apart from one of the two is from both."""
    theirs = or_(Apart.one_id == goes, Apart.other_id == goes)
    for apart in session.scalars(select(Apart).where(theirs)).all():
        other = apart.other_id if apart.one_id == goes else apart.one_id
        one_id, other_id = sorted((stays, other))
        there = select(Apart.id).where(Apart.one_id == one_id, Apart.other_id == other_id)
        if other == stays or session.scalar(there) is not None:
            session.delete(apart)
        else:
            apart.one_id, apart.other_id = one_id, other_id
        session.flush()


def _keep_settings(stays: Person, goes: Person) -> None:
    """What the one who stays has not said is as the other said it; a phone that others see is minded."""
    for name in ("name", "language", "place", "zone", "hour", "on_hand"):
        if getattr(stays, name) is None:
            setattr(stays, name, getattr(goes, name))
        if name != "name":  # By that others knew them, until all of it is forgotten.
            setattr(goes, name, None)
    stays.plain = stays.plain or goes.plain
    stays.translated = stays.translated or goes.translated
    heard = [each for each in (stays.heard_at, goes.heard_at) if each is not None]
    stays.heard_at = max(heard, default=None)
    goes.own_word = None  # It was kept as that person's alone: nobody could say it as anybody else's.


def _pending(session: Session, goes: int) -> set[int]:
    rows = select(Timer.id).where(
        Timer.person_id == goes, Timer.kind == "prompt", Timer.key.is_(None), Timer.done_at.is_(None)
    )
    return set(session.scalars(rows))


def _waiting(session: Session, goes: int) -> set[int]:
    rows = select(Outbox.id).where(
        Outbox.person_id == goes, Outbox.state == "queued", Outbox.purpose.in_(_UNPROMPTED)
    )
    return set(session.scalars(rows))


def _drop_doubled(
    session: Session, stays: int, timers: set[int], waiting: set[int], now: dt.datetime
) -> None:
    """What waited for both is due once: the same flow about the same, the same text."""
    pending = select(Timer).where(
        Timer.person_id == stays, Timer.kind == "prompt", Timer.key.is_(None), Timer.done_at.is_(None)
    )
    due = session.scalars(pending.order_by(Timer.id)).all() if timers else []
    begun = {_meaning(timer) for timer in due if timer.id not in timers}
    for timer in due:
        if timer.id in timers and _meaning(timer) in begun:
            timer.done_at = now
    if not waiting:
        return
    told = select(Outbox).where(
        Outbox.person_id == stays,
        Outbox.state.not_in(("cancelled", "dropped", "failed")),
        Outbox.created_at > now - SAME_WITHIN,
        Outbox.wording.is_not(None),
    )
    texts = session.scalars(told.order_by(Outbox.id)).all()
    said = {_saying(text) for text in texts if text.id not in waiting}
    for text in texts:
        if text.id in waiting and text.state == "queued" and _saying(text) in said:
            text.state, text.reason = "cancelled", "the same person has it already"


def _meaning(timer: Timer) -> tuple[object, ...]:
    return timer.flow, timer.member_id, json.dumps(timer.values, sort_keys=True, default=str)


def _saying(text: Outbox) -> tuple[object, ...]:
    """What a text says: whose words it carries, or its own."""
    return text.wording, text.circle_id, text.carries or text.body


def stays_of(first: Person, second: Person, session: Session) -> tuple[Person, Person]:
    """Return who stays and who goes: whoever promised something first stays, or else was met first."""
    promised = {
        row.person_id: row.promised_at
        for row in session.execute(
            select(Member.person_id, Member.promised_at)
            .join(Circle, Circle.id == Member.circle_id)
            .where(Member.person_id.in_((first.id, second.id)), Member.promised_at.is_not(None))
            .order_by(Member.promised_at.desc())
        )
    }
    both = sorted((first, second), key=lambda each: (*_moment(promised.get(each.id)), each.id))
    return both[0], both[1]


def _moment(at: dt.datetime | None) -> tuple[bool, float]:
    return at is None, at.timestamp() if at is not None else 0.0
