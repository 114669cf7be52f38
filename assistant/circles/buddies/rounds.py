"""Makes each week's round of pairs, once, and counts who was waited for in vain in the one before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Effect, Start
from assistant.circles.buddies.groups import (
    history,
    kept_apart,
    latest_round,
    open_groups,
    pairable,
    seats_for,
)
from assistant.circles.buddies.matching import Group, pair_up
from assistant.circles.buddies.pair_roles import give_roles
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.people.memberships import lock_circle
from assistant.schedule.programs import Entry, programs
from assistant.store.tables import Circle, Member, Pair, PairMember, Round

MEET: Final = "buddy_meet"
"""The flow of a program on whose day a round begins."""
MOST_MISSES: Final = 3
"""So many rounds in a row in which a buddy waited in vain, and a member is left out until asking for it."""
TOO_LATE: Final = dt.timedelta(days=1)
"""From the Sunday before the next round on, nobody is given another buddy for what is left of this one."""


def round_of(
    session: Session, circle: Circle, week: int, sender: str, now: dt.datetime
) -> tuple[Round, tuple[Effect, ...]]:
    """The round of a week, made now if nobody has asked for it before.

    Args:
        session: Inside one writing transaction; holds the circle until it ends.
        circle: Running.
        week: Counted from 1.
        sender: Whom texts come from: who does not hear from there is not paired.
        now: Aware UTC.

    Returns:
        The round, and what comes of the one before it: who was waited for in vain is asked what to do.
    """
    lock_circle(session, circle.id)
    made = session.scalars(select(Round).where(Round.circle_id == circle.id, Round.week == week)).first()
    if made is not None:
        return made, ()
    before = latest_round(session, circle.id)
    effects = tuple(_settle(session, before, now)) if before is not None and before.week < week else ()
    made = Round(circle_id=circle.id, week=week, made_at=now)
    session.add(made)
    session.flush()
    groups = pair_up(
        seats_for(session, circle, pairable(session, circle.id, sender, now), now),
        history(session, circle.id),
        kept_apart(session, circle.id),
        len([entry for entry in _meetings(circle) if entry.week >= week]),
        circle.id,
    )
    add_pairs(session, made, groups, now)
    return made, effects


def theme_of(circle: Circle, week: int) -> int:
    """The theme of a week, by the circle's program; the week itself where that does not say."""
    return next((int(entry.values["theme"]) for entry in _meetings(circle) if entry.week == week), week)


def is_nearly_over(circle: Circle, round_: Round, now: dt.datetime) -> bool:
    """Whether the next round is so near that nothing new begins in this one."""
    later = any(entry.week > round_.week for entry in _meetings(circle))
    return later and current_week(circle, now + TOO_LATE) > round_.week


def next_meeting(circle: Circle, round_: Round | None) -> dt.date | None:
    """The day on which the round after this one begins; None: there is none to come."""
    if circle.starts_on is None:
        return None
    after = round_.week if round_ is not None else 0
    days = [entry.day(circle.starts_on) for entry in _meetings(circle) if entry.week > after]
    return min(days, default=None)


def add_pair(session: Session, round_: Round, group: Group, now: dt.datetime) -> Pair:
    """Put these members together in a round; nobody is told here."""
    return add_pairs(session, round_, [group], now)[0]


def add_pairs(session: Session, round_: Round, groups: Sequence[Group], now: dt.datetime) -> list[Pair]:
    """Put the members of each group together in a round, with who of them asks first; nobody is told here."""
    pairs = [Pair(round_id=round_.id, why=_why(group), made_at=now) for group in groups]
    session.add_all(pairs)
    session.flush()
    seats = [
        [PairMember(pair_id=pair.id, member_id=member_id) for member_id in group.members]
        for pair, group in zip(pairs, groups, strict=True)
    ]
    session.add_all(seat for pair in seats for seat in pair)
    session.flush()
    give_roles(session, round_, seats, now)
    return pairs


def _why(group: Group) -> str:
    return " ".join([group.why, *(f"{name}={value}" for name, value in sorted(group.placeholders.items()))])


def _meetings(circle: Circle) -> list[Entry]:
    program = programs().get(circle.program)
    return [entry for entry in program.entries if entry.flow == MEET] if program else []


def _settle(session: Session, round_: Round, now: dt.datetime) -> list[Effect]:
    """Count who was waited for in vain in a round that is over; nobody hears what the other answered."""
    effects: list[Effect] = []
    for _, seats in open_groups(session, round_):
        connected = any(seat.did == "yes" for seat in seats)
        for seat in seats:
            member = session.get_one(Member, seat.member_id)
            waited_for = any(other.wrote_at for other in seats if other is not seat)
            if connected or seat.wrote_at is not None:
                member.misses = 0
            elif waited_for and member.state == "active" and member.unpaired_at is None:
                member.misses += 1
                if member.misses >= MOST_MISSES:
                    member.unpaired_at = now
                    effects.append(Start(member.person_id, "buddy_rest", {}, member.id))
    session.flush()
    return effects
