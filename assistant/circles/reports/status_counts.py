"""Counts how circles and their texts stand: numbers only, never words, never whose."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.circles.at_hand.at_hand_counts import NowCounts, count_nows
from assistant.circles.hosts.circle_setup import find_circle
from assistant.circles.reports.season_counts import rows_of
from assistant.store.columns import UtcDateTime
from assistant.store.tables import (
    Address,
    Alert,
    Circle,
    Cohort,
    Conversation,
    Inbox,
    Invitation,
    Listing,
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

SPANS = ("day", "week", "earlier", "never")
"""Within what time a member was last heard from."""
ByCircle = defaultdict[int, dict[str, int]]
"""Circle -> what is counted -> how many there are of it."""

_ALL: Final = true()
_OPEN_ALARM: Final = (Alert.kind.in_(URGENT), Alert.closed_at.is_(None))

# Written out, so that the databases know these rows from their partial indexes.
_QUEUED: Final = Outbox.state == literal("queued", literal_execute=True)
_UNSETTLED: Final = Outbox.state.in_(
    (literal("claimed", literal_execute=True), literal("unsure", literal_execute=True))
)
_NEW: Final = Inbox.state == literal("new", literal_execute=True)
_SET_ASIDE: Final = Inbox.state == literal("set_aside", literal_execute=True)


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
    nows: NowCounts
    """How often members called for someone now, and how soon one came."""

    @property
    def seated(self) -> int:
        return sum(self.members.get(state, 0) for state in SEATED)


def count_circles(
    session: Session, now: dt.datetime, code: str | None = None, cohort: Cohort | None = None
) -> list[CircleCounts]:
    """How one circle stands, or those of a cohort, or all of them, newest last.

    It takes the same few statements however many circles there are.

    Raises:
        NotPossible: there is no circle of that code.
    """
    session.flush()
    if code:
        asked = Circle.id == find_circle(session, code).id
    else:
        asked = Circle.cohort_id == cohort.id if cohort is not None else _ALL
    columns = (Circle.id, Circle.code, Circle.name, Circle.state, Circle.size, Circle.starts_on)
    circles = list(rows_of(session, select(*columns).where(asked).order_by(Circle.id)))
    members, heard = _seats(session, asked, now)
    invitations, progress = _invited(session, asked)
    steps = _steps(session, asked)
    hosts = _numbers(session, asked, Role, Role.accepted_at.is_not(None), Role.ended_at.is_(None))
    waiting = _numbers(session, asked, Outbox, _QUEUED)
    alarms = _numbers(session, asked, Alert, *_OPEN_ALARM)
    given_up = (Alert.answered_at.is_(None), Alert.next_page_at.is_(None))
    unanswered = _numbers(session, asked, Alert, *_OPEN_ALARM, *given_up)
    nows = count_nows(session, _inside(Listing.circle_id, asked))
    return [
        CircleCounts(
            code=circle.code,
            name=circle.name,
            state=circle.state,
            size=circle.size,
            starts_on=circle.starts_on,
            hosts=hosts[circle.id],
            members=members[circle.id],
            invitations=invitations[circle.id],
            progress={name: progress[circle.id][name] for name in PROGRESS if name in progress[circle.id]},
            steps=steps[circle.id],
            heard={span: heard[circle.id].get(span, 0) for span in SPANS},
            waiting=waiting[circle.id],
            alarms=alarms[circle.id],
            unanswered=unanswered[circle.id],
            nows=nows.get(circle.id, NowCounts()),
        )
        for circle in circles
    ]


def _inside(column: InstrumentedAttribute[Any], asked: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row belongs to the circles that are asked about; of all of them no row is looked up."""
    return true() if asked is _ALL else column.in_(select(Circle.id).where(asked))


def _numbers(
    session: Session,
    asked: ColumnElement[bool],
    table: type[Alert] | type[Outbox] | type[Role],
    *which: ColumnElement[bool],
) -> Counter[int]:
    """Circle -> how many such rows of a table it has."""
    # Not by the bare column: SQLite would read every text there is in its order, to spare itself a sort.
    circle = func.coalesce(table.circle_id, 0)
    counted = select(circle, func.count()).where(_inside(table.circle_id, asked), *which).group_by(circle)
    return Counter({circle_id: count for circle_id, count in session.execute(counted)})  # noqa: C416 - rows are no pairs to mypy


def _seats(session: Session, asked: ColumnElement[bool], now: dt.datetime) -> tuple[ByCircle, ByCircle]:
    """Count seats by their state, and those of members by when they were last heard from."""
    day, week = (literal(now - dt.timedelta(days=days), UtcDateTime) for days in (1, 7))
    span = case(
        (Member.state.not_in(SEATED), "gone"),
        (Person.heard_at.is_(None), "never"),
        (Person.heard_at >= day, "day"),
        (Person.heard_at >= week, "week"),
        else_="earlier",
    ).label("span")
    return _grouped(
        session,
        select(Member.circle_id, Member.state, span, func.count())
        .join(Person, Person.id == Member.person_id)
        .where(_inside(Member.circle_id, asked))
        .group_by(Member.circle_id, Member.state, span)
        .order_by(Member.circle_id, Member.state, span),
    )


def _invited(session: Session, asked: ColumnElement[bool]) -> tuple[ByCircle, ByCircle]:
    """Count invitations by their state, and by how far they came: one of `PROGRESS`."""
    # Not correlated: PostgreSQL would look for each member anew, and twice, to group by it.
    theirs = select(Member.id).where(Member.circle_id.in_(select(Circle.id).where(asked)))
    is_asked = Member.id.in_(
        select(Conversation.member_id).where(
            Conversation.ended_at.is_(None),
            Conversation.member_id.is_not(None) if asked is _ALL else Conversation.member_id.in_(theirs),
        )
    )
    seated = Member.state.in_(SEATED)
    how_far = case(
        (seated & Member.promised_at.is_not(None), "in"),
        (seated & is_asked, "onboarding"),
        (seated, "confirmed"),
        (Invitation.state == "confirmed", "left"),
        ((Invitation.state == "sent") & (Invitation.reminded_at > Invitation.sent_at), "reminded"),
        (Invitation.state == "sent", "invited"),
        (Invitation.state == "waiting", "queued"),
        (Invitation.state == "no_consent", "no consent"),
        else_=Invitation.state,
    ).label("how_far")
    return _grouped(
        session,
        select(Invitation.circle_id, Invitation.state, how_far, func.count())
        .join(Address, Address.id == Invitation.address_id)
        .outerjoin(
            Member, (Member.circle_id == Invitation.circle_id) & (Member.person_id == Address.person_id)
        )
        .where(_inside(Invitation.circle_id, asked))
        .group_by(Invitation.circle_id, Invitation.state, how_far)
        .order_by(Invitation.circle_id, Invitation.state, how_far),
    )


def _steps(session: Session, asked: ColumnElement[bool]) -> defaultdict[int, dict[str, int]]:
    """Circle -> "flow: step" -> how many stand there."""
    standing = (
        select(Member.circle_id, Conversation.flow, Conversation.step, func.count())
        .join(Member, Member.id == Conversation.member_id)
        .where(
            _inside(Member.circle_id, asked),
            Conversation.ended_at.is_(None),
            Conversation.flow.not_in(SAFETY_FLOWS),
        )
        .group_by(Member.circle_id, Conversation.flow, Conversation.step)
        .order_by(Member.circle_id, Conversation.flow, Conversation.step)
    )
    steps: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for circle_id, flow, step, count in session.execute(standing):
        steps[circle_id][f"{flow}: {step}"] = count
    return steps


def _grouped(session: Session, counted: Select[Any]) -> tuple[ByCircle, ByCircle]:
    """Sum what was counted by two things, by the one and by the other; in one pass, as there are many."""
    ones: ByCircle = defaultdict(dict)
    others: ByCircle = defaultdict(dict)
    for circle_id, one, other, count in rows_of(session, counted):
        of_one, of_other = ones[circle_id], others[circle_id]
        of_one[one] = of_one.get(one, 0) + count
        of_other[other] = of_other.get(other, 0) + count
    return ones, others


def count_texts(session: Session) -> dict[str, int]:
    """How many texts wait to be handled, were set aside, or may or may not have been taken by the carrier."""
    return {
        "to handle": session.scalar(select(func.count()).where(_NEW)) or 0,
        "set aside": session.scalar(select(func.count()).where(_SET_ASIDE)) or 0,
        "to send": session.scalar(select(func.count()).where(_QUEUED)) or 0,
        "unsure": session.scalar(select(func.count()).where(_UNSETTLED, Outbox.state == "unsure")) or 0,
    }
