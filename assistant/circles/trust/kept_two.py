"""Knows of two people who say they are one why no machine may make them one, or not now.

Those who were something to each other as two (buddies, introduced, kept apart, reported, in a talk, words
between them) and a seat that a host has closed are for a person to look at. Nobody is told which it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from assistant.circles.people.memberships import hosts_of
from assistant.safety.first_response import talk_of
from assistant.safety.on_call import circles_answered_for
from assistant.store.tables import (
    Alert,
    Apart,
    Approach,
    Inbox,
    Introduced,
    Listing,
    Member,
    Note,
    PairMember,
    PendingAction,
    Person,
    Report,
    Role,
    Talk,
)
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.operation_tables import URGENT

KIND: Final = "link"
"""Of the pending actions by which two become one in a minute."""
Reason = Literal["human", "later"]


def why_two(session: Session, one: Person, other: Person, now: dt.datetime) -> Reason | None:
    """Return why these two are not made one now; None: nothing speaks against it.

    human: a person has to look at it. later: something is under way that is about one of them alone.
    """
    if any(session.execute(each.limit(1)).first() is not None for each in _for_a_person(one.id, other.id)):
        return "human"
    under_way = any(
        session.execute(each.limit(1)).first() is not None for each in _under_way(session, one, other, now)
    )
    return "later" if under_way or any(talk_of(session, each.id) for each in (one, other)) else None


def has_unhandled(session: Session, *people: int) -> bool:
    """Whether one of these people has written something that nobody has handled yet."""
    new = select(Inbox.id).where(Inbox.person_id.in_(people), Inbox.state == "new")
    return session.scalar(new.limit(1)) is not None


def who_is_asked(
    session: Session, one: Person, other: Person, now: dt.datetime
) -> list[tuple[Person, Member]]:
    """Return the hosts who are to look at it, each with the seat that it is about.

    Those of circles in which both sit; where they share none, those of the circles of `one`.
    """
    seats = select(Member).where(Member.state.in_(SEATED)).order_by(Member.id)
    mine = session.scalars(seats.where(Member.person_id == one.id)).all()
    theirs = set(session.scalars(select(Member.circle_id).where(Member.person_id == other.id)))
    shared = [member for member in mine if member.circle_id in theirs]
    return [
        (host, member)
        for member in shared or mine
        for host in hosts_of(session, member.circle_id, now)
        if host.id not in (one.id, other.id)
    ]


def _for_a_person(one: int, other: int) -> Iterator[Select[Any]]:
    both = (one, other)
    seat, seat_too = aliased(Member), aliased(Member)
    seats = and_(seat.person_id == one, seat_too.person_id == other)
    yield select(Apart.id).where(Apart.one_id == min(both), Apart.other_id == max(both))
    yield select(Report.id).where(_between(Report.by_person_id, Report.about_person_id, one, other))
    yield select(Talk.id).where(_between(Talk.first_id, Talk.second_id, one, other))
    # Whoever sees to the whole service is known to whoever runs it.
    yield select(Role.id).where(Role.person_id.in_(both), Role.kind == "operator", Role.ended_at.is_(None))
    for table, of, member in (
        (PairMember, "pair_id", "member_id"),
        (Introduced, "introduction_id", "member_id"),
    ):
        mine, theirs = aliased(table), aliased(table)
        yield (
            select(seat.id)
            .join(mine, getattr(mine, member) == seat.id)
            .join(theirs, getattr(theirs, of) == getattr(mine, of))
            .join(seat_too, getattr(theirs, member) == seat_too.id)
            .where(seats)
        )
    sender, reader = aliased(Member), aliased(Member)
    yield (
        select(Note.id)
        .join(sender, sender.id == Note.from_member_id)
        .join(reader, reader.id == Note.to_member_id)
        .where(_between(sender.person_id, reader.person_id, one, other))
    )
    writer, helper = aliased(Member), aliased(Member)
    yield (
        select(Approach.id)
        .join(Listing, Listing.id == Approach.listing_id)
        .join(writer, writer.id == Listing.member_id)
        .join(helper, helper.id == Approach.member_id)
        .where(
            _between(writer.person_id, helper.person_id, one, other),
            or_(Approach.reply.in_(("can", "knows", "line")), Approach.linked_at.is_not(None)),
        )
    )
    yield (
        select(seat.id)
        .join(seat_too, seat_too.circle_id == seat.circle_id)
        .where(seats, or_(seat.barred_at.is_not(None), seat_too.barred_at.is_not(None)))
    )


def _under_way(session: Session, one: Person, other: Person, now: dt.datetime) -> Iterator[Select[Any]]:
    both = (one.id, other.id)
    answered_for = circles_answered_for(session, one.id) | circles_answered_for(session, other.id)
    yield select(Alert.id).where(
        Alert.kind.in_(URGENT),
        Alert.closed_at.is_(None),
        or_(Alert.person_id.in_(both), Alert.circle_id.in_(answered_for)),
    )
    yield select(Member.id).where(Member.person_id.in_(both), Member.state == "joining")
    seats = select(Member.id).where(Member.person_id.in_(both))
    yield select(PendingAction.id).where(
        PendingAction.state == "held",
        PendingAction.kind != KIND,
        PendingAction.held_until > now,
        or_(PendingAction.by_person_id.in_(both), PendingAction.member_id.in_(seats)),
    )
    yield select(Talk.id).where(
        Talk.state.in_(("asked", "ringing")), or_(Talk.first_id.in_(both), Talk.second_id.in_(both))
    )
    # Someone was called for and may be there at this moment.
    yield (
        select(Listing.id)
        .outerjoin(Approach, Approach.listing_id == Listing.id)
        .where(
            Listing.kind == "now",
            or_(Listing.member_id.in_(seats), Approach.member_id.in_(seats)),
            or_(Listing.state == "open", Approach.link_ends_at > now),
        )
    )


def _between(
    first: InstrumentedAttribute[int], second: InstrumentedAttribute[int], one: int, other: int
) -> ColumnElement[bool]:
    return or_(and_(first == one, second == other), and_(first == other, second == one))
