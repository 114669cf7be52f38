"""Who is in a circle, as its host's page shows them: no words, and no reason why anyone is away."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.hosts.inactive_members import QUIET_FROM, week_began
from assistant.circles.people.inactivity import last_signs, quiet_weeks_of
from assistant.circles.people.known_rows import ROLES_OF_CIRCLE
from assistant.circles.people.reachability import out_of_reach
from assistant.circles.people.roster import members_of
from assistant.circles.people.weekly_texts import texts_in_a_week
from assistant.store.tables import Circle, Conversation, Invitation, Member, Question

AWAY: Final = "away"


@dataclass(frozen=True, slots=True)
class Seat:
    """One member, as the roster has them."""

    id: int
    person_id: int
    name: str | None
    state: str
    """active | reading | away | unreachable"""
    heard_days: int | None
    """Full days since anything came from them; None: never yet."""
    quiet_weeks: int
    """Weeks that were opened in vain, from as many as a host hears of; else 0."""
    roles: tuple[str, ...]
    other_language: str | None
    """What they read, where it is not the circle's language."""
    texts: int
    """Texts that came unasked in seven days, of those that joining promises to be few."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Somebody who is joining, and has not got to the promise: nobody hears yet who."""

    flow: str
    step: str
    since: dt.datetime
    unclear: int
    """Replies to this question that could not be read."""


def seats_of_circle(session: Session, circle: Circle, me: int, sender: str, now: dt.datetime) -> list[Seat]:
    """Return everyone of a circle who has promised, the host's own seat too; a handful of statements."""
    rows = members_of(session, [circle])
    members = [each.member for each in rows]
    lost = out_of_reach(session, [each.person.id for each in rows], sender)
    signs = last_signs(session, members)
    active = [member for member in members if member.state == "active" and member.person_id != me]
    quiet = quiet_weeks_of(session, active, week_began(circle, now)) if active else {}
    texts = texts_in_a_week(session, members, now) if members else {}
    roles: dict[int, list[str]] = {}
    for role in ROLES_OF_CIRCLE.of(session, circle.id):
        if role.accepted_at is not None:
            roles.setdefault(role.person_id, []).append(role.kind)
    seats = []
    for member, person, _ in rows:
        weeks = quiet.get(member.id, 0)
        seats.append(
            Seat(
                id=member.id,
                person_id=person.id,
                name=person.name,
                state=_state(member, person.id in lost),
                heard_days=(now - signs[member.id]).days if person.heard_at is not None else None,
                quiet_weeks=weeks if weeks >= QUIET_FROM else 0,
                roles=tuple(roles.get(person.id, ())),
                other_language=person.language
                if person.language and person.language != circle.language
                else None,
                texts=texts.get(member.id, 0),
            )
        )
    return seats


def _state(member: Member, lost: bool) -> str:
    if member.state == "paused":
        return AWAY
    return "unreachable" if lost or member.state == "unreachable" else member.state


def stuck_in(session: Session, circle: Circle) -> Sequence[Stuck]:
    """Return where those stand who are joining, the longest first."""
    newest = (
        select(func.max(Question.id))
        .join(Conversation, Conversation.id == Question.conversation_id)
        .join(Member, Member.id == Conversation.member_id)
        .where(
            Member.circle_id == circle.id,
            Member.state.in_(("joining", "active")),
            Member.promised_at.is_(None),
        )
        .group_by(Member.id)
    )
    rows = session.scalars(select(Question).where(Question.id.in_(newest)).order_by(Question.opened_at))
    return [Stuck(each.flow, each.step, each.opened_at, each.unclear) for each in rows]


def invited_to(session: Session, circle: Circle) -> Mapping[str, int]:
    """Return how many invitations to a circle are in which state."""
    rows = session.execute(
        select(Invitation.state, func.count())
        .where(Invitation.circle_id == circle.id)
        .group_by(Invitation.state)
    )
    return Counter(dict(rows.all()))
