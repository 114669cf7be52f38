"""Changes a round under way: takes in who comes late, and finds buddies for whoever is left behind.

Whoever is left behind when a buddy leaves, pauses, stops or is kept apart hears the same kind words, whatever
the reason was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Effect, Start
from assistant.circles.buddies.buddy_news import tell_buddies_now, tell_left
from assistant.circles.buddies.group_choice import SMALL_GROUP, groups_for, rank_groups
from assistant.circles.buddies.groups import (
    bonds_of,
    buddies_of,
    kept_apart,
    latest_round,
    open_groups,
    pairable,
)
from assistant.circles.buddies.matching import Group
from assistant.circles.buddies.pair_roles import give_role_to_newcomer
from assistant.circles.buddies.rounds import MEET, add_pair, is_nearly_over, theme_of
from assistant.circles.people.memberships import lock_circle
from assistant.store.tables import Apart, Circle, Member, Pair, PairMember, Person, Round


def take_in(
    session: Session, round_: Round, member: Member, sender: str, now: dt.datetime
) -> tuple[Effect, ...]:
    """Give a latecomer buddies in a round under way: one who is alone, else a pair, which becomes three.

    Returns:
        What the others hear. The latecomer is not told here.
    """
    circle = lock_circle(session, round_.circle_id)
    return _place(session, circle, round_, member, sender, now)


def welcome_back(session: Session, member: Member, now: dt.datetime) -> tuple[Effect, ...]:
    """Introduce a buddy to someone who comes back in the middle of a round; nothing where there is none."""
    circle = session.get_one(Circle, member.circle_id)
    round_ = latest_round(session, circle.id)
    if round_ is None or circle.state != "running" or is_nearly_over(circle, round_, now):
        return ()
    if bonds_of(session, member, week=round_.week, told=False):
        return ()
    values = {"week": round_.week, "theme": theme_of(circle, round_.week)}
    return (Start(member.person_id, MEET, values, member.id),)


def let_go(session: Session, member: Member, sender: str, now: dt.datetime) -> tuple[Effect, ...]:
    """Mend the round that someone drops out of, who left, paused, stopped, or is no longer paired.

    Call it after the member's state has changed, inside the same transaction. The buddies hear of it
    in words that are the same for every reason.
    """
    if latest_round(session, member.circle_id) is None:
        return ()
    circle = lock_circle(session, member.circle_id)
    round_ = latest_round(session, circle.id)
    if round_ is None or is_nearly_over(circle, round_, now):
        return ()
    return tuple(
        effect
        for bond in bonds_of(session, member, week=round_.week, told=False)
        for effect in _mend(session, circle, round_, bond.pair, member, sender, now)
    )


def keep_apart(
    session: Session, asking: Person, other: Person, sender: str, now: dt.datetime
) -> tuple[Effect, ...]:
    """Never pair two people again, and part them at once where they are buddies now. Nobody is told why."""
    one_id, other_id = sorted((asking.id, other.id))
    if session.scalar(select(Apart.id).where(Apart.one_id == one_id, Apart.other_id == other_id)) is None:
        session.add(Apart(one_id=one_id, other_id=other_id, since=now))
        session.flush()
    effects: list[Effect] = []
    for member in session.scalars(
        select(Member).where(Member.person_id == other.id).order_by(Member.circle_id)
    ).all():
        circle = lock_circle(session, member.circle_id)
        round_ = latest_round(session, circle.id)
        if round_ is None or is_nearly_over(circle, round_, now):
            continue  # What is left of it holds them apart by itself: neither reaches the other.
        for bond in bonds_of(session, member, week=round_.week, told=False):
            if asking.id in {person.id for person in bond.people}:
                effects += _mend(session, circle, round_, bond.pair, member, sender, now)
                if member.id in {each.id for each in pairable(session, circle.id, sender, now)}:
                    left = [each for each in bond.members if each.person_id == asking.id]
                    effects += _move_on(
                        session, circle, round_, member, left[0], sender, now, bond.mine.told_at
                    )
    return tuple(effects)


def link(
    session: Session, member: Member, other: Member, now: dt.datetime
) -> tuple[list[Member], tuple[Effect, ...]]:
    """Link a member with another's group as well, for the rest of the round; the silent buddy stays one.

    Returns:
        Who else reads the member's words from now on, and what they hear; nobody and nothing if it cannot be.
    """
    circle = lock_circle(session, member.circle_id)
    round_ = latest_round(session, circle.id)
    if round_ is None:
        return [], ()
    apart = kept_apart(session, circle.id)
    for pair, seats in open_groups(session, round_):
        group = {seat.member_id for seat in seats}
        clash = member.id in group or any(frozenset((member.id, each)) in apart for each in group)
        if other.id in group and not clash and len(group) < SMALL_GROUP:
            return _join(session, circle, round_, pair, seats, member, now)
    return [], ()


def change_pairs(
    session: Session,
    circle: Circle,
    round_: Round,
    ended: Sequence[int],
    groups: Sequence[Group],
    now: dt.datetime,
) -> tuple[Effect, ...]:
    """Put other groups in the place of these pairs; whoever knew of a buddy hears of the new one.

    Args:
        session: Holds the circle.
        ended: Ids of the pairs that end; the members of `groups` are theirs.
    """
    told = {}
    for pair_id in ended:
        session.get_one(Pair, pair_id).ended_at = now
        for seat in session.scalars(select(PairMember).where(PairMember.pair_id == pair_id)):
            told[seat.member_id] = seat.told_at
    session.flush()
    know = []
    for group in groups:
        pair = add_pair(session, round_, group, now)
        for member_id in group.members:
            if told[member_id] is not None:
                session.get_one(PairMember, (pair.id, member_id)).told_at = now
                know.append(session.get_one(Member, member_id))
    session.flush()
    return tuple(tell_buddies_now(session, member, circle) for member in know)


def _mend(
    session: Session, circle: Circle, round_: Round, pair: Pair, gone: Member, sender: str, now: dt.datetime
) -> list[Effect]:
    """End a pair that someone drops out of, and see to whoever is left in it."""
    pair.ended_at = now
    session.flush()
    left = session.scalars(
        select(PairMember).where(PairMember.pair_id == pair.id, PairMember.member_id != gone.id)
    ).all()
    here = {member.id: member for member in pairable(session, circle.id, sender, now)}
    staying = [seat for seat in left if seat.member_id in here]
    if len(staying) == 1:
        seat = staying[0]
        return _move_on(session, circle, round_, here[seat.member_id], gone, sender, now, seat.told_at)
    if not staying:
        return []
    again = add_pair(session, round_, Group(tuple(seat.member_id for seat in staying), "gathered"), now)
    effects: list[Effect] = []
    for seat in staying:
        if seat.told_at is not None:
            # What they have written to each other still stands.
            mine = session.get_one(PairMember, (again.id, seat.member_id))
            mine.told_at, mine.wrote_at = now, seat.wrote_at
            effects.append(tell_left(session, here[seat.member_id], gone, circle))
    session.flush()
    return effects


def _move_on(
    session: Session,
    circle: Circle,
    round_: Round,
    member: Member,
    gone: Member,
    sender: str,
    now: dt.datetime,
    told_at: dt.datetime | None,
) -> list[Effect]:
    """Find other buddies for whoever was left behind, who hears of it if the first were known."""
    effects: list[Effect] = []
    if not buddies_of(session, member, week=round_.week):
        effects += _place(session, circle, round_, member, sender, now)
    if told_at is not None:
        for bond in bonds_of(session, member, week=round_.week, told=False):
            bond.mine.told_at = bond.mine.told_at or now
        session.flush()
        effects.append(tell_left(session, member, gone, circle))
    return effects


def _place(
    session: Session, circle: Circle, round_: Round, member: Member, sender: str, now: dt.datetime
) -> tuple[Effect, ...]:
    groups = groups_for(session, circle, round_, member, sender, now)
    if not groups:
        add_pair(session, round_, Group((member.id,), "alone"), now)
        return ()
    for bond in bonds_of(session, member, week=round_.week, told=False):
        if not bond.others:
            bond.pair.ended_at = now  # The member was alone, and no longer is.
    pair, seats = groups[0]
    if len(seats) < SMALL_GROUP:
        return _join(session, circle, round_, pair, seats, member, now)[1]
    # Only a group of three is left: with this member it becomes two pairs.
    rank = rank_groups(session, circle, member, sender, now)
    other = min(seats, key=lambda seat: rank([seat.member_id]))
    pair.ended_at = now
    effects = [
        *_regroup(session, circle, round_, [seat for seat in seats if seat is not other], None, now),
        *_regroup(session, circle, round_, [other], member, now),
    ]
    return tuple(effects)


def _join(
    session: Session,
    circle: Circle,
    round_: Round,
    pair: Pair,
    seats: Sequence[PairMember],
    member: Member,
    now: dt.datetime,
) -> tuple[list[Member], tuple[Effect, ...]]:
    """Add a member to a pair; those in it who know of each other hear of it."""
    if len(seats) == 1:
        pair.why = "gathered"
    new = PairMember(pair_id=pair.id, member_id=member.id)
    session.add(new)
    session.flush()
    give_role_to_newcomer(session, round_, seats, new, now)
    session.flush()
    effects = [
        tell_buddies_now(session, session.get_one(Member, seat.member_id), circle)
        for seat in seats
        if seat.told_at is not None
    ]
    return [session.get_one(Member, seat.member_id) for seat in seats], tuple(effects)


def _regroup(
    session: Session,
    circle: Circle,
    round_: Round,
    seats: Sequence[PairMember],
    newcomer: Member | None,
    now: dt.datetime,
) -> list[Effect]:
    members = [seat.member_id for seat in seats] + ([newcomer.id] if newcomer else [])
    pair = add_pair(session, round_, Group(tuple(sorted(members)), "gathered"), now)
    effects: list[Effect] = []
    for seat in seats:
        if seat.told_at is not None:
            session.get_one(PairMember, (pair.id, seat.member_id)).told_at = now
            session.flush()
            effects.append(tell_buddies_now(session, session.get_one(Member, seat.member_id), circle))
    return effects
