"""Settles which of a member's circles something is about, where the words alone do not say."""

from __future__ import annotations

from assistant.circles.actions.choices import circle_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.people.memberships import seats_of
from assistant.store.tables.circle_tables import SEATED


@action("one", "several", "none")
def which_seat(ctx: ActionContext) -> ActionResult:
    """The seat this is about: the conversation's own, or the member's only one; else `seats` lists them."""
    seats = seats_of(ctx.session, ctx.person.id)
    if ctx.member is not None and ctx.member.state in SEATED:
        return ActionResult("one", member=ctx.member)
    if not seats:
        return ActionResult("none")
    if len(seats) == 1:
        return ActionResult("one", member=seats[0][0])
    choices = ((member.id, circle) for member, circle in seats)
    return ActionResult("several", circle_choices("seats", choices, plain=ctx.person.plain))


@action("taken", "none")
def take_seat(ctx: ActionContext, *, seat: str = "") -> ActionResult:
    """Go on in the circle that the member chose in `seat`."""
    for member, _ in seats_of(ctx.session, ctx.person.id):
        if str(member.id) == seat:
            return ActionResult("taken", member=member)
    return ActionResult("none")
