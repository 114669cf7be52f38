"""Asks about a listing in waves: a few likely people, the circle, then other circles; and ends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start
from assistant.circles.actions.registry import action
from assistant.circles.exchange.lifetimes import (
    ACROSS_AFTER,
    LOOKED_AT_WITHIN,
    MOST_ACROSS,
    MOST_QUIET,
    circle_hears_at,
    daytime,
    end_of,
)
from assistant.circles.exchange.likely_helpers import Candidate, candidates
from assistant.circles.exchange.listings import (
    end,
    is_here,
    locked,
    thank_the_ready,
    writer_of,
)
from assistant.circles.exchange.open_talks import rests_until
from assistant.circles.exchange.withdrawal import withdraw
from assistant.store.tables import Approach, Circle, Listing


def begin_waves(ctx: ActionContext, listing: Listing) -> Iterator[Effect]:
    """Open a listing and ask the first few; set when the circle is asked, other circles, and when it ends."""
    member, person = writer_of(ctx.session, listing)
    circle = ctx.session.get_one(Circle, listing.circle_id)
    listing.state = "open"
    if listing.ends_at is None:
        listing.ends_at = end_of(listing.kind, listing.until, person, circle, ctx.now)
        yield Start(person.id, "ask_end", {"listing": listing.id}, due_at=listing.ends_at, at_once=True)
    likely = [each for each in _in_circle(ctx, listing) if each.score][:MOST_QUIET]
    asked = [_approach(ctx, listing, each, "quiet") for each in likely]
    yield from _starts(asked, listing, likely)
    first = max((approach.due_at for approach in asked), default=ctx.now)
    circle_at = daytime(person, circle, circle_hears_at(first, listing.ends_at) if asked else ctx.now)
    yield Start(person.id, "ask_stage", {"listing": listing.id}, due_at=circle_at, at_once=True)
    across_at = daytime(person, circle, ctx.now + ACROSS_AFTER)
    if _other_circles(ctx, circle) and across_at + ACROSS_AFTER / 2 < listing.ends_at:
        yield Start(person.id, "ask_across", {"listing": listing.id}, member.id, due_at=across_at)


def end_unlooked(ctx: ActionContext, listing: Listing) -> Iterator[Effect]:
    """Set when a listing that waits for a host's look ends, if nobody looks."""
    _, person = writer_of(ctx.session, listing)
    circle = ctx.session.get_one(Circle, listing.circle_id)
    listing.ends_at = end_of(listing.kind, listing.until, person, circle, ctx.now)
    due = min(listing.ends_at, daytime(person, circle, ctx.now + LOOKED_AT_WITHIN))
    yield Start(person.id, "ask_end", {"listing": listing.id}, due_at=due, at_once=True)
    if due < listing.ends_at:
        yield Start(person.id, "ask_end", {"listing": listing.id}, due_at=listing.ends_at, at_once=True)


@action("asked", "over")
def ask_circle(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask everyone else of the circle, nobody having said yes yet."""
    found = _going_on(ctx, listing)
    if found is None or found.proposed_id is not None:
        return ActionResult("over")
    everyone = _in_circle(ctx, found)
    asked = [_approach(ctx, found, each, "circle") for each in everyone]
    return ActionResult("asked", effects=tuple(_starts(asked, found, everyone)))


@action("ask", "over")
def may_go_across(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Whether the writer is to be asked if other circles may be: nobody has said yes, and somebody fits."""
    found = _going_on(ctx, listing)
    if found is None or found.proposed_id is not None or not _across(ctx, found):
        return ActionResult("over")
    member, _ = writer_of(ctx.session, found)
    return ActionResult("ask", {"kind": found.kind}, member=member)


@action("asked", "nobody", "over")
def go_across(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask fitting people in the cohort's other circles, without the writer's name."""
    found = _going_on(ctx, listing)
    if found is None:
        return ActionResult("over")
    found.across = True
    likely = _across(ctx, found)
    asked = [_approach(ctx, found, each, "across") for each in likely]
    starts = tuple(_starts(asked, found, likely))
    return ActionResult("asked" if asked else "nobody", {"count": str(len(asked))}, starts)


@action("no_one", "expired", "unanswered", "not_looked", "over")
def end_listing(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """End what nobody took up, its time being over, so that its writer hears the truth.

    unanswered: someone would have, and the writer never said yes. not_looked: no host had a look.
    """
    found = locked(ctx.session, listing)
    if found is None or found.ended_at is not None:
        return ActionResult("over")
    if found.state == "open" and found.ends_at is not None and found.ends_at > ctx.now:
        return ActionResult("over")
    if not is_here(ctx.session, found):
        end(ctx.session, found, "gone", ctx.now)
        withdraw(ctx.session, found, ctx.now)
        return ActionResult("over")
    member, person = writer_of(ctx.session, found)
    if (until := rests_until(ctx.session, person.id, ctx.now)) is not None:
        # Not in the midst of a talk about someone's safety.
        due = daytime(person, ctx.session.get_one(Circle, found.circle_id), until)
        later = Start(person.id, "ask_end", {"listing": found.id}, due_at=due, at_once=True)
        return ActionResult("over", effects=(later,))
    outcome = "no_one" if found.kind == "ask" else "expired"
    if found.state == "look":
        outcome = "not_looked"
    elif found.proposed_id is not None:
        outcome = "unanswered"
    thanks = tuple(thank_the_ready(ctx.session, found))
    end(ctx.session, found, outcome, ctx.now)
    withdraw(ctx.session, found, ctx.now)
    return ActionResult(outcome, effects=thanks, member=member)


def _going_on(ctx: ActionContext, listing_id: int) -> Listing | None:
    """Return a listing that is still open; if its writer is away, it ends here, silently."""
    found = locked(ctx.session, listing_id)
    if found is None or found.state != "open":
        return None
    if not is_here(ctx.session, found):
        end(ctx.session, found, "gone", ctx.now)
        withdraw(ctx.session, found, ctx.now)
        return None
    return found


def _in_circle(ctx: ActionContext, listing: Listing) -> list[Candidate]:
    return candidates(ctx.session, listing, [listing.circle_id], ctx.identity.sender, ctx.now)


def _across(ctx: ActionContext, listing: Listing) -> list[Candidate]:
    others = _other_circles(ctx, ctx.session.get_one(Circle, listing.circle_id))
    found = candidates(ctx.session, listing, others, ctx.identity.sender, ctx.now)
    return [each for each in found if each.score][:MOST_ACROSS]


def _other_circles(ctx: ActionContext, circle: Circle) -> Sequence[int]:
    if circle.cohort_id is None:
        return []
    return ctx.session.scalars(
        select(Circle.id).where(
            Circle.cohort_id == circle.cohort_id, Circle.id != circle.id, Circle.state != "closed"
        )
    ).all()


def _approach(ctx: ActionContext, listing: Listing, likely: Candidate, wave: str) -> Approach:
    circle = ctx.session.get_one(Circle, likely.member.circle_id)
    approach = Approach(
        listing_id=listing.id,
        member_id=likely.member.id,
        wave=wave,
        because=likely.because,
        due_at=daytime(likely.person, circle, ctx.now),
    )
    ctx.session.add(approach)
    ctx.session.flush()
    return approach


def _starts(approaches: Iterable[Approach], listing: Listing, likely: Iterable[Candidate]) -> Iterator[Start]:
    for approach, each in zip(approaches, likely, strict=True):
        values = {"listing": listing.id, "approach": approach.id}
        yield Start(each.person.id, "can_you_help", values, each.member.id, due_at=approach.due_at)
