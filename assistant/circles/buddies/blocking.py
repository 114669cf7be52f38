"""Lets a member block another: from then on the two are never paired, and do not reach each other."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.actions.choices import number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.roster import is_called
from assistant.store.tables import Member, Person


@action("one", "several", "nobody", "unknown")
def find_to_block(ctx: ActionContext) -> ActionResult:
    """Whom she means: whoever of her circles has the name in `person`, else her buddy."""
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    said = ctx.values.get("person")
    if said:
        found = [person for person in _circle_mates(ctx, seats) if is_called(person, str(said))]
    else:
        members = [buddy for seat in seats for buddy in buddies_of(ctx.session, seat)]
        found = [ctx.session.get_one(Person, member.person_id) for member in members]
    found = list({person.id: person for person in found}.values())
    if not found:
        return ActionResult("unknown" if said else "nobody")
    if len(found) == 1:
        return ActionResult("one", {"blocked": str(found[0].id)})
    labels = [person.name or str(at) for at, person in enumerate(found, 1)]
    people = [{"key": str(person.id), "label": label} for person, label in zip(found, labels, strict=True)]
    return ActionResult("several", {"people": people, "options": number_options(labels)})


@action("blocked", "nobody")
def block(ctx: ActionContext) -> ActionResult:
    """Keep the two apart for good. The other is not told, and nobody hears who asked."""
    other = ctx.session.get(Person, int(ctx.values.get("blocked") or 0))
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    if other is None or other.id not in {person.id for person in _circle_mates(ctx, seats)}:
        return ActionResult("nobody")
    effects = keep_apart(ctx.session, ctx.person, other, ctx.now)
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
