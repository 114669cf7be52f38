"""Chooses whom to ask about a listing: who teaches, lived, sought or offered something like it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.exchange.lifetimes import MOST_ASKS_A_WEEK
from assistant.circles.exchange.listings import approaches_of, asked_lately
from assistant.circles.people.reachability import reach
from assistant.circles.sharing.shares import apart_from
from assistant.language.exchange.topics import likeness
from assistant.store.tables import Answer, Approach, Circle, Listing, Member, Person

WEIGHTS: Final = {"teach": 4, "lived": 3, "learn": 1}
"""How much each answer about oneself counts; who wanted to learn it may know by now."""
OFFERED: Final = 4
HELPED: Final = 5
"""An offer of theirs, and an ask that they helped with by the asker's own word."""
SEEKS: Final = {"learn": 4, "teach": 1, "lived": 1}
"""For an offer it is the other way round: whoever wants it."""
ASKED_FOR: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who may be asked, how well it fits, and what says so."""

    member: Member
    person: Person
    score: int
    because: str | None
    """The row that fits best: "answer:12", "listing:3"; None: nothing does."""
    asked: int
    """How often the person was asked about something this week."""


def candidates(
    session: Session, listing: Listing, circles: Collection[int], sender: str, now: dt.datetime
) -> list[Candidate]:
    """Return who may be asked about a listing in these circles, the likeliest first, each person once.

    Who takes part, has promised, hears us and wants more than the weekly question. Not the writer, nobody the
    writer is kept apart from, nobody who was asked already, or twice this week.
    """
    writer = session.get_one(Member, listing.member_id).person_id
    approached = {approach.member_id for approach in approaches_of(session, listing)}
    before = set(session.scalars(select(Member.person_id).where(Member.id.in_(approached))))
    rows = session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Member.circle_id.in_(circles),
            Circle.state != "closed",
            Member.state == "active",
            Member.promised_at.is_not(None),
            Member.weekly_only.is_(False),
            Person.id != writer,
            Person.id.not_in(apart_from(session, writer) | before),
        )
        .order_by(Member.id)
    ).all()
    seats: dict[int, tuple[Member, Person]] = {}
    for member, person in rows:
        seats.setdefault(person.id, (member, person))
    asked, reaches = asked_lately(session, seats, now), reach(session, seats, sender)
    free = {
        person_id: seat
        for person_id, seat in seats.items()
        if reaches[person_id].hears and asked.get(person_id, 0) < MOST_ASKS_A_WEEK
    }
    scores = scores_of(session, listing, [member.id for member, _ in free.values()])
    found = [
        Candidate(member, person, *scores.get(member.id, (0, None)), asked.get(person.id, 0))
        for member, person in free.values()
    ]
    # Among equals, whoever was asked less lately.
    return sorted(found, key=lambda each: (-each.score, each.asked, each.member.id))


def reason_of(session: Session, approach: Approach, *, to_others: bool) -> str | None:
    """Return the words that speak for someone: what they know, lived, or offered.

    Args:
        to_others: Whether others are to read them: then only what the circle sees anyway.
    """
    kind, _, number = (approach.because or "").partition(":")
    if kind == "answer":
        answer = session.get(Answer, int(number))
        seen = answer is not None and (not to_others or answer.visible_to == "circle")
        return answer.words if answer is not None and seen and answer.key != "learn" else None
    if kind == "listing":
        offer = session.get(Listing, int(number))
        mine = offer is not None and offer.member_id == approach.member_id and offer.kind == "offer"
        return offer.words if offer is not None and mine and (offer.named or not to_others) else None
    return None


def scores_of(
    session: Session, listing: Listing, members: Sequence[int]
) -> dict[int, tuple[int, str | None]]:
    """Return for each member whom something speaks for how much, and what speaks the loudest."""
    wanted = listing.words or ""
    offers = listing.kind == "offer"
    weights = SEEKS if offers else WEIGHTS
    found: dict[int, list[tuple[int, str]]] = {}
    answers = session.scalars(
        select(Answer).where(
            Answer.member_id.in_(members),
            Answer.key.in_(weights),
            Answer.outcome == "text",
            Answer.words.is_not(None),
        )
    )
    for answer in answers:
        if answer.member_id is not None and (alike := likeness(wanted, answer.words or "")):
            found.setdefault(answer.member_id, []).append(
                (alike * weights[answer.key], f"answer:{answer.id}")
            )
    own = select(Listing).where(
        Listing.member_id.in_(members),
        Listing.kind == ("ask" if offers else "offer"),
        Listing.words.is_not(None),
        Listing.posted_at.is_not(None),
    )
    weight = ASKED_FOR if offers else OFFERED
    for other in session.scalars(own):
        if alike := likeness(wanted, other.words or ""):
            found.setdefault(other.member_id, []).append((alike * weight, f"listing:{other.id}"))
    helped = (
        select(Approach.member_id, Listing)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(Approach.member_id.in_(members), Approach.helped == "yes", Listing.words.is_not(None))
    )
    for member_id, other in session.execute(helped):
        if other.kind == "ask" and not offers and (alike := likeness(wanted, other.words or "")):
            found.setdefault(member_id, []).append((alike * HELPED, f"listing:{other.id}"))
    return {member_id: (sum(score for score, _ in each), max(each)[1]) for member_id, each in found.items()}
