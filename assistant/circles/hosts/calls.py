"""Asks a member whether a host may call her: her number is given to that host alone, and only by her yes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hosts.pending_actions import hold, take_up
from assistant.circles.people.audit import record
from assistant.circles.people.permissions import circle_for
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import Address, Member, PendingAction, Person

KIND: Final = "call"
ASKS_HER: Final = "call_ask"
NOT_AGAIN_FOR: Final = dt.timedelta(days=7)
"""So long after she was asked about a call, she is not asked again, by no host of this circle."""

A_WHILE: Final = dt.timedelta(hours=2)


@action("held", "lately", "away", "none")
def hold_call(ctx: ActionContext) -> ActionResult:
    """In a minute, ask the member in `to_ids` whether this host may have her number.

    lately: she was asked less than a week ago. away: she gets no texts now.
    """
    circle = hosted(ctx)
    chosen = [int(each) for each in ctx.values.get("to_ids") or ()]
    member = ctx.session.get(Member, chosen[0]) if len(chosen) == 1 else None
    if circle is None or member is None or member.circle_id != circle.id:
        return ActionResult("none")
    values = other_name_of(ctx.session.get_one(Person, member.person_id))
    if is_away(ctx.session, member):
        return ActionResult("away", values)
    if _asked_lately(ctx.session, member, ctx.now):
        return ActionResult("lately", values)
    pending = hold(ctx, KIND, circle, member=member)
    asks = Start(member.person_id, ASKS_HER, {"pending_action": pending.id}, member.id, pending.held_until)
    return ActionResult("held", values, (asks,))


@action("ask", "no")
def may_be_asked(ctx: ActionContext) -> ActionResult:
    """Whether to ask her now; `host` is who would like to call."""
    pending = _pending(ctx)
    if pending is None or ctx.member is None:
        return ActionResult("no")
    if is_away(ctx.session, ctx.member) or not _still_hosts(ctx.session, pending):
        return ActionResult("no")
    if pending.by_person_id in apart_from(ctx.session, ctx.person.id) or _number(ctx) is None:
        # Not at once, as no machine's no should be told from a person's.
        return ActionResult(
            "no", effects=(replace(_answer(ctx, pending, "call_no"), not_before=ctx.now + A_WHILE),)
        )
    name = ctx.session.get_one(Person, pending.by_person_id).name
    return ActionResult("ask", {"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {})


@action("given", "gone")
def give_number(ctx: ActionContext) -> ActionResult:
    """She said yes: the host gets the number she is texted at, once."""
    pending, number = _pending(ctx), _number(ctx)
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
def keep_number(ctx: ActionContext) -> ActionResult:
    """She said no, or nothing: the host hears the same words for both."""
    pending = _pending(ctx)
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


def _pending(ctx: ActionContext) -> PendingAction | None:
    """What she was asked about, if it was she."""
    pending = take_up(ctx.session, ctx.values.get("pending_action"), ctx.now)
    return (
        pending
        if pending is not None and ctx.member is not None and pending.member_id == ctx.member.id
        else None
    )


def _still_hosts(session: Session, pending: PendingAction) -> bool:
    return circle_for(session, pending.by_person_id, pending.circle_id) is not None


def _number(ctx: ActionContext) -> str | None:
    """The number she is texted at; None where her address does not show one."""
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
