"""Asks a member whether they can help, and hears the answer; a no goes to nobody."""

from __future__ import annotations

from typing import Any, Literal

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.exchange.likely_helpers import reason_of
from assistant.circles.exchange.linking import link
from assistant.circles.exchange.listings import (
    LONGEST_SHOWN,
    asked_enough,
    carried,
    end,
    is_here,
    locked,
    name_in,
    own_approach,
    propose_next,
    writer_of,
)
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.people.reachability import is_away
from assistant.circles.people.weekly_texts import is_full
from assistant.circles.sharing.shares import apart_from
from assistant.safety.alert_holding import open_about
from assistant.store.tables import Approach, Listing, Member, Person


@action("ask", "plain", "over")
def open_approach(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Ask a member, if it is still of use and they were not asked about two others this week."""
    found, mine = locked(ctx.session, listing), own_approach(ctx, approach)
    if found is None or mine is None or not _still_open(ctx, found, mine):
        return ActionResult("over")
    seat = ctx.session.get_one(Member, mine.member_id)
    enough = asked_enough(ctx.session, mine, ctx.now) or is_full(ctx.session, seat, ctx.now)
    # Whoever may be in danger is asked for nothing.
    if enough or open_about(ctx.session, ctx.person.id):
        mine.withdrawn_at = ctx.now
        ctx.session.flush()
        return ActionResult("over")
    mine.asked_at = mine.asked_at or ctx.now
    ctx.session.flush()
    if ctx.person.plain:
        return ActionResult("plain", {"kind": found.kind})
    return _show(ctx, found, mine)


@action("ask", "over")
def show_asked(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Show the words on a shared phone, now that it is a good moment."""
    found, mine = locked(ctx.session, listing), own_approach(ctx, approach)
    if found is None or mine is None or not _still_open(ctx, found, mine):
        return ActionResult("over")
    return _show(ctx, found, mine)


@action("meant")
def mean_can(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """They can help themselves."""
    return ActionResult("meant", {"reply": "can"})


@action("meant")
def mean_knows(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """They know someone who can, and are linked with whoever asked, to tell them."""
    return ActionResult("meant", {"reply": "knows"})


@action("linked", "waits", "spare", "over")
def say_yes(
    ctx: ActionContext, *, listing: int = 0, approach: int = 0, reply: Literal["can", "knows"] = "can"
) -> ActionResult:
    """A yes: the first one links the two, or is put to whoever asked without a name.

    spare: someone was first; the yes is kept for when that comes to nothing.
    """
    return _say_yes(ctx, listing, approach, reply)


@action("heard")
def say_not_now(ctx: ActionContext, *, approach: int = 0) -> ActionResult:
    """Not now: nobody hears of it."""
    mine = own_approach(ctx, approach)
    if mine is not None and mine.reply is None:
        mine.reply, mine.replied_at = "no", ctx.now
        ctx.session.flush()
    return ActionResult("heard")


def _still_open(ctx: ActionContext, listing: Listing, approach: Approach) -> bool:
    """Whether a yes would be of use; where its writer is away by now, the listing ends here, silently."""
    if listing.state == "open" and not is_here(ctx.session, listing):
        end(ctx.session, listing, "gone", ctx.now)
        withdraw(ctx.session, listing, ctx.now)
    _, writer = writer_of(ctx.session, listing)
    return (
        listing.state == "open"
        and approach.withdrawn_at is None
        and listing.words is not None
        and writer.id not in apart_from(ctx.session, ctx.person.id)
    )


def _show(ctx: ActionContext, listing: Listing, approach: Approach) -> ActionResult:
    """Put the question; what is long, or asked with a reason, comes as a text of its own before it."""
    _, writer = writer_of(ctx.session, listing)
    words, language = listing.words or "", language_of(ctx)
    named = listing.named and approach.wave != "across"
    name = name_in(writer if named else Person(), language)
    quiet_ask = approach.wave == "quiet" and listing.kind == "ask" and not ctx.person.plain
    reason = reason_of(ctx.session, approach, to_others=False) if quiet_ask else None
    apart = bool(reason) or len(words) > LONGEST_SHOWN or ctx.person.plain
    variant = "because" if reason else "apart" if apart else listing.source
    values: dict[str, Any] = {
        "writer": name,
        "said": shorten(reason or "", PLACEHOLDERS["said"].longest),
        "asks": "_".join(filter(None, (listing.kind, variant))),
    }
    shown = Tell(
        ctx.person.id,
        f"{listing.kind}_words",
        {"words": words, "writer": name},
        purpose="reply",
        circle_id=ctx.circle.id if ctx.circle else None,
        verbatim=("words",),
        carries=carried(listing),
    )
    return ActionResult("ask", values, (shown,) if apart else ())


def _say_yes(ctx: ActionContext, listing_id: int, approach_id: int, reply: str) -> ActionResult:
    listing, mine = locked(ctx.session, listing_id), own_approach(ctx, approach_id)
    if listing is None or mine is None or mine.linked_at is not None:
        return ActionResult("over")
    if not _still_open(ctx, listing, mine):
        return ActionResult("spare" if _keep_as_spare(ctx, listing, mine, reply) else "over")
    writer, person = writer_of(ctx.session, listing)
    mine.reply, mine.replied_at = reply, ctx.now
    ctx.session.flush()
    if listing.proposed_id is not None:
        return ActionResult("spare")
    if listing.named and mine.wave != "across" and not is_away(ctx.session, writer, ctx.identity.sender):
        effects: list[Effect] = list(link(ctx, listing, mine, tell_writer=True))
        return ActionResult("linked", {"other_name": name_in(person, language_of(ctx))}, tuple(effects))
    return ActionResult("waits", effects=tuple(propose_next(ctx.session, listing)))


def _keep_as_spare(ctx: ActionContext, listing: Listing, mine: Approach, reply: str) -> bool:
    """Whether someone was first, so that this yes is kept for when that comes to nothing."""
    if listing.outcome != "person" or mine.reply is not None:
        return False
    _, writer = writer_of(ctx.session, listing)
    if writer.id in apart_from(ctx.session, ctx.person.id):
        return False
    mine.reply, mine.replied_at, mine.withdrawn_at = reply, ctx.now, None
    ctx.session.flush()
    return True
