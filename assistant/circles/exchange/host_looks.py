"""Lets a host look first at asks that ask for money or hold a link; the member hears what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import name_of
from assistant.circles.actions.registry import action
from assistant.circles.exchange.listings import ask_placeholders, end, is_here, locked, writer_of
from assistant.circles.exchange.waves import begin_waves
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import hosts_of
from assistant.circles.people.permissions import circle_for
from assistant.circles.people.reachability import hears_us
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import spoken
from assistant.store.tables import Circle, Listing, Person


def lookers(ctx: ActionContext, listing: Listing) -> Sequence[Person]:
    """Return the hosts who may look at it: not its writer, and nobody kept apart from its writer."""
    _, writer = writer_of(ctx.session, listing)
    apart = apart_from(ctx.session, writer.id)
    return [
        host
        for host in hosts_of(ctx.session, listing.circle_id, ctx.now)
        if host.id != writer.id
        and host.id not in apart
        and hears_us(ctx.session, host.id, ctx.identity.sender)
    ]


def ask_hosts(ctx: ActionContext, listing: Listing) -> Iterator[Start]:
    """Ask the hosts to look at it; the first answer counts."""
    for host in lookers(ctx, listing):
        yield Start(host.id, "look_at_listing", {"listing": listing.id})


@action("ask", "plain", "over")
def show_for_look(ctx: ActionContext, *, listing: int = 0, ok_here: str = "no") -> ActionResult:
    """Show a host what waits for a look; plain: others see the host's phone, so it is asked first."""
    found, circle = locked(ctx.session, listing), None
    if found is not None:
        circle = circle_for(ctx.session, ctx.person.id, found.circle_id)
    if found is None or circle is None or found.state != "look" or not is_here(ctx.session, found):
        return ActionResult("over")
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain", circle=circle)
    record(ctx.session, "look at ask", ctx.now, by=ctx.person.id, circle_id=circle.id, listing=found.id)
    words = found.words or ""
    shown = Tell(
        ctx.person.id,
        f"{found.kind}_to_look_at",
        {"words": words, "circle": circle.name},
        purpose="reply",
        verbatim=("words",),
        circle_id=circle.id,
        carries=f"listing:{found.id}",
    )
    return ActionResult("ask", effects=(shown,), circle=circle)


@action("passed", "over")
def pass_listing(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Let it go to the circle: the first few are asked, and the member hears so."""
    found = _waiting(ctx, listing)
    if found is None:
        return ActionResult("over")
    _look(ctx, found, "pass ask")
    return ActionResult("passed", effects=(*_tell_writer(ctx, found, "ask_passed"), *begin_waves(ctx, found)))


@action("not_passed", "over")
def hold_listing_back(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Let it go to nobody; the member hears so, and whom to talk to."""
    found = _waiting(ctx, listing)
    if found is None:
        return ActionResult("over")
    _look(ctx, found, "hold ask back")
    told = tuple(_tell_writer(ctx, found, "ask_not_passed"))
    end(ctx.session, found, "not_passed", ctx.now)
    withdraw(ctx.session, found, ctx.now)
    return ActionResult("not_passed", effects=told)


def _waiting(ctx: ActionContext, listing_id: int) -> Listing | None:
    found = locked(ctx.session, listing_id)
    if found is None or found.state != "look" or not is_here(ctx.session, found):
        return None
    return found if circle_for(ctx.session, ctx.person.id, found.circle_id) is not None else None


def _look(ctx: ActionContext, listing: Listing, what: str) -> None:
    listing.looked_by, listing.looked_at = ctx.person.id, ctx.now
    record(ctx.session, what, ctx.now, by=ctx.person.id, circle_id=listing.circle_id, listing=listing.id)


def _tell_writer(ctx: ActionContext, listing: Listing, notice: str) -> Iterator[Effect]:
    member, person = writer_of(ctx.session, listing)
    circle = ctx.session.get_one(Circle, listing.circle_id)
    host = name_of(ctx.person, spoken(person.language or circle.language))
    yield Tell(
        person.id,
        notice,
        {**ask_placeholders(listing), "host": host},
        circle_id=circle.id,
        member_id=member.id,
    )
