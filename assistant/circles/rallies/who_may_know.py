"""Finds who is told of a rally: the circle, the buddies, or those who were named; nobody kept apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.circles.buddies.groups import buddies_of
from assistant.circles.exchange.lifetimes import daytime
from assistant.circles.exchange.listings import free_at
from assistant.circles.people.reachability import reach
from assistant.circles.people.roster import is_called
from assistant.circles.sharing.shares import apart_from
from assistant.language.folding import plain_words
from assistant.store.tables import Circle, Listing, Member, Person

HERE: Final = ("active", "reading")


def circle_to_tell(ctx: ActionContext, listing: Listing, *, chosen: bool = False) -> Sequence[Member]:
    """Return who of the circle may be told, and hears us.

    Args:
        chosen: Whether each is meant by name: then also who only reads along, or wants one text a week.
    """
    writer = ctx.session.get_one(Member, listing.member_id)
    rows = select(Member).where(
        Member.circle_id == listing.circle_id,
        Member.state.in_(HERE if chosen else ("active",)),
        Member.promised_at.is_not(None),
        Member.id != writer.id,
        Member.person_id.not_in({writer.person_id} | apart_from(ctx.session, writer.person_id)),
    )
    if not chosen:
        rows = rows.where(Member.weekly_only.is_(False))
    seats = ctx.session.scalars(rows.order_by(Member.id)).all()
    reaches = reach(ctx.session, {seat.person_id for seat in seats}, ctx.identity.sender)
    return [seat for seat in seats if reaches[seat.person_id].hears]


def buddies_to_tell(ctx: ActionContext, listing: Listing) -> Sequence[Member]:
    """Return the writer's buddies of this round, as far as they may be told."""
    writer = ctx.session.get_one(Member, listing.member_id)
    theirs = {each.id for each in buddies_of(ctx.session, writer)}
    return [seat for seat in circle_to_tell(ctx, listing, chosen=True) if seat.id in theirs]


def seats_called(ctx: ActionContext, listing: Listing, said: str) -> tuple[Sequence[Member], bool]:
    """Return whom first names in a text mean, and whether one of them is more than one person's."""
    people = [
        (seat, ctx.session.get_one(Person, seat.person_id))
        for seat in circle_to_tell(ctx, listing, chosen=True)
    ]
    found: dict[int, Member] = {}
    for word in dict.fromkeys(plain_words(said)):
        called = [seat for seat, person in people if is_called(person, word)]
        if len(called) > 1:
            return [], True
        found |= {seat.id: seat for seat in called}
    return list(found.values()), False


def told_at(ctx: ActionContext, seat: Member, *, chosen: bool) -> dt.datetime:
    """Return when a member is told: in their daytime; who was asked twice this week, once that is over.

    Args:
        chosen: Meant by name, or as the buddy: then at the next daytime, whatever else came.
    """
    circle, person = (
        ctx.session.get_one(Circle, seat.circle_id),
        ctx.session.get_one(Person, seat.person_id),
    )
    when = ctx.now if chosen else free_at(ctx.session, seat.person_id, ctx.now)
    return daytime(person, circle, when)
