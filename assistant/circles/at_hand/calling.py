"""Calls for someone now: two are asked at a time, four minutes apart; a quarter hour on comes the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.at_hand.who_is_there import who_is_there
from assistant.circles.exchange.drafts import keep_draft
from assistant.circles.exchange.link_words import NOW
from assistant.circles.exchange.listings import end, is_here, locked, writer_of
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.sharing.shares import is_in
from assistant.language.exchange.money_and_links import needs_look
from assistant.language.exchange.openings import LONGEST
from assistant.language.rendering import readable_time
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Approach, Circle, Listing, Member

ANSWERED_WITHIN: Final = dt.timedelta(minutes=15)
"""So long after the yes to what is shown, whoever calls has heard who is there, or that nobody is."""
TOLD_AT: Final = dt.timedelta(minutes=14)
"""When the truth is told: with a minute for the carrier."""
APART: Final = dt.timedelta(minutes=4)
AT_A_TIME: Final = 2
TO_ANSWER: Final = dt.timedelta(minutes=2)
"""Nobody is asked who could not answer any more."""
FRESH: Final = dt.timedelta(hours=1)
"""So long a call that was not said yes to is still one for now."""


@action("ready", "empty", "long", "look", "again", "going", "not_yet")
def draft_now(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Keep what the member needs someone for, to be shown to nobody before a yes.

    look: it asks for money or holds a link, which a host would have to look at first. again: there was one
    today. going: one is being answered.
    """
    member, words = ctx.member, " ".join(text.split())
    if member is None or not is_in(member) or member.state == "paused" or ctx.circle is None:
        return ActionResult("not_yet", {"text": ""})
    said = any(sign.isalnum() for sign in words)
    before = _today(ctx, ctx.circle)
    if any(each.state == "open" for each in before):
        return ActionResult("going", {"text": ""})
    if before:
        return ActionResult("again", {"text": words if said else "", "truth": "again"})
    if not said:
        return ActionResult("empty", {"text": ""})
    if len(words) > LONGEST:
        return ActionResult("long", {"text": "", "length": str(len(words)), "longest": str(LONGEST)})
    if needs_look(words):
        return ActionResult("look", {"text": ""})
    listing = keep_draft(ctx, member, NOW, words, instead_of=(NOW,))
    return ActionResult("ready", {"text": "", "listing": listing.id, "number_ok": ""})


@action("calling", "nobody", "look", "gone")
def call_named(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask the first two, under the member's name; nobody: nobody could be asked at this hour."""
    return _call(ctx, listing, named=True)


@action("calling", "nobody", "look", "gone")
def call_unnamed(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask the first two, and let nobody know who it is."""
    return _call(ctx, listing, named=False)


@action("called", "over")
def call_next_two(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask the next two, nobody having said yes yet; once there is no time to answer, nobody more."""
    found = locked(ctx.session, listing)
    if found is None or found.state != "open" or found.ends_at is None:
        return ActionResult("over")
    if not is_here(ctx.session, found):
        end(ctx.session, found, "gone", ctx.now)
        withdraw(ctx.session, found, ctx.now)
        return ActionResult("over")
    return ActionResult("called", effects=tuple(_ask_two(ctx, found)))


@action("no_one", "over")
def end_now(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Nobody came in time: whoever called hears the truth."""
    found = locked(ctx.session, listing)
    if found is None or found.state != "open":
        return ActionResult("over")
    here = is_here(ctx.session, found)
    end(ctx.session, found, "no_one" if here else "gone", ctx.now)
    withdraw(ctx.session, found, ctx.now)
    member, _ = writer_of(ctx.session, found)
    if not here:
        return ActionResult("over")
    return ActionResult("no_one", {"truth": "no_one"}, member=member)


@action("meant")
def mean_now_as_ask(ctx: ActionContext, *, listing: int = 0, text: str = "") -> ActionResult:
    """Put what was called for to the circle as an ask, which takes its time."""
    found = ctx.session.get(Listing, listing) if listing else None
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    words = (found.words or "") if found is not None and mine else text
    return ActionResult("meant", {"text": words, "listing": 0})


def is_calling(session: Session, person_id: int) -> bool:
    """Whether somebody is being asked for this person right now."""
    seats = select(Member.id).where(Member.person_id == person_id)
    calls = select(Listing.id).where(
        Listing.kind == NOW, Listing.member_id.in_(seats), Listing.state == "open"
    )
    return session.scalar(calls.limit(1)) is not None


def _call(ctx: ActionContext, listing_id: int, *, named: bool) -> ActionResult:
    found = locked(ctx.session, listing_id)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    if found is None or not mine or found.state != "draft" or not found.words or not is_in(ctx.member):
        return ActionResult("gone")
    if ctx.circle is None or found.created_at < ctx.now - FRESH or _today(ctx, ctx.circle):
        return ActionResult("gone")
    if needs_look(found.words):
        return ActionResult("look")
    found.named, found.posted_at, found.state = named, ctx.now, "open"
    found.ends_at = ctx.now + ANSWERED_WITHIN
    asking = list(_ask_two(ctx, found))
    if not asking:
        end(ctx.session, found, "no_one", ctx.now)
        return ActionResult("nobody", {"truth": "nobody"})
    told = Start(ctx.person.id, "now_end", {"listing": found.id}, due_at=ctx.now + TOLD_AT, at_once=True)
    zone = home(zone_of(ctx.person.zone, ctx.circle.zone))
    by = found.ends_at.astimezone(zone)
    values = {"time": readable_time(by.hour, by.minute, language_of(ctx))}
    return ActionResult("calling", values, (*asking, told))


def _ask_two(ctx: ActionContext, listing: Listing) -> Iterator[Effect]:
    """Ask two of those who are there, and set when the next two are."""
    assert listing.ends_at is not None
    there = who_is_there(ctx.session, listing, ctx.identity.sender, ctx.now)
    for each in there[:AT_A_TIME]:
        approach = Approach(listing_id=listing.id, member_id=each.member.id, wave=each.wave, due_at=ctx.now)
        ctx.session.add(approach)
        ctx.session.flush()
        values = {"listing": listing.id, "approach": approach.id}
        yield Start(each.person.id, "be_there", values, each.member.id, at_once=True)
    later = ctx.now + APART
    # Someone may have woken up or come free by then, so that even an empty look is taken again.
    if (there or listing.posted_at != ctx.now) and later + TO_ANSWER < listing.ends_at:
        _, writer = writer_of(ctx.session, listing)
        yield Start(writer.id, "now_stage", {"listing": listing.id}, due_at=later, at_once=True)


def _today(ctx: ActionContext, circle: Circle) -> list[Listing]:
    """Return what the person called for today, by their own clock, where somebody was asked about it."""
    zone = home(zone_of(ctx.person.zone, circle.zone))
    today = ctx.now.astimezone(zone).date()
    asked = select(Approach.id).where(Approach.listing_id == Listing.id).exists()
    rows = ctx.session.scalars(
        select(Listing)
        .where(
            Listing.kind == NOW,
            Listing.member_id.in_(select(Member.id).where(Member.person_id == ctx.person.id)),
            Listing.posted_at > ctx.now - dt.timedelta(days=1),
            asked,
        )
        .order_by(Listing.id)
    )
    return [each for each in rows if each.posted_at and each.posted_at.astimezone(zone).date() == today]
