"""Notes what became of an invitation's text; apart from the answers, of which who sends texts reads none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import tuple_, update
from sqlalchemy.orm import Session

from assistant.store.tables import Invitation

OPEN: Final = ("waiting", "sent")
"""States of an invitation that may still be answered."""


def note_sent(session: Session, invitations: Collection[tuple[int, int]], now: dt.datetime) -> None:
    """The carrier took these invitations (address, circle): from now on they wait for an answer."""
    if invitations:
        session.execute(
            update(Invitation)
            .where(
                tuple_(Invitation.address_id, Invitation.circle_id).in_(list(invitations)),
                Invitation.state == "waiting",
            )
            .values(state="sent", sent_at=now)
        )


def note_unreachable(session: Session, address_id: int) -> None:
    """The carrier says that nobody can be reached at this address."""
    session.execute(
        update(Invitation)
        .where(Invitation.address_id == address_id, Invitation.state.in_(OPEN))
        .values(state="unreachable")
    )
