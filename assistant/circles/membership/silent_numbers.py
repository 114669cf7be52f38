"""Doubts a number that has long been silent: carriers give it to others, who shall read nothing personal.

Before the first text that nobody asked for, whoever has the number is asked whether it is still the member,
in words that tell nothing. Until a yes everything else waits or lapses; a no, or nothing, ends it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Select, literal, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, WrongNumber
from assistant.circles.actions.registry import action
from assistant.circles.membership.joining import tell_hosts
from assistant.circles.membership.lost_numbers import lose_reach
from assistant.circles.membership.new_phone import find_again
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.reachability import best_addresses, hears_elsewhere
from assistant.circles.people.readdressing import readdress
from assistant.circles.people.silence import CHECKED, PERSONAL, SILENT_FOR
from assistant.store import looks
from assistant.store.tables import Address, Outbox

AT_ONCE: Final = 200
AHEAD: Final = dt.timedelta(minutes=10)
"""What delivery holds for the answer is looked at again within this."""

# Spelled as in the index that holds only these.
_QUEUED = Outbox.state == literal("queued", literal_execute=True)


def doubt_silent(session: Session, sender: str, now: dt.datetime) -> Sequence[Start]:
    """Doubt the silent numbers to which something personal is about to go; return what is asked there.

    Whoever is texted elsewhere as well is not asked: what waits goes there.
    """
    found = session.scalars(_silent(now + AHEAD, now - SILENT_FOR).limit(AT_ONCE)).unique().all()
    for address in found:
        address.doubted_at = now
    session.flush()
    best = best_addresses(session, {address.person_id for address in found}, sender)
    asked = []
    for address in found:
        if (other := best[address.person_id]).doubted_at is None:
            readdress(session, address.person_id, other, now)
        else:
            asked.append(Start(address.person_id, CHECKED, at_once=True))
    return asked


@action("ask", "gone")
def open_number_check(ctx: ActionContext) -> ActionResult:
    """Open the question; gone: the number was heard from since."""
    if ctx.session.get_one(Address, ctx.address_id).doubted_at is None:
        return ActionResult("gone")
    name = (ctx.person.name or "").strip()
    return ActionResult(
        "ask", {"initials": f"{name[0].upper()}.", "named": "yes"} if name else {"named": "no"}
    )


@action("back")
def is_still_them(ctx: ActionContext) -> ActionResult:
    """It is the member: what waits goes out now, and what was asked meanwhile is asked once more."""
    ctx.session.get_one(Address, ctx.address_id).doubted_at = None
    for text in ctx.session.scalars(
        select(Outbox).where(
            Outbox.person_id == ctx.person.id, Outbox.state == "queued", Outbox.purpose.in_(PERSONAL)
        )
    ):
        if text.purpose == "prompt":
            text.state, text.reason = "cancelled", "asked anew"
        else:
            text.not_before = min(text.not_before, ctx.now)
    effects: list[Effect] = []
    for member, circle in seats_of(ctx.session, ctx.person.id):
        if member.state == "unreachable" and member.promised_at is not None:
            effects += tell_hosts(ctx, circle, "member_back")
        effects += find_again(ctx, member)
    return ActionResult("back", effects=tuple(effects))


@action("parted")
def is_someone_else(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """It is someone else's number now: no more texts, and the seat forgets it."""
    return ActionResult("parted", effects=(WrongNumber(),))


@action("silent", "heard")
def give_up_silent_number(ctx: ActionContext) -> ActionResult:
    """Nobody answered: nothing more goes there, and hosts hear that the number no longer answers."""
    if ctx.session.get_one(Address, ctx.address_id).doubted_at is None:
        return ActionResult("heard")
    if hears_elsewhere(ctx.session, ctx.person.id, ctx.identity.sender, but=ctx.address_id):
        return ActionResult("silent")
    return ActionResult(
        "silent", effects=lose_reach(ctx.session, ctx.person, ctx.identity.sender, ctx.now, "number_silent")
    )


def _silent(
    ahead: dt.datetime | BindParameter[Any], since: dt.datetime | BindParameter[Any]
) -> Select[Address]:
    return (
        select(Address)
        .join(Outbox, Outbox.address_id == Address.id)
        .where(
            _QUEUED,
            Outbox.purpose.in_(PERSONAL),
            Outbox.not_before <= ahead,
            Address.heard_at <= since,
            Address.doubted_at.is_(None),
            Address.retired_at.is_(None),
            Address.unreachable_at.is_(None),
        )
    )


WORK: Final = (_silent(looks.moment(AHEAD), looks.moment(-SILENT_FOR)).with_only_columns(Address.id),)
"""Whether `doubt_silent` would find anything: one look at what is queued."""
