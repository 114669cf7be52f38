"""Lets a member block another: a minute later the two are never paired, and do not reach each other."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import aliased

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.pending_actions import hold, take_up, under_way
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.people.carried_words import call_back
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.roster import is_called
from assistant.store.tables import Circle, Member, Note, Person

KIND: Final = "block"
CARRIES_OUT: Final = "block_now"
"""The flow with which the two are parted, once the minute is over."""
ON_THE_WAY: Final = dt.timedelta(days=4)
"""What was written before that has arrived, or will not any more."""


@action("one", "several", "nobody", "unknown")
def find_to_block(ctx: ActionContext, *, person: str = "") -> ActionResult:
    """Find who is meant: whoever of the member's circles has the name in `person`, else the buddy."""
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    if person:
        found = [each for each in _circle_mates(ctx, seats) if is_called(each, person)]
    else:
        members = [buddy for seat in seats for buddy in buddies_of(ctx.session, seat)]
        found = [ctx.session.get_one(Person, member.person_id) for member in members]
    found = list({each.id: each for each in found}.values())
    if not found:
        return ActionResult("unknown" if person else "nobody")
    if len(found) == 1:
        return ActionResult("one", {"blocked": str(found[0].id)})
    choices = ((each.id, each.name or str(at)) for at, each in enumerate(found, 1))
    return ActionResult("several", list_choices("people", choices))


@action("held", "nobody")
def hold_block(ctx: ActionContext, *, blocked: int = 0) -> ActionResult:
    """Keep the two apart for good, in a minute. The other is not told, and nobody hears who asked."""
    other = ctx.session.get(Person, blocked)
    seats = {member.circle_id: member for member, _ in seats_of(ctx.session, ctx.person.id)}
    theirs = None
    if other is not None and other.id != ctx.person.id:
        theirs = ctx.session.scalars(
            select(Member)
            .where(Member.person_id == other.id, Member.circle_id.in_(seats))
            .order_by(Member.id)
            .limit(1)
        ).first()
    if other is None or theirs is None:
        return ActionResult("nobody")
    values = other_name_of(other)
    if under_way(ctx, KIND, theirs):
        return ActionResult("held", values)
    pending = hold(ctx, KIND, ctx.session.get_one(Circle, theirs.circle_id), member=theirs)
    parting = Start(
        ctx.person.id,
        CARRIES_OUT,
        {"pending_action": pending.id},
        seats[theirs.circle_id].id,
        due_at=pending.held_until,
        at_once=True,
    )
    return ActionResult("held", values, (parting,))


@action("parted", "gone")
def block_now(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Keep the two apart, the minute being over; what was on its way between them does not arrive."""
    pending = take_up(ctx.session, pending_action, ctx.now)
    if pending is None or pending.kind != KIND or pending.by_person_id != ctx.person.id:
        return ActionResult("gone")
    theirs = ctx.session.get_one(Member, pending.member_id)
    other = ctx.session.get_one(Person, theirs.person_id)
    stop_words(ctx, theirs.person_id)
    effects = keep_apart(ctx.session, ctx.person, other, ctx.identity.sender, ctx.now)
    return ActionResult("parted", effects=effects)


def stop_words(ctx: ActionContext, other_id: int) -> None:
    """Call back what either wrote to the other and has not left yet, in every circle that both are in."""
    both = (ctx.person.id, other_id)
    writer, reader = aliased(Member), aliased(Member)
    notes = ctx.session.execute(
        select(Note.id, Note.circle_id)
        .join(writer, writer.id == Note.from_member_id)
        .join(reader, reader.id == Note.to_member_id)
        .where(writer.person_id.in_(both), reader.person_id.in_(both), Note.at > ctx.now - ON_THE_WAY)
    ).all()
    for circle_id in {note.circle_id for note in notes}:
        carried = [f"note:{note.id}" for note in notes if note.circle_id == circle_id]
        call_back(ctx.session, circle_id, carried, "kept apart", ctx.now)


def _circle_mates(ctx: ActionContext, seats: list[Member]) -> list[Person]:
    return list(
        ctx.session.scalars(
            select(Person)
            .join(Member, Member.person_id == Person.id)
            .where(Member.circle_id.in_([seat.circle_id for seat in seats]), Person.id != ctx.person.id)
            .order_by(Person.id)
        ).unique()
    )
