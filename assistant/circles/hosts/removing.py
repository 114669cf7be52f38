"""Lets a host close a member's seat: the circle hears only that she is no longer in, she herself why."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.registry import action
from assistant.circles.hosts.member_lookup import named_member
from assistant.circles.hosts.pending_actions import hold, take_up, under_way
from assistant.circles.membership.leaving import close
from assistant.circles.people.permissions import circle_for
from assistant.store.tables import Conversation, PendingAction
from assistant.store.tables.circle_tables import SEATED

CLOSING: Final = "removed"
"""The flow with which the seat is closed, once the minute is over."""
AFTER_DANGER: Final = dt.timedelta(days=1)
"""Whoever is in the middle of a safety talk does not read of her seat just then."""


@action("held", "self", "none")
def remove_member(ctx: ActionContext) -> ActionResult:
    """Close the seat of whoever she named, in a minute. self: her own she leaves herself."""
    found = named_member(ctx)
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
def close_seat(ctx: ActionContext) -> ActionResult:
    """The minute is over: the seat is closed, and JOIN opens it only with the host's ADD.

    gone: she had left by herself; the circle has heard of that.
    """
    pending = due_for(ctx, "remove")
    if pending is None or ctx.member is None or ctx.circle is None:
        return ActionResult("undone")
    member = ctx.member
    member.barred_at = ctx.now
    if member.state not in SEATED:
        return ActionResult("gone")
    told = Tell(ctx.person.id, "seat_closed", circle_id=ctx.circle.id, not_before=gently(ctx))
    return ActionResult("closed", effects=(*close(ctx, member, ctx.circle), told))


def due_for(ctx: ActionContext, kind: str) -> PendingAction | None:
    """The host's deed that this seat's conversation carries out; None: undone, or she hosts no longer."""
    number = ctx.values.get("pending_action")
    pending = ctx.session.get(PendingAction, number) if isinstance(number, int) else None
    if pending is None or pending.kind != kind or ctx.member is None or pending.member_id != ctx.member.id:
        return None
    if circle_for(ctx.session, pending.by_person_id, pending.circle_id) is None:
        return None
    return take_up(ctx.session, pending.id, ctx.now)


def gently(ctx: ActionContext) -> dt.datetime | None:
    """When she may read of it: at once (None), or a day later where a safety talk with her goes on."""
    talks = ctx.session.scalars(
        select(Conversation).where(Conversation.person_id == ctx.person.id, Conversation.ended_at.is_(None))
    )
    return ctx.now + AFTER_DANGER if any("danger" in talk.values for talk in talks) else None
