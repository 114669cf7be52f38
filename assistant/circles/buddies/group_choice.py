"""Chooses a group for whoever needs one in the middle of a round: fewest repeats, then the best fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final

from sqlalchemy.orm import Session

from assistant.circles.buddies.groups import (
    history,
    kept_apart,
    latest_round,
    open_groups,
    pairable,
    seats_for,
)
from assistant.circles.buddies.suitability import Seat, fits
from assistant.store.tables import Circle, Member, Pair, PairMember, Round

SMALL_GROUP: Final = 3
"""Members of a group that takes nobody else in."""


def someone_else(session: Session, member: Member, sender: str, now: dt.datetime) -> Member | None:
    """Return who could be the member's buddy besides the one waited for; None: there is nobody."""
    circle = session.get_one(Circle, member.circle_id)
    round_ = latest_round(session, circle.id)
    if round_ is None:
        return None
    groups = groups_for(session, circle, round_, member, sender, now)
    if not groups or len(groups[0][1]) >= SMALL_GROUP:
        return None
    _, seats = groups[0]
    rank = rank_groups(session, circle, member, sender, now)
    return min((session.get_one(Member, seat.member_id) for seat in seats), key=lambda each: rank([each.id]))


def groups_for(
    session: Session, circle: Circle, round_: Round, member: Member, sender: str, now: dt.datetime
) -> list[tuple[Pair, list[PairMember]]]:
    """Return the groups a member could join, the best first: someone who is alone, then twos, then threes."""
    apart = kept_apart(session, circle.id)
    here = {each.id for each in pairable(session, circle.id, sender, now)}
    groups = [
        (pair, seats)
        for pair, seats in open_groups(session, round_)
        if all(
            seat.member_id in here
            and seat.member_id != member.id
            and frozenset((seat.member_id, member.id)) not in apart
            for seat in seats
        )
    ]
    rank = rank_groups(session, circle, member, sender, now)
    return sorted(groups, key=lambda group: (len(group[1]), rank([seat.member_id for seat in group[1]])))


def rank_groups(
    session: Session, circle: Circle, member: Member, sender: str, now: dt.datetime
) -> Callable[[Sequence[int]], tuple[int, int, int]]:
    """Return what ranks a group for a member, the lowest best: fewest repeats, then the best fit."""
    met = [
        couple
        for groups in history(session, circle.id)
        for group in groups
        for couple in combinations(sorted(group), 2)
        if member.id in couple
    ]
    everyone = {each.id: each for each in [member, *pairable(session, circle.id, sender, now)]}
    seats = {seat.member: seat for seat in seats_for(session, circle, everyone.values(), now)}
    theirs = seats[member.id]

    def rank(group: Sequence[int]) -> tuple[int, int, int]:
        repeats = sum(met.count((min(member.id, other), max(member.id, other))) for other in group)
        return repeats, -sum(fits(theirs, seats.get(other, Seat(other))) for other in group), min(group)

    return rank
