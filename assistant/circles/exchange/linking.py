"""Links two who both said yes, by first name, for a week; no name passes before."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.exchange.lifetimes import LINKED_FOR, daytime
from assistant.circles.exchange.likely_helpers import reason_of
from assistant.circles.exchange.listings import (
    approaches_of,
    ask_placeholders,
    carried,
    end,
    locked,
    name_in,
    thank_the_ready,
    writer_of,
)
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import spoken
from assistant.store.tables import Approach, Circle, Listing, Member, Person


def link(ctx: ActionContext, listing: Listing, approach: Approach, *, tell_writer: bool) -> Iterator[Effect]:
    """Open the line between the two, which is the listing's end; nobody else is asked any more.

    Args:
        tell_writer: True where the helper's yes opened it; False where the writer's did: the helper is told.
    """
    member, writer = writer_of(ctx.session, listing)
    helper_seat = ctx.session.get_one(Member, approach.member_id)
    helper = ctx.session.get_one(Person, helper_seat.person_id)
    approach.linked_at, approach.link_ends_at = ctx.now, ctx.now + LINKED_FOR
    first = end(ctx.session, listing, "person", ctx.now)
    listing.proposed_id = None
    if first:
        withdraw(ctx.session, listing, ctx.now)
    approach.withdrawn_at = None
    ctx.session.flush()
    if tell_writer:
        yield _tell_found(ctx, listing, approach, member, writer, helper)
    else:
        yield _tell_linked(ctx, listing, helper_seat, helper, writer)
    helped, seat = (writer, member) if listing.kind == "ask" else (helper, helper_seat)
    circle = ctx.session.get_one(Circle, seat.circle_id)
    values = {"listing": listing.id, "approach": approach.id}
    due = daytime(helped, circle, approach.link_ends_at)
    yield Start(helped.id, "ask_outcome", values, seat.id, due_at=due)


@action("ask", "over")
def open_match(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Whether the writer is to be asked if they shall be linked with whoever said yes."""
    found, theirs = _proposed(ctx, listing, approach)
    if found is None or theirs is None:
        return ActionResult("over")
    return ActionResult("ask", {"wave": theirs.wave, "kind": found.kind})


@action("linked", "goes_on", "over")
def accept_match(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Both have said yes: each hears the other's first name.

    goes_on: the other's yes does not hold any more, whatever the reason, and others are asked.
    """
    found, theirs = _proposed(ctx, listing, approach)
    if found is None or theirs is None:
        return ActionResult(_after(ctx, listing))
    helper = ctx.session.get_one(Person, ctx.session.get_one(Member, theirs.member_id).person_id)
    effects = tuple(link(ctx, found, theirs, tell_writer=False))
    return ActionResult("linked", {"other_name": name_in(helper, language_of(ctx))}, effects)


@action("closed", "goes_on", "over")
def decline_match(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Not now, says the writer: it ends there. Whoever was ready hears only that it is settled."""
    found, theirs = _proposed(ctx, listing, approach)
    if found is None or theirs is None:
        return ActionResult(_after(ctx, listing))
    thanks = tuple(thank_the_ready(ctx.session, found))
    end(ctx.session, found, "declined", ctx.now)
    withdraw(ctx.session, found, ctx.now)
    return ActionResult("closed", effects=thanks)


def spare_for(ctx: ActionContext, listing: Listing) -> Approach | None:
    """Return someone who said yes as well, can still be reached, and was not linked."""
    _, writer = writer_of(ctx.session, listing)
    for approach in approaches_of(ctx.session, listing):
        seat = ctx.session.get_one(Member, approach.member_id)
        if (
            approach.reply in ("can", "knows")
            and approach.linked_at is None
            and not is_away(ctx.session, seat, ctx.identity.sender)
            and seat.person_id not in apart_from(ctx.session, writer.id)
        ):
            return approach
    return None


def _after(ctx: ActionContext, listing_id: int) -> str:
    """Return whether a listing whose yes fell through goes on, or is over."""
    found = ctx.session.get(Listing, listing_id)
    return "goes_on" if found is not None and found.state == "open" else "over"


def _proposed(
    ctx: ActionContext, listing_id: int, approach_id: int
) -> tuple[Listing | None, Approach | None]:
    """Return a listing of this member with the yes that was put to them, while both hold."""
    found = locked(ctx.session, listing_id)
    theirs = ctx.session.get(Approach, approach_id)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    if found is None or theirs is None or not mine or found.state != "open" or found.proposed_id != theirs.id:
        return None, None
    seat = ctx.session.get_one(Member, theirs.member_id)
    if seat.person_id in apart_from(ctx.session, ctx.person.id):
        return None, None
    return found, theirs


def _tell_found(
    ctx: ActionContext, listing: Listing, approach: Approach, member: Member, writer: Person, helper: Person
) -> Tell:
    """Tell whoever asked who it is, with a reason where the circle may know it."""
    circle = ctx.session.get_one(Circle, member.circle_id)
    language = spoken(writer.language or circle.language)
    reason = reason_of(ctx.session, approach, to_others=True) if listing.kind == "ask" else None
    notice = f"{listing.kind}_found" if approach.reply == "can" else f"{listing.kind}_found_knows"
    placeholders = {"other_name": name_in(helper, language, placeholder="other_name")}
    because = reason is not None and notice == "ask_found"
    if reason is not None and because:
        notice = "ask_found_because"
        placeholders["skill"] = shorten(reason, PLACEHOLDERS["skill"].longest)
    return Tell(
        writer.id,
        notice,
        {**placeholders, **ask_placeholders(listing)},
        circle_id=circle.id,
        member_id=member.id,
        # What speaks for the helper are the helper's words; the ask is the reader's own.
        carries=approach.because if because else None,
    )


def _tell_linked(ctx: ActionContext, listing: Listing, seat: Member, helper: Person, writer: Person) -> Tell:
    circle = ctx.session.get_one(Circle, seat.circle_id)
    language = spoken(helper.language or circle.language)
    return Tell(
        helper.id,
        "ask_linked",
        {**ask_placeholders(listing), "other_name": name_in(writer, language, placeholder="other_name")},
        circle_id=circle.id,
        member_id=seat.id,
        carries=carried(listing),
    )
