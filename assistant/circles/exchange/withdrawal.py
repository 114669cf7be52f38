"""Lets go of what was asked about a listing, silently, and before it is read where that can be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start
from assistant.circles.actions.registry import action
from assistant.circles.exchange.introductions.partings import (
    end_introductions_of,
    give_up_introductions,
    part_introductions,
)
from assistant.circles.exchange.link_words import CUT, NOW
from assistant.circles.exchange.listings import (
    approaches_of,
    carried,
    end,
    locked,
    propose_next,
    writer_of,
)
from assistant.circles.exchange.open_talks import close_talks
from assistant.circles.people.carried_words import call_back
from assistant.circles.sharing.given_words import Given, Keeper, keeps_words
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import (
    Answer,
    Approach,
    Circle,
    Listing,
    Member,
)

FLOWS: Final = (
    *("can_you_help", "helping_yes", "ask_match", "ask_across", "ask_stage", "look_at_listing"),
    *("be_there", "stand_by"),
)
"""Flows that are about one listing, of anyone."""
TYPED_WITHIN: Final = dt.timedelta(hours=1)
"""An answer so shortly before holds the words that became the listing."""


def withdraw(session: Session, listing: Listing, now: dt.datetime, *, but: Approach | None = None) -> None:
    """Let nobody be asked about a listing any more: questions close, and texts that have not left do not.

    Args:
        but: Whose talk about it goes on.
    """
    approaches = [each for each in approaches_of(session, listing) if but is None or each.id != but.id]
    for approach in approaches:
        approach.withdrawn_at = approach.withdrawn_at or now
    members = [listing.member_id, *(approach.member_id for approach in approaches)]
    _close_talks(session, listing, members, now)


def call_back_words(session: Session, listing: Listing, reason: str, now: dt.datetime) -> set[int]:
    """Call back the texts in which a listing's words travel; return whom they have reached."""
    members = [approach.member_id for approach in approaches_of(session, listing)]
    circles = set(session.scalars(select(Member.circle_id).where(Member.id.in_(members))))
    reached: set[int] = set()
    for circle_id in circles | {listing.circle_id}:
        reached |= call_back(session, circle_id, {carried(listing)}, reason, now)
    return reached


def give_up_listings(session: Session, member: Member, now: dt.datetime) -> tuple[Effect, ...]:
    """End what a member who goes has asked and offered, and what they were asked; nobody is told."""
    effects: list[Effect] = []
    for listing in session.scalars(select(Listing).where(Listing.member_id == member.id)).all():
        if end(session, listing, "gone", now):
            withdraw(session, listing, now)
        for approach in approaches_of(session, listing):
            approach.link_ends_at = min(approach.link_ends_at, now) if approach.link_ends_at else None
    approached = select(Approach).where(Approach.member_id == member.id)
    for approach in session.scalars(approached).all():
        approach.withdrawn_at = approach.withdrawn_at or now
        effects += _cut(session, approach, now)
        effects += _unpropose(session, approach)
    give_up_introductions(session, member, now)
    session.flush()
    return tuple(effects)


def end_listings_of(session: Session, circle: Circle, now: dt.datetime) -> None:
    """End everything that is open in a circle whose season is over; nobody is told."""
    for listing in session.scalars(
        select(Listing).where(Listing.circle_id == circle.id, Listing.ended_at.is_(None))
    ).all():
        end(session, listing, "gone", now)
        withdraw(session, listing, now)
    end_introductions_of(session, circle, now)


@action("parted")
def part_listings(ctx: ActionContext) -> ActionResult:
    """Let nothing be between people who are kept apart now: no question, no yes, no line. Nobody is told."""
    others = apart_from(ctx.session, ctx.person.id)
    mine, theirs = _seats([ctx.person.id]), _seats(others)
    between = (
        select(Approach, Listing)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(
            or_(
                Listing.member_id.in_(mine) & Approach.member_id.in_(theirs),
                Listing.member_id.in_(theirs) & Approach.member_id.in_(mine),
            )
        )
    )
    effects: list[Effect] = []
    for approach, listing in ctx.session.execute(between).all():
        approach.withdrawn_at = approach.withdrawn_at or ctx.now
        cut = list(_cut(ctx.session, approach, ctx.now))
        effects += [each for each in cut if each.person_id != ctx.person.id]
        _close_talks(ctx.session, listing, [approach.member_id], ctx.now)
        effects += _unpropose(ctx.session, approach)
    part_introductions(ctx.session, mine, theirs, ctx.now)
    ctx.session.flush()
    return ActionResult("parted", effects=tuple(effects))


def _seats(people: Collection[int]) -> Select[int]:
    return select(Member.id).where(Member.person_id.in_(people))


def _cut(session: Session, approach: Approach, now: dt.datetime) -> Iterator[Start]:
    """End the line between two; whoever called for someone now hears that it is over, and no reason."""
    if approach.link_ends_at is None or approach.link_ends_at <= now:
        return
    approach.link_ends_at = now
    listing = session.get_one(Listing, approach.listing_id)
    if listing.kind == NOW:
        member, person = writer_of(session, listing)
        yield Start(person.id, CUT, {"listing": listing.id}, member.id, at_once=True)


def _unpropose(session: Session, approach: Approach) -> Iterator[Effect]:
    """Its yes is not put to the writer any more; the next who said yes is."""
    listing = session.get_one(Listing, approach.listing_id)
    if listing.proposed_id == approach.id:
        listing.proposed_id = None
        yield from propose_next(session, listing)


def _close_talks(session: Session, listing: Listing, members: Sequence[int], now: dt.datetime) -> None:
    """Close what these members are being asked about it, without a word."""
    close_talks(session, ("listing", listing.id), FLOWS, members, now, carries=carried(listing))


def _last_listing(session: Session, seats: Sequence[int], only: int | None) -> list[Given]:
    """What a member asked or offered last, for DELETE."""
    listings = select(Listing).where(Listing.member_id.in_(seats), Listing.words.is_not(None))
    listings = (
        listings.where(Listing.state != "draft") if only is None else listings.where(Listing.id == only)
    )
    last = session.scalars(listings.order_by(Listing.id.desc()).limit(1)).first()
    if last is None:
        return []
    member = session.get_one(Member, last.member_id)
    return [Given(member, last.words or "", last.created_at, last.inbox_id, "circle", other=carried(last))]


def _erase_listing(session: Session, given: Given, now: dt.datetime) -> set[int]:
    """Erase a listing's words and end it; return whom they have reached."""
    listing = locked(session, int((given.other or "").partition(":")[2]))
    assert listing is not None
    end(session, listing, "taken_back", now)
    reached = call_back_words(session, listing, "taken back", now)
    withdraw(session, listing, now)
    typed = select(Answer).where(
        Answer.member_id == listing.member_id,
        Answer.words.is_not(None),
        Answer.at <= listing.created_at,
        Answer.at > listing.created_at - TYPED_WITHIN,
    )
    for answer in session.scalars(typed):
        if (answer.words or "").strip() == (listing.words or "").strip():
            answer.words, answer.value, answer.erased_at = None, None, now
    listing.words, listing.erased_at = None, now
    session.flush()
    return reached


keeps_words(Keeper("listing", _last_listing, _erase_listing))
