"""What hosts said to members who read it later, since nothing of it shows on a shared phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import Member, PendingAction, Person

NOTE: Final = "note"


def notes_kept(ctx: ActionContext, member: Member, since: dt.datetime) -> Iterator[Tell]:
    """Yield hosts' notes that waited for the member's READ, not shown on a shared phone; newest first."""
    notes = select(PendingAction).where(
        PendingAction.circle_id == member.circle_id,
        PendingAction.kind == NOTE,
        PendingAction.state == "done",
        PendingAction.settled_at > since,
        PendingAction.words.is_not(None),
        PendingAction.by_person_id.not_in(apart_from(ctx.session, ctx.person.id)),
    )
    for pending in ctx.session.scalars(notes.order_by(PendingAction.id.desc())):
        if member.id in pending.details.get("members", ()):
            placeholders = {**host_placeholder(ctx.session, pending), "words": pending.words or ""}
            yield Tell(
                ctx.person.id,
                "host_note_kept",
                placeholders,
                purpose="reply",
                circle_id=pending.circle_id,
                verbatim=("words",),
                carries=f"said:{pending.id}",
            )


def host_placeholder(session: Session, pending: PendingAction) -> dict[str, str]:
    name = session.get_one(Person, pending.by_person_id).name
    return {"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {}


SAY: Final = "say"
