"""Reads what members asked, offered and gave each other in seasons: counts, hours and ties, never words.

A tie goes from whoever gave to whoever got: a kind line, thanks, an answer, help, words on a line that an ask
or an introduction opened. Two who were introduced are tied both ways. Lines between buddies are no ties: the
season pairs everyone, and what is asked is whether the circle becomes a network beyond that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from assistant.circles.reports.season_counts import HOUR, Posted, Season, Seat, rows_of, seats_in
from assistant.store.tables import Approach, Circle, Introduced, Introduction, Listing, Note, PairMember

TYING: Final = ("kind", "thanks", "answer", "link")
"""Kinds of notes that are ties; the others are lines to buddies."""
WEEK_DAYS: Final = 7


def add_ties(
    session: Session,
    circles: Mapping[int, Circle],
    inside: Select[int],
    seats: Mapping[int, Seat],
    homes: Mapping[int, int],
    seasons: Mapping[int, Season],
) -> None:
    """Count into these seasons what was asked and offered, and who is tied to whom since which week.

    Args:
        session: Any session.
        circles: By id.
        inside: Selects their ids.
        seats: By id.
        homes: Seat -> its circle.
        seasons: By the circle's id.
    """
    for listing in rows_of(session, _listings(inside)):
        seat = seats.get(listing.member_id)
        if seat is not None:
            hours = (listing.first_yes - listing.posted_at) / HOUR if listing.first_yes else None
            posted = Posted(listing.kind, seat.person_id, hours, bool(listing.helped))
            seasons[listing.circle_id].posted.append(posted)
    calendar = _Calendar(circles)
    for giver, getter, at, by_word in _given(session, inside):
        one, other = seats.get(giver), seats.get(getter)
        if one is None or other is None or one.person_id == other.person_id:
            continue
        for circle_id in {homes[giver], homes[getter]}:
            season = seasons[circle_id]
            season.ties.append((calendar.week(circle_id, at), one.person_id, other.person_id))
            if by_word and circle_id == homes[getter]:
                season.helped.append((one.person_id, other.person_id))


def add_roles(session: Session, inside: Select[int], seats: Mapping[int, Seat]) -> None:
    """Count in how many rounds each member brought a thing, listened, or asked, and was told so."""
    held = (
        select(PairMember.member_id, PairMember.role, func.count())
        .where(
            PairMember.member_id.in_(seats_in(inside)),
            PairMember.role.is_not(None),
            PairMember.told_at.is_not(None),
        )
        .group_by(PairMember.member_id, PairMember.role)
    )
    for member_id, role, count in rows_of(session, held):
        if (seat := seats.get(member_id)) is not None:
            seat.counts[f"role_{role}"] += count


def _listings(inside: Select[int]) -> Select[*tuple[Any, ...]]:
    yes = and_(Approach.listing_id == Listing.id, Approach.reply.in_(("can", "knows")))
    return (
        select(
            Listing.id,
            Listing.circle_id,
            Listing.member_id,
            Listing.kind,
            Listing.posted_at,
            func.min(Approach.replied_at).label("first_yes"),
            func.max(case((Approach.helped == "yes", 1), else_=0)).label("helped"),
        )
        .outerjoin(Approach, yes)
        .where(Listing.circle_id.in_(inside), Listing.posted_at.is_not(None))
        .group_by(Listing.id, Listing.circle_id, Listing.member_id, Listing.kind, Listing.posted_at)
    )


def _given(session: Session, inside: Select[int]) -> Iterator[tuple[int, int, dt.datetime, bool]]:
    """Yield the seat that gave, the one that got, when, and whether it helped by the other's word."""
    notes = select(Note.from_member_id, Note.to_member_id, Note.at).where(
        Note.circle_id.in_(inside), Note.kind.in_(TYING)
    )
    for giver, getter, at in rows_of(session, notes):
        yield giver, getter, at, False
    links = (
        select(Listing.kind, Listing.member_id, Approach.member_id, Approach.linked_at, Approach.helped)
        .join(Approach, Approach.listing_id == Listing.id)
        .where(Listing.circle_id.in_(inside), Approach.linked_at.is_not(None))
    )
    for kind, writer, other, at, helped in rows_of(session, links):
        giver, getter = (writer, other) if kind == "offer" else (other, writer)
        yield giver, getter, at, helped == "yes"
    met = (
        select(Introduction.id, Introduction.linked_at, Introduced.member_id)
        .join(Introduced, Introduced.introduction_id == Introduction.id)
        .where(Introduction.circle_id.in_(inside), Introduction.outcome == "met")
        .order_by(Introduction.id)
    )
    first: dict[int, int] = {}
    for number, at, member_id in rows_of(session, met):
        other = first.setdefault(number, member_id)
        if other != member_id:
            yield other, member_id, at, False
            yield member_id, other, at, False


class _Calendar:
    """In which week of a circle's season something was."""

    def __init__(self, circles: Mapping[int, Circle]) -> None:
        self._starts = {
            number: (circle.starts_on, ZoneInfo(circle.zone)) for number, circle in circles.items()
        }

    def week(self, circle_id: int, at: dt.datetime) -> int:
        """Return the week, from 1; 0: before the first."""
        starts_on, zone = self._starts[circle_id]
        if starts_on is None:
            return 0
        return max(0, (at.astimezone(zone).date() - starts_on).days // WEEK_DAYS + 1)
