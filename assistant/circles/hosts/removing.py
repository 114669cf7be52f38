"""Lets a host close a member's seat: the circle hears only that someone is no longer in, the member why."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.pending_actions import hold, take_up, under_way
from assistant.circles.actions.registry import action
from assistant.circles.hosts.member_lookup import named_member
from assistant.circles.membership.leaving import close
from assistant.circles.people.permissions import circle_for
from assistant.store.tables import Conversation, PendingAction
from assistant.store.tables.circle_tables import SEATED

CLOSING: Final = "removed"
"""The flow with which the seat is closed, once the minute is over."""
AFTER_DANGER: Final = dt.timedelta(days=1)
"""Whoever is in the middle of a safety talk does not read of a closed seat just then."""


@action("held", "self", "none")
def remove_member(ctx: ActionContext, *, named: str = "") -> ActionResult:
    """Close the seat of whoever was named, in a minute. self: it is the host's own, which takes LEAVE."""
    found = named_member(ctx, named)
    if found is None:
        return ActionResult("none")
    member, person, circle = found
    if person.id == ctx.person.id:
        return ActionResult("self")
    if under_way(ctx, "remove", member):
        return ActionResult("held")
    pending = hold(ctx, "remove", circle, member=member)
    closing = Start(
        person.id, CLOSING, {"pending_action": pending.id}, member.id, due_at=pending.held_until, at_once=True
    )
    return ActionResult("held", effects=(closing,))


@action("closed", "gone", "undone")
def close_seat(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Close the seat, the minute being over; JOIN opens it only with the host's ADD.

    gone: the member had left before; the circle has heard of that.
    """
    pending = due_for(ctx, pending_action, "remove")
    if pending is None or ctx.member is None or ctx.circle is None:
        return ActionResult("undone")
    member = ctx.member
    member.barred_at = ctx.now
    if member.state not in SEATED:
        return ActionResult("gone")
    told = Tell(ctx.person.id, "seat_closed", circle_id=ctx.circle.id, not_before=gently(ctx))
    return ActionResult("closed", effects=(*close(ctx, member, ctx.circle), told))


def due_for(ctx: ActionContext, pending_id: int | None, kind: str) -> PendingAction | None:
    """Return what this seat's conversation carries out for a host; None: undone, or no longer a host."""
    pending = ctx.session.get(PendingAction, pending_id) if pending_id is not None else None
    if pending is None or pending.kind != kind or ctx.member is None or pending.member_id != ctx.member.id:
        return None
    if circle_for(ctx.session, pending.by_person_id, pending.circle_id) is None:
        return None
    return take_up(ctx.session, pending.id, ctx.now)


def gently(ctx: ActionContext) -> dt.datetime | None:
    """Return when the member may read of it: at once (None), or a day later while a safety talk goes on."""
    talks = ctx.session.scalars(
        select(Conversation).where(Conversation.person_id == ctx.person.id, Conversation.ended_at.is_(None))
    )
    return ctx.now + AFTER_DANGER if any("danger" in talk.values for talk in talks) else None
