"""Lists asks and offers: the circle's open ones, to take one up, and the member's own, to close one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Line, Lines
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.exchange.listings import (
    approach_of,
    carried,
    end,
    locked,
    name_in,
    own_open,
    shown_to,
    thank_the_ready,
    writer_of,
)
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.permissions import hosted_by
from assistant.circles.sharing.shares import is_in
from assistant.language.rendering import readable_date
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Approach, Circle, Introduced, Introduction, Listing, Member, Person


@action("host", "member")
def whose_asks(ctx: ActionContext) -> ActionResult:
    """Whether ASKS is a host's, about the circle that is hosted, or a member's."""
    return ActionResult("host" if hosted_by(ctx.session, ctx.person.id) else "member")


@action("shown", "plain", "nothing", "not_yet")
def list_asks(ctx: ActionContext, *, ok_here: str = "no") -> ActionResult:
    """Show what others of the circle ask for, numbered."""
    return _list(ctx, "ask", ok_here)


@action("shown", "plain", "nothing", "not_yet")
def list_leads(ctx: ActionContext, *, ok_here: str = "no") -> ActionResult:
    """Show what others of the circle offer, numbered."""
    return _list(ctx, "offer", ok_here)


@action("picked", "over")
def pick_listing(ctx: ActionContext, *, listed_id: str = "") -> ActionResult:
    """Take up what was chosen from a list; the yes follows."""
    member = ctx.member
    found = locked(ctx.session, int(listed_id)) if listed_id.isdigit() else None
    if found is None or member is None or found.state != "open" or found.member_id == member.id:
        return ActionResult("over")
    approach = approach_of(ctx.session, found.id, member.id)
    if approach is None:
        approach = Approach(
            listing_id=found.id, member_id=member.id, wave="list", due_at=ctx.now, asked_at=ctx.now
        )
        ctx.session.add(approach)
        ctx.session.flush()
    return ActionResult("picked", {"listing": found.id, "approach": approach.id})


@action("shown", "one", "met", "plain", "nothing")
def list_mine(ctx: ActionContext, *, ok_here: str = "no") -> ActionResult:
    """Show the member what they asked and offered and is still open, in all their circles.

    met: all of it are introductions that they asked for, or have said yes to.
    """
    seats = [member.id for member, _ in seats_of(ctx.session, ctx.person.id)]
    mine, met = own_open(ctx.session, seats), tuple(_own_introductions(ctx, seats))
    if not mine and not met:
        return ActionResult("nothing")
    values = _choices(mine)
    if len(mine) == 1:
        values |= {"listed_id": str(mine[0].id), "listing": mine[0].id}
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain", values)
    lines = tuple(_own_line(number, listing) for number, listing in enumerate(mine, 1))
    outcome = "one" if len(mine) == 1 else "shown" if mine else "met"
    return ActionResult(outcome, values, (Lines((*lines, *met)),))


@action("found", "several", "nothing")
def find_own_listing(ctx: ActionContext, *, number: int = 0) -> ActionResult:
    """Find which of their own the member wants to close: the one of that number, or the only one."""
    seats = [member.id for member, _ in seats_of(ctx.session, ctx.person.id)]
    mine = own_open(ctx.session, seats)
    if not mine:
        return ActionResult("nothing")
    at = number - 1 if 0 < number <= len(mine) else 0 if len(mine) == 1 else None
    if at is not None:
        return ActionResult("found", {"listed_id": str(mine[at].id), "listing": mine[at].id})
    lines = tuple(_own_line(place, listing) for place, listing in enumerate(mine, 1))
    return ActionResult("several", _choices(mine), (Lines(lines),) if not ctx.person.plain else ())


@action("chosen", "nothing")
def choose_own_listing(ctx: ActionContext, *, listed_id: str = "") -> ActionResult:
    """Go on with the one that was chosen."""
    found = _own(ctx, listed_id)
    return ActionResult("chosen", {"listing": found.id}) if found is not None else ActionResult("nothing")


@action("closed", "nothing")
def close_listing(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Close an ask or an offer: nobody is asked about it any more, and whoever was ready is thanked."""
    found = _own(ctx, str(listing))
    if found is None:
        return ActionResult("nothing")
    thanks = tuple(thank_the_ready(ctx.session, found))
    end(ctx.session, found, "closed", ctx.now)
    withdraw(ctx.session, found, ctx.now)
    return ActionResult("closed", effects=thanks)


def _own(ctx: ActionContext, key: str) -> Listing | None:
    found = locked(ctx.session, int(key)) if key.isdigit() else None
    if found is None or found.state not in ("look", "open"):
        return None
    return found if writer_of(ctx.session, found)[1].id == ctx.person.id else None


def _list(ctx: ActionContext, kind: str, ok_here: str) -> ActionResult:
    member = ctx.member
    if member is None or not is_in(member):
        return ActionResult("not_yet")
    listings = shown_to(ctx.session, member, kind, ctx.now)
    if not listings:
        return ActionResult("nothing")
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain")
    return ActionResult("shown", _choices(listings), (Lines(tuple(_lines(ctx, listings))),))


def _choices(listings: Sequence[Listing]) -> dict[str, Any]:
    """Return the choices by which one is picked: by its number, or its words."""
    return list_choices("listed", ((listing.id, listing.words or "") for listing in listings)) | {
        "options": ""
    }


def _lines(ctx: ActionContext, listings: Sequence[Listing]) -> Iterator[Line]:
    language = language_of(ctx)
    nobody = Person()
    for number, listing in enumerate(listings, 1):
        _, writer = writer_of(ctx.session, listing)
        notice = f"listed_{listing.source}" if listing.source else "listed"
        placeholders = {
            "count": str(number),
            "writer": name_in(writer if listing.named else nobody, language),
            "words": shorten(listing.words or "", PLACEHOLDERS["words"].longest),
        }
        yield Line(notice, placeholders, verbatim=("words",), carries=carried(listing))


def _own_introductions(ctx: ActionContext, seats: Sequence[int]) -> Iterator[Line]:
    """Yield a line for each introduction that they asked for, or said yes to, and that has not ended.

    Whoever was asked has heard no name yet, and hears none here.
    """
    said_yes = select(Introduced.introduction_id).where(
        Introduced.member_id.in_(seats), Introduced.reply == "yes", Introduced.withdrawn_at.is_(None)
    )
    running = select(Introduction).where(
        Introduction.ended_at.is_(None),
        or_(Introduction.by_person_id == ctx.person.id, Introduction.id.in_(said_yes)),
    )
    language = language_of(ctx)
    for introduction in ctx.session.scalars(running.order_by(Introduction.id)).all():
        circle = ctx.session.get_one(Circle, introduction.circle_id)
        day = introduction.ends_at.astimezone(home(zone_of(ctx.person.zone, circle.zone))).date()
        placeholders, notice = {"date": readable_date(day, language)}, "own_introduction_yes"
        if introduction.by_person_id == ctx.person.id:
            others = [
                name_in(each, language, placeholder="other_name") for each in _others(ctx, introduction)
            ]
            notice = "own_introduction" if introduction.kind == "own" else "own_introduction_two"
            names = ("other_name",) if introduction.kind == "own" else ("first", "second")
            placeholders |= dict(zip(names, others, strict=False))
        yield Line(notice, placeholders)


def _others(ctx: ActionContext, introduction: Introduction) -> Sequence[Person]:
    """Return who is to be introduced, without whoever asks here."""
    sides = select(Person).join(Member, Member.person_id == Person.id)
    sides = sides.join(Introduced, Introduced.member_id == Member.id)
    sides = sides.where(Introduced.introduction_id == introduction.id, Person.id != ctx.person.id)
    return ctx.session.scalars(sides.order_by(Introduced.id)).all()


def _own_line(number: int, listing: Listing) -> Line:
    words = shorten(listing.words or "", PLACEHOLDERS["words"].longest)
    placeholders = {"count": str(number), "words": words}
    return Line(f"listed_own_{listing.kind}", placeholders, verbatim=("words",), carries=OWN)
