"""The hour of two: it lasts as long as both stay, anyone may end it, and whoever called says if it helped."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import or_, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.exchange.link_words import NOW
from assistant.circles.exchange.listings import is_hidden, name_in, name_on, writer_of
from assistant.circles.sharing.shares import apart_from
from assistant.safety.call_wishes import can_ring_both
from assistant.store.tables import Approach, Conversation, Listing, Member, Person

HOUR: Final = "together"
"""A conversation's value: the approach whose yes opened the hour; it is open as long as the hour lasts."""
FLOWS: Final = ("be_there", "now_found")
"""Those that wait for its end."""


@action("here", "over")
def open_together(ctx: ActionContext, *, approach: int = 0) -> ActionResult:
    """Tell whoever called who is there; over: it has ended since."""
    found = ctx.session.get(Approach, approach)
    if found is None or ctx.member is None or found.link_ends_at is None or found.link_ends_at <= ctx.now:
        return ActionResult("over", {HOUR: 0})
    helper = ctx.session.get_one(Member, found.member_id)
    return ActionResult("here", {**by_phone(ctx, helper.person_id), "other_name": _helper_name(ctx, found)})


def by_phone(ctx: ActionContext, other_id: int, called: str = "named") -> dict[str, str]:
    """Return `talks`, where the two of an hour may talk on the phone as well: how the other is called."""
    rings = ctx.identity.talks and can_ring_both(ctx.session, ctx.person.id, other_id)
    return {"talks": called if rings else "no"}


@action("ask", "over")
def after_hour(ctx: ActionContext, *, approach: int = 0) -> ActionResult:
    """The hour is over: whoever called is asked whether it helped, unless the two are kept apart now."""
    found = ctx.session.get(Approach, approach)
    listing = ctx.session.get(Listing, found.listing_id) if found is not None else None
    mine = listing is not None and ctx.member is not None and listing.member_id == ctx.member.id
    if found is None or not mine or found.helped is not None:
        return ActionResult("over", {HOUR: 0})
    helper = ctx.session.get_one(Member, found.member_id)
    if helper.person_id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("over", {HOUR: 0})
    return ActionResult("ask", {HOUR: 0, "other_name": _helper_name(ctx, found)})


@action("over")
def leave_hour(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """The hour is over for whoever came."""
    return ActionResult("over", {HOUR: 0})


@action("hour", "none")
def find_together(ctx: ActionContext) -> ActionResult:
    """Whether the person is in an hour with someone: CLOSE is about that, before all else."""
    found = hour_of(ctx)
    if found is None:
        return ActionResult("none")
    approach, listing = found
    called = "unnamed" if is_hidden(listing) and not _called(ctx, listing) else "named"
    name = _helper_name(ctx, approach) if _called(ctx, listing) else _caller_name(ctx, listing)
    return ActionResult("hour", {"approach": approach.id, "other_name": name, "called": called})


@action("closed", "none")
def close_together(ctx: ActionContext) -> ActionResult:
    """End the hour, for both; the other hears that it is over."""
    found = hour_of(ctx)
    if found is None:
        return ActionResult("none")
    approach, listing = found
    approach.link_ends_at = ctx.now
    helper = ctx.session.get_one(Member, approach.member_id)
    called = _called(ctx, listing)
    seat = helper if called else ctx.session.get_one(Member, listing.member_id)
    _end_own(ctx, approach)
    values = {"listing": listing.id, "approach": approach.id}
    return ActionResult(
        "closed",
        {"who": "called" if called else "came"},
        (Start(seat.person_id, "hour_ended", values, seat.id, at_once=True),),
    )


@action("called", "came", "over")
def hear_hour_ended(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """The other has ended the hour; over: nothing is left to say about it."""
    found, about = ctx.session.get(Listing, listing), ctx.session.get(Approach, approach)
    if found is None or about is None or ctx.member is None:
        return ActionResult("over")
    _end_own(ctx, about)
    return ActionResult("called" if found.member_id == ctx.member.id else "came")


@action("cut", "over")
def cut_hour(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Whoever came cannot go on, whatever the reason: whoever called hears it once, and what comes next."""
    found = ctx.session.get(Listing, listing)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    if found is None or not mine:
        return ActionResult("over")
    came = ctx.session.scalars(
        select(Approach).where(Approach.listing_id == found.id, Approach.linked_at.is_not(None))
    ).first()
    if came is None or came.helped is not None:
        return ActionResult("over")
    # It is known once: a second text about it says nothing new.
    came.helped, came.helped_at = "not_yet", ctx.now
    came.link_ends_at = min(came.link_ends_at or ctx.now, ctx.now)
    _end_own(ctx, came)
    return ActionResult("cut", {"truth": "cut"})


def hour_of(ctx: ActionContext) -> tuple[Approach, Listing] | None:
    """Return the hour the person is in, on either side."""
    mine = select(Member.id).where(Member.person_id == ctx.person.id)
    row = ctx.session.execute(
        select(Approach, Listing)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(
            Listing.kind == NOW,
            Approach.link_ends_at > ctx.now,
            or_(Approach.member_id.in_(mine), Listing.member_id.in_(mine)),
        )
        .order_by(Approach.linked_at.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else None


def _end_own(ctx: ActionContext, approach: Approach) -> None:
    """Let the person's own talk that waits for the end of the hour wait no more."""
    talks = ctx.session.scalars(
        select(Conversation).where(
            Conversation.person_id == ctx.person.id,
            Conversation.flow.in_(FLOWS),
            Conversation.ended_at.is_(None),
        )
    )
    for talk in talks:
        if talk.values.get(HOUR) == approach.id:
            talk.ended_at = ctx.now
            talk.values = {**talk.values, HOUR: 0}
    ctx.session.flush()


def _helper_name(ctx: ActionContext, approach: Approach) -> str:
    seat = ctx.session.get_one(Member, approach.member_id)
    return name_in(ctx.session.get_one(Person, seat.person_id), language_of(ctx), placeholder="other_name")


def _caller_name(ctx: ActionContext, listing: Listing) -> str:
    _, writer = writer_of(ctx.session, listing)
    return name_on(listing, writer, language_of(ctx), placeholder="other_name")


def _called(ctx: ActionContext, listing: Listing) -> bool:
    """Whether it was the person in `ctx` who called for someone."""
    _, writer = writer_of(ctx.session, listing)
    return writer.id == ctx.person.id


def values_of_hour(values: dict[str, Any]) -> int:
    """Return the approach whose hour a conversation waits out; 0: none."""
    hour = values.get(HOUR)
    return hour if isinstance(hour, int) else 0
