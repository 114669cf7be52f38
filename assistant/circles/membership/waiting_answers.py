"""Hears what those write who wait for a seat: a no takes them off, anything else hears how it stands."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.membership.invitations import yes_or_no
from assistant.circles.people.recent_texts import was_said
from assistant.store.tables import Applicant

ONCE_IN: Final = dt.timedelta(days=1)


def waits_for_seat(session: Session, person_id: int) -> bool:
    """Return whether somebody is on a waiting list."""
    waiting = select(Applicant.id).where(Applicant.person_id == person_id, Applicant.state == "waiting")
    return session.scalars(waiting.limit(1)).first() is not None


@action("off", "still", "rest")
def hear_waiting(ctx: ActionContext) -> ActionResult:
    """Hear somebody who waits. off: they would rather not any more; rest: they heard today how it stands."""
    if yes_or_no(ctx.words) == "no":
        leave_lists(ctx.session, ctx.person.id, ctx.now)
        return ActionResult("off")
    told = was_said(ctx.session, ctx.person.id, ctx.now - ONCE_IN, "waiting/still/%")
    return ActionResult("rest" if told else "still")


def leave_lists(session: Session, person_id: int, now: dt.datetime) -> None:
    """Take somebody off every waiting list, and forget what the file said of them."""
    session.execute(
        update(Applicant)
        .where(Applicant.person_id == person_id, Applicant.state == "waiting")
        .values(state="left", state_at=now, details={}),
        execution_options={"synchronize_session": False},
    )
