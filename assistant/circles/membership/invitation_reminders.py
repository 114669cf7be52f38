"""Knows which invitations are due their one reminder, and which are better left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Tell
from assistant.circles.membership.invitations import ANSWERABLE
from assistant.circles.people.consent import consent_of
from assistant.store import looks
from assistant.store.tables import Address, Circle, Invitation, Member
from assistant.store.tables.circle_tables import SEATED

AFTER: Final = dt.timedelta(days=3)
"""So long after an invitation was sent it is said once more."""
AT_ONCE: Final = 100

# Spelled as in the index that holds only these.
_UNANSWERED = (
    Invitation.state == literal("sent", literal_execute=True),
    Invitation.reminded_at.is_(None),
)


WORK: Final = (select(Invitation.id).where(*_UNANSWERED, Invitation.sent_at <= looks.moment(-AFTER)),)
"""Whether `take_due` would find anything."""
NEXT: Final = looks.Next(
    select(func.min(Invitation.sent_at)).where(*_UNANSWERED, Invitation.sent_at > looks.moment(-AFTER)), AFTER
)
"""When the next reminder is due."""


def take_due(session: Session, sender: str, now: dt.datetime) -> tuple[int, Sequence[Tell]]:
    """Mark some of the invitations that are due a reminder as seen to; return how many, and what is said.

    Nobody is reminded of a circle that is full or over, after joining or opting out, or of something that
    was sent so long ago that it would be a text out of the blue: `reminded_at` is then that of the sending.
    """
    due = session.execute(
        select(Invitation, Circle, Address)
        .join(Circle, Circle.id == Invitation.circle_id)
        .join(Address, Address.id == Invitation.address_id)
        .where(Invitation.id.in_(session.scalars(_due(now).limit(AT_ONCE)).all()))
        .order_by(Invitation.sent_at, Invitation.id)
        .with_for_update(of=Invitation, skip_locked=True)
    ).all()
    tells = []
    for invitation, circle, address in due:
        invitation.reminded_at = invitation.sent_at
        if _is_worth_it(session, invitation, circle, address, sender, now):
            invitation.reminded_at = now
            tells.append(Tell(address.person_id, "invite_again", purpose="invitation", circle_id=circle.id))
    session.flush()
    return len(due), tells


def _due(now: dt.datetime) -> Select[int]:
    return (
        select(Invitation.id)
        .where(*_UNANSWERED, Invitation.sent_at <= now - AFTER)
        .order_by(Invitation.sent_at)
    )


def _is_worth_it(
    session: Session, invitation: Invitation, circle: Circle, address: Address, sender: str, now: dt.datetime
) -> bool:
    if circle.state == "closed" or invitation.sent_at is None or invitation.sent_at <= now - ANSWERABLE:
        return False
    if address.unreachable_at is not None or address.retired_at is not None:
        return False
    seated = session.scalars(
        select(Member.person_id).where(Member.circle_id == circle.id, Member.state.in_(SEATED))
    ).all()
    agreed = consent_of(session, address.id, sender) == "in"
    return agreed and address.person_id not in seated and len(seated) < circle.size
