"""Settles which of her circles something is about, where her words alone do not say."""

from __future__ import annotations

from assistant.circles.actions.choices import circle_label, number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.people.memberships import seats_of
from assistant.store.tables.circle_tables import SEATED


@action("one", "several", "none")
def which_seat(ctx: ActionContext) -> ActionResult:
    """The seat this is about: the conversation's own, or her only one; with more, `seats` lists them."""
    seats = seats_of(ctx.session, ctx.person.id)
    if ctx.member is not None and ctx.member.state in SEATED:
        return ActionResult("one", member=ctx.member)
    if not seats:
        return ActionResult("none")
    if len(seats) == 1:
        return ActionResult("one", member=seats[0][0])
    labels = [circle_label(circle, plain=ctx.person.plain) for _, circle in seats]
    listed = [
        {"key": str(member.id), "label": label} for (member, _), label in zip(seats, labels, strict=True)
    ]
    return ActionResult("several", {"seats": listed, "options": number_options(labels)})


@action("taken", "none")
def take_seat(ctx: ActionContext) -> ActionResult:
    """Go on in the circle she chose in `seat`."""
    chosen = ctx.values.get("seat")
    for member, _ in seats_of(ctx.session, ctx.person.id):
        if str(member.id) == chosen:
            return ActionResult("taken", member=member)
    return ActionResult("none")
