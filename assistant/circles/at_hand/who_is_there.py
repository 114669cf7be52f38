"""Chooses whom to ask at once: who is on hand at this hour, then who is awake and was not asked much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.exchange.lifetimes import MOST_ASKS_A_WEEK
from assistant.circles.exchange.likely_helpers import scores_of
from assistant.circles.exchange.link_words import NOW
from assistant.circles.exchange.listings import approaches_of, asked_lately
from assistant.circles.exchange.open_talks import rests_until
from assistant.circles.people.reachability import Reach, reach
from assistant.circles.people.weekly_texts import is_full
from assistant.circles.sharing.shares import apart_from
from assistant.language.exchange.hand_windows import OFF, is_on_hand
from assistant.schedule.local_time import agreed_to, allowed, hours_for, zone_of
from assistant.store.tables import Approach, Circle, Listing, Member, Person

ON_HAND: Final = "on_hand"
AWAKE: Final = "now"
"""Waves of the two kinds: who said so, and who may be asked as about any other ask."""
ONCE_IN: Final = dt.timedelta(days=1)
"""Whoever is on hand is asked once in so long, which is what they read as they said so."""


@dataclass(frozen=True, slots=True)
class There:
    """A member who may be asked at this very moment."""

    member: Member
    person: Person
    wave: str


def who_is_there(session: Session, listing: Listing, sender: str, now: dt.datetime) -> list[There]:
    """Return who of the circle may be asked now, those on hand first, then the likelier.

    Who takes part, hears us, and is awake by their own clock. Not the writer, nobody the writer is kept apart
    from, nobody who was asked already, is in an hour with someone, calls for someone, or may be in danger.
    """
    circle = session.get_one(Circle, listing.circle_id)
    writer = session.get_one(Member, listing.member_id).person_id
    approached = {each.member_id for each in approaches_of(session, listing)}
    rows = session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == circle.id,
            Member.state == "active",
            Member.promised_at.is_not(None),
            Member.id.not_in(approached),
            Person.id.not_in({writer} | apart_from(session, writer)),
        )
        .order_by(Member.id)
    ).all()
    seats = {person.id: (member, person) for member, person in rows}
    reaches, asked = reach(session, seats, sender), asked_lately(session, seats, now)
    called, busy = _called_lately(session, seats, now), _busy(session, seats, now)
    there: list[There] = []
    for member, person in (seat for person_id, seat in seats.items() if person_id not in busy):
        wave = _wave(member, person, circle, reaches[person.id], now)
        often = called.get(person.id, 0) if wave == ON_HAND else asked.get(person.id, 0)
        most = 1 if wave == ON_HAND else MOST_ASKS_A_WEEK
        full = wave == AWAKE and is_full(session, member, now)
        if wave is not None and often < most and not full and not rests_until(session, person.id, now):
            there.append(There(member, person, wave))
    scores = scores_of(session, listing, [each.member.id for each in there])

    def order(each: There) -> tuple[bool, int, int, int]:
        score, _ = scores.get(each.member.id, (0, None))
        return each.wave != ON_HAND, -score, asked.get(each.person.id, 0), each.member.id

    return sorted(there, key=order)


def _wave(member: Member, person: Person, circle: Circle, reach: Reach, now: dt.datetime) -> str | None:
    """Return how a member may be asked now, if at all."""
    if not reach.hears or reach.address is None or person.on_hand == OFF:
        return None
    zones = zone_of(person.zone, circle.zone, reach.address.uri)
    said = zones and all(is_on_hand(person.on_hand, now.astimezone(zone)) for zone in zones)
    if said and agreed_to(now, zones, reach.address.uri):
        return ON_HAND
    # Whoever said other hours is left in peace at this one.
    if person.on_hand is not None or member.weekly_only:
        return None
    return AWAKE if allowed(now, zones, hours_for(reach.address.uri)) else None


def _busy(session: Session, people: Collection[int], now: dt.datetime) -> set[int]:
    """Return who of these is in an hour with someone, or calls for someone, right now."""
    helping = (
        select(Member.person_id)
        .join(Approach, Approach.member_id == Member.id)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(Member.person_id.in_(people), Listing.kind == NOW, Approach.link_ends_at > now)
    )
    calling = (
        select(Member.person_id)
        .join(Listing, Listing.member_id == Member.id)
        .outerjoin(Approach, Approach.listing_id == Listing.id)
        .where(
            Member.person_id.in_(people),
            Listing.kind == NOW,
            or_(Listing.state == "open", Approach.link_ends_at > now),
        )
    )
    return {*session.scalars(helping), *session.scalars(calling)}


def _called_lately(session: Session, people: Collection[int], now: dt.datetime) -> Mapping[int, int]:
    """Return how often each of these people was asked as being on hand, within a day."""
    rows = session.execute(
        select(Member.person_id, func.count(Approach.id))
        .join(Approach, Approach.member_id == Member.id)
        .where(Member.person_id.in_(people), Approach.wave == ON_HAND, Approach.due_at > now - ONCE_IN)
        .group_by(Member.person_id)
    )
    return dict(rows.all())
