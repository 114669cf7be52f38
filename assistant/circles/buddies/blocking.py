"""Lets a member block another: from then on the two are never paired, and do not reach each other."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.roster import is_called
from assistant.store.tables import Member, Person


@action("one", "several", "nobody", "unknown")
def find_to_block(ctx: ActionContext, *, person: str = "") -> ActionResult:
    """Whom she means: whoever of her circles has the name in `person`, else her buddy."""
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


@action("blocked", "nobody")
def block(ctx: ActionContext, *, blocked: int = 0) -> ActionResult:
    """Keep the two apart for good. The other is not told, and nobody hears who asked."""
    other = ctx.session.get(Person, blocked)
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    if other is None or other.id not in {person.id for person in _circle_mates(ctx, seats)}:
        return ActionResult("nobody")
    effects = keep_apart(ctx.session, ctx.person, other, ctx.identity.sender, ctx.now)
    return ActionResult("blocked", {"buddy": other.name} if other.name else {}, effects)


def _circle_mates(ctx: ActionContext, seats: list[Member]) -> list[Person]:
    return list(
        ctx.session.scalars(
            select(Person)
            .join(Member, Member.person_id == Person.id)
            .where(Member.circle_id.in_([seat.circle_id for seat in seats]), Person.id != ctx.person.id)
            .order_by(Person.id)
        ).unique()
    )
