"""Lets a host put a member's seat on pause; the member hears of it, and BACK ends it at any time."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.pending_actions import hold, under_way
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.hosts.member_lookup import named_member
from assistant.circles.hosts.removing import due_for, gently
from assistant.circles.membership.pausing import rest
from assistant.language.rendering import readable_date
from assistant.store.tables import Person

PAUSING: Final = "paused"
"""The flow with which the seat is paused, once the minute is over."""


@action("held", "self", "resting", "none")
def pause_member(ctx: ActionContext, *, named: str = "", pause_until: dt.date | None = None) -> ActionResult:
    """Pause the seat of whoever was named, in a minute, until the day in `pause_until`.

    self: it is the host's own, which takes PAUSE. resting: the seat is on pause already, or out of reach.
    """
    found = named_member(ctx, named)
    if found is None or pause_until is None:
        return ActionResult("none")
    member, person, circle = found
    date = {"date": readable_date(pause_until, language_of(ctx))}
    if person.id == ctx.person.id:
        return ActionResult("self")
    if member.state in ("paused", "unreachable"):
        return ActionResult("resting")
    earlier = under_way(ctx, "pause", member)
    if earlier is not None:
        earlier.details = {**earlier.details, "until": pause_until.isoformat()}
        return ActionResult("held", date)
    pending = hold(ctx, "pause", circle, member=member, details={"until": pause_until.isoformat()})
    pausing = Start(
        person.id, PAUSING, {"pending_action": pending.id}, member.id, due_at=pending.held_until, at_once=True
    )
    return ActionResult("held", date, effects=(pausing,))


@action("paused", "gone", "undone")
def pause_seat(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Let the seat rest, the minute being over. gone: the member has left it or paused it."""
    pending = due_for(ctx, pending_action, "pause")
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
