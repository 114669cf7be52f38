"""Keeps who asks, brings and listens in each pair of a round, and says so to each of its members."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.buddies.groups import Bond, seats_for
from assistant.circles.buddies.turn_taking import ASKS, BRINGS, LISTENS, Past, Turn, deal, deal_to_newcomer
from assistant.store.tables import Circle, Member, Pair, PairMember, Round


def give_roles(
    session: Session, round_: Round, pairs: Sequence[Sequence[PairMember]], now: dt.datetime
) -> None:
    """Deal to the members of new pairs what each of them begins with.

    Args:
        session: Holds the circle.
        round_: The round that the pairs are of.
        pairs: Everyone in each of them.
        now: Aware UTC.
    """
    circle = session.get_one(Circle, round_.circle_id)
    members = [session.get_one(Member, seat.member_id) for seats in pairs for seat in seats]
    known = {seat.member: seat for seat in seats_for(session, circle, members, now)}
    past = turns_so_far(session, round_)
    for seats in pairs:
        dealt = deal([known[seat.member_id] for seat in seats], past)
        for seat in seats:
            seat.role = dealt.get(seat.member_id)
    session.flush()


def give_role_to_newcomer(
    session: Session, round_: Round, seats: Sequence[PairMember], new: PairMember, now: dt.datetime
) -> None:
    """Deal what is left to someone who joins a pair in the middle of its round.

    What the others were told stands; with someone who was alone it is a pair like any other.
    """
    if len(seats) < 2:
        give_roles(session, round_, [[*seats, new]], now)
    else:
        new.role = deal_to_newcomer(seat.role for seat in seats)


def turns_so_far(session: Session, round_: Round) -> Past:
    """Return what the members of a circle began each round with before this one, in pairs that lasted."""
    of_circle = (
        select(Pair.id, Round.week, func.count(PairMember.member_id).label("size"))
        .join(Round, Round.id == Pair.round_id)
        .join(PairMember, PairMember.pair_id == Pair.id)
        .where(
            Round.circle_id == round_.circle_id,
            Round.week < round_.week,
            Pair.ended_at.is_(None),
        )
        .group_by(Pair.id, Round.week)
        .subquery()
    )
    rows = session.execute(
        select(PairMember.member_id, PairMember.role, of_circle.c.size)
        .join(of_circle, of_circle.c.id == PairMember.pair_id)
        .where(PairMember.role.is_not(None))
        .order_by(of_circle.c.week, PairMember.pair_id)
    )
    past: defaultdict[int, list[Turn]] = defaultdict(list)
    for member_id, role, size in rows:
        past[member_id].append(Turn(role, size))
    return past


def turn_values(bonds: Sequence[Bond]) -> dict[str, Any]:
    """Return what a text to a member says of whose turn it is: `turn`, and of three, who does what.

    Nothing where there is no pair, or more than one: who is linked with others besides has two roles.
    """
    open_bonds = [bond for bond in bonds if bond.others]
    if len(open_bonds) != 1 or open_bonds[0].mine.role is None:
        return {}
    bond = open_bonds[0]
    by_role = {seat.role: person.name for seat, _, person in bond.others}
    names = {
        placeholder: by_role[role]
        for role, placeholder in ((ASKS, "first"), (BRINGS, "second"), (LISTENS, "third"))
        if by_role.get(role) and len(bond.others) > 1
    }
    return {"turn": bond.mine.role, **names}
