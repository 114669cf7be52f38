"""Lets a host put a member's seat on pause; she hears of it, and BACK brings her back at any time."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.hosts.member_lookup import named_member
from assistant.circles.hosts.pending_actions import hold, under_way
from assistant.circles.hosts.removing import due_for, gently
from assistant.circles.membership.pausing import rest
from assistant.language.rendering import readable_date
from assistant.store.tables import Person

PAUSING: Final = "paused"
"""The flow with which the seat is paused, once the minute is over."""


@action("held", "self", "resting", "none")
def pause_member(ctx: ActionContext) -> ActionResult:
    """Pause the seat of whoever she named, in a minute, until the day in `pause_until`.

    self: her own she pauses herself. resting: she is on pause already, or no text reaches her.
    """
    found = named_member(ctx)
    said = ctx.values.get("pause_until")
    if found is None or not isinstance(said, str):
        return ActionResult("none")
    member, person, circle = found
    date = {"date": readable_date(dt.date.fromisoformat(said), language_of(ctx))}
    if person.id == ctx.person.id:
        return ActionResult("self")
    if member.state in ("paused", "unreachable"):
        return ActionResult("resting")
    earlier = under_way(ctx, "pause", member)
    if earlier is not None:
        earlier.details = {**earlier.details, "until": said}
        return ActionResult("held", date)
    pending = hold(ctx, "pause", circle, member=member, details={"until": said})
    pausing = Start(
        person.id, PAUSING, {"pending_action": pending.id}, member.id, due_at=pending.held_until, at_once=True
    )
    return ActionResult("held", date, effects=(pausing,))


@action("paused", "gone", "undone")
def pause_seat(ctx: ActionContext) -> ActionResult:
    """The minute is over: her seat rests. gone: it is hers no more, or she has paused it herself."""
    pending = due_for(ctx, "pause")
    if pending is None or ctx.member is None or ctx.circle is None:
        return ActionResult("undone")
    if ctx.member.state not in ("active", "reading"):
        return ActionResult("gone")
    day = dt.date.fromisoformat(pending.details["until"])
    placeholders = {"date": readable_date(day, language_of(ctx))}
    if host := ctx.session.get_one(Person, pending.by_person_id).name:
        placeholders["host"] = host
    # Not about the seat: what is, does not go while it rests.
    told = Tell(
        ctx.person.id, "paused_by_host", placeholders, circle_id=ctx.circle.id, not_before=gently(ctx)
    )
    return ActionResult("paused", effects=(*rest(ctx, ctx.member, day), told))
