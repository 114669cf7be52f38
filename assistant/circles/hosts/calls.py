"""Asks a member whether a host may call: the number is given to that host alone, and only after a yes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.pending_actions import hold, take_up
from assistant.circles.actions.placeholders import PLACEHOLDERS, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.audit import record
from assistant.circles.people.permissions import circle_for
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import Address, Member, PendingAction, Person

KIND: Final = "call"
ASKS_HER: Final = "call_ask"
NOT_AGAIN_FOR: Final = dt.timedelta(days=7)
"""So long after a member was asked about a call, no host of this circle has the same asked again."""

A_WHILE: Final = dt.timedelta(hours=2)


@action("held", "lately", "away", "none")
def hold_call(ctx: ActionContext, *, to_ids: Sequence[int] = ()) -> ActionResult:
    """In a minute, ask the member in `to_ids` whether this host may have the member's number.

    lately: the member was asked less than a week ago. away: the member gets no texts now.
    """
    circle = hosted(ctx)
    member = ctx.session.get(Member, to_ids[0]) if len(to_ids) == 1 else None
    if circle is None or member is None or member.circle_id != circle.id:
        return ActionResult("none")
    values = other_name_of(ctx.session.get_one(Person, member.person_id))
    if is_away(ctx.session, member, ctx.identity.sender):
        return ActionResult("away", values)
    if _asked_lately(ctx.session, member, ctx.now):
        return ActionResult("lately", values)
    pending = hold(ctx, KIND, circle, member=member)
    asks = Start(member.person_id, ASKS_HER, {"pending_action": pending.id}, member.id, pending.held_until)
    return ActionResult("held", values, (asks,))


@action("ask", "no")
def may_be_asked(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Say whether to ask the member now; `host` is who would like to call."""
    pending = _pending(ctx, pending_action)
    if pending is None or ctx.member is None:
        return ActionResult("no")
    if is_away(ctx.session, ctx.member, ctx.identity.sender) or not _still_hosts(ctx.session, pending):
        return ActionResult("no")
    if pending.by_person_id in apart_from(ctx.session, ctx.person.id) or number_of(ctx) is None:
        # Not at once, as no machine's no should be told from a person's.
        return ActionResult(
            "no", effects=(replace(_answer(ctx, pending, "call_no"), not_before=ctx.now + A_WHILE),)
        )
    name = ctx.session.get_one(Person, pending.by_person_id).name
    return ActionResult("ask", {"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {})


@action("given", "gone")
def give_number(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Give the host the number that the member is texted at, once, after a yes."""
    pending, number = _pending(ctx, pending_action), number_of(ctx)
    if (
        pending is None
        or number is None
        or pending.details.get("given")
        or not _still_hosts(ctx.session, pending)
    ):
        return ActionResult("gone")
    pending.details = {**pending.details, "given": True}
    _note(ctx, pending, "give number")
    return ActionResult("given", effects=(_answer(ctx, pending, "call_yes", number=number),))


@action("kept")
def keep_number(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Keep the number, after a no or silence: the host hears the same words for both."""
    pending = _pending(ctx, pending_action)
    if pending is None or pending.details.get("given"):
        return ActionResult("kept")
    _note(ctx, pending, "keep number")
    return ActionResult("kept", effects=(_answer(ctx, pending, "call_no"),))


def _asked_lately(session: Session, member: Member, now: dt.datetime) -> bool:
    asked = select(PendingAction.id).where(
        PendingAction.member_id == member.id,
        PendingAction.kind == KIND,
        PendingAction.state.in_(("held", "done")),
        PendingAction.created_at > now - NOT_AGAIN_FOR,
    )
    return session.scalar(asked.limit(1)) is not None


def _pending(ctx: ActionContext, pending_id: int | None) -> PendingAction | None:
    """Return what the member was asked about, if it was this one."""
    pending = take_up(ctx.session, pending_id, ctx.now)
    theirs = pending is not None and ctx.member is not None and pending.member_id == ctx.member.id
    return pending if theirs else None


def _still_hosts(session: Session, pending: PendingAction) -> bool:
    return circle_for(session, pending.by_person_id, pending.circle_id) is not None


def number_of(ctx: ActionContext) -> str | None:
    """Return the number the member is texted at; None where the address does not show one."""
    number = ctx.session.get_one(Address, ctx.address_id).uri.partition(":")[2]
    return number if number.startswith("+") else None


def _answer(ctx: ActionContext, pending: PendingAction, notice: str, **placeholders: Any) -> Tell:
    return Tell(
        pending.by_person_id,
        notice,
        {**other_name_of(ctx.person), **placeholders},
        purpose="relay",
        circle_id=pending.circle_id,
    )


def _note(ctx: ActionContext, pending: PendingAction, what: str) -> None:
    details = {"pending_action": pending.id, **({"member": pending.member_id} if pending.member_id else {})}
    record(ctx.session, what, ctx.now, by=ctx.person.id, circle_id=pending.circle_id, **details)
