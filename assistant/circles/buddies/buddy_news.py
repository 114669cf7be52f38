"""Tells members whom they are with now, and who is their buddy no more."""

from __future__ import annotations

from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Tell
from assistant.circles.buddies.groups import bonds_of, buddies_of, buddy_names
from assistant.circles.buddies.pair_roles import turn_values
from assistant.store.tables import Circle, Member, Person


def tell_left(session: Session, member: Member, gone: Member, circle: Circle) -> Tell:
    """The same words whether the other left, paused, stopped or was kept apart."""
    names = buddy_names(session, buddies_of(session, member), _language(session, member, circle))
    if name := session.get_one(Person, gone.person_id).name:
        names["other_buddy"] = names.pop("buddy", "")
        names["buddy"] = name
    count = len(buddies_of(session, member))
    return _tell(
        session, member, circle, ("buddy_left", "buddy_left_one", "buddy_left_two")[min(count, 2)], names
    )


def tell_buddies_now(session: Session, member: Member, circle: Circle) -> Tell:
    """Tell a member who the buddies are now, where nobody went away."""
    buddies = buddies_of(session, member)
    notice = "buddy_now_one" if len(buddies) == 1 else "buddy_now_more"
    return _tell(
        session, member, circle, notice, buddy_names(session, buddies, _language(session, member, circle))
    )


def _language(session: Session, member: Member, circle: Circle) -> str:
    return session.get_one(Person, member.person_id).language or circle.language


def _tell(
    session: Session, member: Member, circle: Circle, notice: str, placeholders: dict[str, str]
) -> Tell:
    given = {name: value for name, value in placeholders.items() if value}
    given |= turn_values(bonds_of(session, member))
    return Tell(member.person_id, notice, given, circle_id=circle.id, member_id=member.id)
