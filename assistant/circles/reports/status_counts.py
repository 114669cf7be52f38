"""Counts how circles and their texts stand: numbers only, never words, never whose."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.hosts.circle_setup import find_circle
from assistant.store.tables import (
    Address,
    Alert,
    Circle,
    Cohort,
    Conversation,
    Inbox,
    Invitation,
    Member,
    Outbox,
    Person,
    Role,
)
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.operation_tables import URGENT

SAFETY_FLOWS = (
    *("danger", "abuse", "emergency", "safe", "show", "maybe_danger"),
    *("alert_backup", "alert_call", "alert_done", "alert_number", "alert_reply", "alert_to_paged"),
)
"""Where someone stands in these is nobody's figure: in a circle of eight it would say too much."""

PROGRESS = (
    "queued",
    "invited",
    "reminded",
    "confirmed",
    "onboarding",
    "in",
    "left",
    "declined",
    "unreachable",
    "no consent",
)
"""How far an invitation has come. confirmed: it was answered yes, and nothing is being asked right now."""


@dataclass(frozen=True, slots=True)
class CircleCounts:
    """How a circle stands, in numbers only."""

    code: str
    name: str
    state: str
    size: int
    starts_on: dt.date | None
    hosts: int
    """Host and backup seats that were taken up."""
    members: Mapping[str, int]
    """Seat's state -> how many."""
    invitations: Mapping[str, int]
    """Invitation's state -> how many."""
    progress: Mapping[str, int]
    """One of `PROGRESS` -> how many of those invited have come so far."""
    steps: Mapping[str, int]
    """ "flow: step" -> how many stand there."""
    heard: Mapping[str, int]
    """How many of those with a seat were last heard from within a day, a week, earlier, never."""
    waiting: int
    """Texts to this circle that have not left yet."""
    alarms: int
    """How many may need a person and have not been reached, as far as anyone said."""
    unanswered: int
    """Of those, how many nobody is paged about any more, since nobody answered or said how it is."""

    @property
    def seated(self) -> int:
        return sum(self.members.get(state, 0) for state in SEATED)


def count_circles(
    session: Session, now: dt.datetime, code: str | None = None, cohort: Cohort | None = None
) -> list[CircleCounts]:
    """How one circle stands, or those of a cohort, or all of them, newest last.

    Raises:
        NotPossible: there is no circle of that code.
    """
    asked = select(Circle).order_by(Circle.id)
    if cohort is not None:
        asked = asked.where(Circle.cohort_id == cohort.id)
    circles = [find_circle(session, code)] if code else list(session.scalars(asked))
    return [_count(session, circle, now) for circle in circles]


def progress_of(session: Session, circle_id: int) -> Counter[str]:
    """How far the invitations of a circle have come: one of `PROGRESS` -> how many."""
    rows = session.execute(
        select(Invitation, Member)
        .join(Address, Address.id == Invitation.address_id)
        .outerjoin(
            Member, (Member.circle_id == Invitation.circle_id) & (Member.person_id == Address.person_id)
        )
        .where(Invitation.circle_id == circle_id)
    ).all()
    asked = set(
        session.scalars(
            select(Conversation.member_id)
            .join(Member, Member.id == Conversation.member_id)
            .where(Member.circle_id == circle_id, Conversation.ended_at.is_(None))
        )
    )
    counts: Counter[str] = Counter()
    for invitation, member in rows:
        counts[_how_far(invitation, member, asked)] += 1
    return Counter({name: counts[name] for name in PROGRESS if counts[name]})


def _how_far(invitation: Invitation, member: Member | None, asked: Collection[int | None]) -> str:
    if member is not None and member.state in SEATED:
        if member.promised_at is not None:
            return "in"
        return "onboarding" if member.id in asked else "confirmed"
    if invitation.state == "confirmed":
        return "left"
    if invitation.state == "sent":
        sent_at, reminded_at = invitation.sent_at, invitation.reminded_at
        return "reminded" if sent_at and reminded_at and reminded_at > sent_at else "invited"
    return {"waiting": "queued", "no_consent": "no consent"}.get(invitation.state, invitation.state)


def _count(session: Session, circle: Circle, now: dt.datetime) -> CircleCounts:
    mine = Member.circle_id == circle.id
    steps = session.execute(
        select(Conversation.flow, Conversation.step, func.count())
        .join(Member, Member.id == Conversation.member_id)
        .where(mine, Conversation.ended_at.is_(None), Conversation.flow.not_in(SAFETY_FLOWS))
        .group_by(Conversation.flow, Conversation.step)
        .order_by(Conversation.flow, Conversation.step)
    )
    return CircleCounts(
        code=circle.code,
        name=circle.name,
        state=circle.state,
        size=circle.size,
        starts_on=circle.starts_on,
        hosts=session.scalar(
            select(func.count()).where(
                Role.circle_id == circle.id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
            )
        )
        or 0,
        members=_by_state(session, Member, circle.id),
        invitations=_by_state(session, Invitation, circle.id),
        progress=dict(progress_of(session, circle.id)),
        steps={f"{flow}: {step}": count for flow, step, count in steps},
        heard=_heard(session, circle.id, now),
        waiting=session.scalar(
            select(func.count()).where(Outbox.circle_id == circle.id, Outbox.state == "queued")
        )
        or 0,
        alarms=session.scalar(
            select(func.count()).where(
                Alert.circle_id == circle.id, Alert.kind.in_(URGENT), Alert.closed_at.is_(None)
            )
        )
        or 0,
        unanswered=session.scalar(
            select(func.count()).where(
                Alert.circle_id == circle.id,
                Alert.kind.in_(URGENT),
                Alert.closed_at.is_(None),
                Alert.answered_at.is_(None),
                Alert.next_page_at.is_(None),
            )
        )
        or 0,
    )


def _heard(session: Session, circle_id: int, now: dt.datetime) -> dict[str, int]:
    """Within a day, a week, earlier, never -> how many of those with a seat were last heard from then."""
    heard: dict[str, int] = dict.fromkeys(("day", "week", "earlier", "never"), 0)
    for moment in session.scalars(
        select(Person.heard_at)
        .join(Member, Member.person_id == Person.id)
        .where(Member.circle_id == circle_id, Member.state.in_(SEATED))
    ):
        heard[_ago(moment, now)] += 1
    return heard


def _by_state(session: Session, table: type[Member] | type[Invitation], circle_id: int) -> dict[str, int]:
    counted = select(table.state, func.count()).where(table.circle_id == circle_id).group_by(table.state)
    return {state: count for state, count in session.execute(counted)}  # noqa: C416 - rows are no pairs to mypy


def _ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    if now - moment <= dt.timedelta(days=1):
        return "day"
    return "week" if now - moment <= dt.timedelta(weeks=1) else "earlier"


def count_texts(session: Session) -> dict[str, int]:
    """How many texts wait to be handled, were set aside, or may or may not have been taken by the carrier."""
    return {
        "to handle": session.scalar(select(func.count()).where(Inbox.state == "new")) or 0,
        "set aside": session.scalar(select(func.count()).where(Inbox.state == "set_aside")) or 0,
        "to send": session.scalar(select(func.count()).where(Outbox.state == "queued")) or 0,
        "unsure": session.scalar(select(func.count()).where(Outbox.state == "unsure")) or 0,
    }
