"""Asks a member to be there for someone now: the first yes opens the hour, and a no goes nowhere."""

from __future__ import annotations

from typing import Any, Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.at_hand.hour_span import TOGETHER_FOR
from assistant.circles.at_hand.hour_together import HOUR, by_phone
from assistant.circles.exchange.listings import (
    LONGEST_SHOWN,
    carried,
    end,
    is_here,
    is_hidden,
    locked,
    name_on,
    own_approach,
    writer_of,
)
from assistant.circles.exchange.open_talks import rests_until
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import Approach, Listing

FOUND: Final = "now_found"
"""The flow that tells whoever called who is there."""


@action("ask", "plain", "over")
def open_call(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Ask a member, if it is still of use; plain: others see the phone, so it is asked first."""
    found, mine = locked(ctx.session, listing), own_approach(ctx, approach)
    if (
        found is None
        or mine is None
        or not _is_open(ctx, found, mine)
        or rests_until(ctx.session, ctx.person.id, ctx.now)
    ):
        return ActionResult("over")
    mine.asked_at = mine.asked_at or ctx.now
    ctx.session.flush()
    return ActionResult("plain") if ctx.person.plain else _show(ctx, found)


@action("ask", "over")
def show_call(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Show the words on a shared phone, now that it is a good moment."""
    found, mine = locked(ctx.session, listing), own_approach(ctx, approach)
    if found is None or mine is None or not _is_open(ctx, found, mine):
        return ActionResult("over")
    return _show(ctx, found)


@action("here", "late", "over")
def say_here(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """A yes: the first opens the hour. late: someone is there already; over: it is of no use any more."""
    found, mine = locked(ctx.session, listing), own_approach(ctx, approach)
    if found is None or mine is None or mine.linked_at is not None or found.words is None:
        return ActionResult("over")
    writer, person = writer_of(ctx.session, found)
    apart = person.id in apart_from(ctx.session, ctx.person.id)
    if found.state != "open":
        return ActionResult("late" if found.outcome == "person" and not apart else "over")
    if not _is_open(ctx, found, mine) or is_away(ctx.session, writer, ctx.identity.sender):
        return ActionResult("over")
    mine.reply, mine.replied_at, mine.withdrawn_at = "can", ctx.now, None
    mine.linked_at, mine.link_ends_at = ctx.now, ctx.now + TOGETHER_FOR
    end(ctx.session, found, "person", ctx.now)
    withdraw(ctx.session, found, ctx.now, but=mine)
    values: dict[str, Any] = {"listing": found.id, "approach": mine.id, HOUR: mine.id}
    name = name_on(found, person, language_of(ctx), placeholder="other_name")
    told = Start(person.id, FOUND, values, writer.id, at_once=True)
    called = "unnamed" if is_hidden(found) else "named"
    by = by_phone(ctx, person.id, called)
    return ActionResult("here", {**values, **by, "other_name": name, "called": called}, (told,))


def _is_open(ctx: ActionContext, listing: Listing, approach: Approach) -> bool:
    """Whether a yes would be of use; where whoever called is away by now, it ends here, silently."""
    if listing.state == "open" and not is_here(ctx.session, listing):
        end(ctx.session, listing, "gone", ctx.now)
        withdraw(ctx.session, listing, ctx.now)
    _, writer = writer_of(ctx.session, listing)
    return (
        listing.state == "open"
        and listing.words is not None
        and approach.withdrawn_at is None
        and writer.id not in apart_from(ctx.session, ctx.person.id)
    )


def _show(ctx: ActionContext, listing: Listing) -> ActionResult:
    """Put the question; what is long comes as a text of its own before it."""
    _, writer = writer_of(ctx.session, listing)
    name, words = name_on(listing, writer, language_of(ctx)), listing.words or ""
    apart = len(words) > LONGEST_SHOWN or ctx.person.plain
    shown = Tell(
        ctx.person.id,
        "now_words",
        {"words": words, "writer": name},
        purpose="reply",
        circle_id=ctx.circle.id if ctx.circle else None,
        verbatim=("words",),
        carries=carried(listing),
    )
    return ActionResult(
        "ask", {"writer": name, "call": "apart" if apart else "short"}, (shown,) if apart else ()
    )
