"""Takes back the last thing that can be: what a host did less than a minute ago, or a move elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.pending_actions import happened, newest, take_back
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.membership.profile import go_by_it
from assistant.store.tables import Conversation, Member, PendingAction, Person

STILL_MEANT: Final = dt.timedelta(minutes=10)
"""So long after a pending action was done, UNDO is taken to mean it, and told that it is too late."""


@action("pending_action", "too_late", "place", "nothing")
def undo(ctx: ActionContext) -> ActionResult:
    """Take back whichever came last: a host's action within its minute (`did` is its kind), or a move.

    too_late: the host's last action has been done already.
    """
    pending, move = newest(ctx), _last_move(ctx)
    if pending is not None and (move is None or move.began_at <= pending.created_at):
        if take_back(ctx, pending):
            return ActionResult("pending_action", _about(ctx, pending))
        if happened(pending, ctx.now) and pending.held_until and pending.held_until > ctx.now - STILL_MEANT:
            return ActionResult("too_late", _about(ctx, pending))
    if move is None:
        return ActionResult("nothing")
    previous = move.values["previous"]
    ctx.person.place, ctx.person.zone, ctx.person.hour = (
        previous["place"],
        previous["zone"],
        previous["hour"],
    )
    go_by_it(ctx)
    move.values = {**move.values, "undone": True}
    return ActionResult("place")


def _last_move(ctx: ActionContext) -> Conversation | None:
    """Return the person's last move to another place, if it was not taken back."""
    last = ctx.session.scalars(
        select(Conversation)
        .where(Conversation.person_id == ctx.person.id, Conversation.flow == "moved")
        .order_by(Conversation.id.desc())
        .limit(1)
    ).first()
    if last is None or last.values.get("previous") is None or last.values.get("undone"):
        return None
    return last


def _about(ctx: ActionContext, pending: PendingAction) -> dict[str, Any]:
    values = {"did": pending.kind}
    if pending.member_id is not None:
        member = ctx.session.get_one(Member, pending.member_id)
        values |= other_name_of(ctx.session.get_one(Person, member.person_id))
    return values
