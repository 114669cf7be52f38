"""Parts a member from a number that belongs to someone else by now: the seat is kept, the number forgets it.

Whoever has the number now is a stranger: no seat, no name and no words of the member's go with it. The member
comes back to the seat with NEW PHONE (`phone_claims`); JOIN and the circle's word begin anew.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Effect, Finish, Tell
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.buddies.rematching import let_go
from assistant.circles.calendar.season_plan import replan
from assistant.circles.membership.invitations import decline
from assistant.circles.people.memberships import hosts_of, seats_of
from assistant.store.tables import Address, Inbox, Person

TOLD: Final = "number_changed"


def part_from_number(
    session: Session, person: Person, address: Address, sender: str, now: dt.datetime
) -> tuple[Effect, ...]:
    """Give the address to a new person, and keep the seats of the old one, whom nothing reaches any more.

    Where the person has another address, the seats stay as they are: that is where texts go.

    Returns:
        What hosts hear, once the promise was kept: before it nobody knew of the seat.
    """
    decline(session, person.id, now)
    stranger = Person(created_at=now)
    session.add(stranger)
    session.flush()
    address.person_id, address.doubted_at = stranger.id, None
    session.execute(
        update(Inbox)
        .where(Inbox.from_uri == address.uri, Inbox.state == "new", Inbox.person_id == person.id)
        .values(person_id=stranger.id),
        execution_options={"synchronize_session": False},
    )
    session.flush()
    elsewhere = select(Address.id).where(Address.person_id == person.id, Address.retired_at.is_(None))
    if session.scalar(elsewhere.limit(1)) is not None:
        return ()
    return lose_reach(session, person, sender, now, TOLD)


def lose_reach(
    session: Session, person: Person, sender: str, now: dt.datetime, notice: str
) -> tuple[Effect, ...]:
    """Keep the seats of a person whom nothing reaches any more, so that nobody waits for them.

    Args:
        notice: What hosts hear of it, once the promise was kept: before it nobody knew of the seat.
    """
    effects: list[Effect] = [Finish(person.id)]
    for member, circle in seats_of(session, person.id):
        member.state, member.state_at = ("unreachable" if member.promised_at else "left"), now
        session.flush()
        replan(session, member, now)
        if member.promised_at is None:
            continue
        said = {**other_name_of(person), "code": circle.code}
        effects += [
            Tell(host.id, notice, said, circle_id=circle.id)
            for host in hosts_of(session, circle.id, now)
            if host.id != person.id
        ]
        effects += let_go(session, member, sender, now)
    return tuple(effects)
