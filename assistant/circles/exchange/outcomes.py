"""Hears whether help helped, carries a line of thanks, and offers who else said yes."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.exchange.lifetimes import LINKED_FOR
from assistant.circles.exchange.linking import link, spare_for
from assistant.circles.exchange.listings import is_hidden, locked, name_in, writer_of
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.shares import apart_from
from assistant.language.phones.contacts import without_contacts
from assistant.store.tables import Approach, Circle, Listing, Member, Note, Person

THANKS = "thanks"


@action("ask", "over")
def open_outcome(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Ask whoever was helped whether it did; not where the two were parted, or it was asked before."""
    found = _helped(ctx, listing, approach)
    if found is None or found[1].helped is not None:
        return ActionResult("over")
    other = _other(ctx, *found)
    if other[1].id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("over")
    name = name_in(other[1], language_of(ctx), placeholder="other_name")
    return ActionResult("ask", {"other_name": name, "kind": found[0].kind})


@action("noted", "over")
def note_helped(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """It helped."""
    return ActionResult("noted" if _note(ctx, listing, approach, "yes") else "over")


@action("spare", "longer", "over")
def note_not_yet(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Not yet: whoever else said yes is offered, or the line stays open a week more."""
    found = _note(ctx, listing, approach, "not_yet")
    if found is None:
        return ActionResult("over")
    if _spare(ctx, found[0]) is not None:
        return ActionResult("spare")
    found[1].link_ends_at = ctx.now + LINKED_FOR
    ctx.session.flush()
    return ActionResult("longer")


@action("spare", "noted", "over")
def note_no_help(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """It did not help: whoever else said yes is offered."""
    found = _note(ctx, listing, approach, "no")
    if found is None:
        return ActionResult("over")
    return ActionResult("spare" if _spare(ctx, found[0]) is not None else "noted")


@action("linked", "over")
def link_spare(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Link the writer with someone who said yes as well."""
    found = locked(ctx.session, listing)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    spare = _spare(ctx, found) if found is not None and mine else None
    if found is None or spare is None:
        return ActionResult("over")
    helper = ctx.session.get_one(Person, ctx.session.get_one(Member, spare.member_id).person_id)
    effects = tuple(link(ctx, found, spare, tell_writer=False))
    name = name_in(helper, language_of(ctx), placeholder="other_name")
    return ActionResult("linked", {"other_name": name}, effects)


@action("passed", "gone")
def carry_thanks(
    ctx: ActionContext, *, listing: int = 0, approach: int = 0, thanks: str = ""
) -> ActionResult:
    """Carry a line of thanks to whoever helped."""
    found = _helped(ctx, listing, approach)
    if found is None:
        return ActionResult("gone", {"thanks": ""})
    seat, other = _other(ctx, *found)
    hidden = is_hidden(found[0]) and ctx.member is not None and found[0].member_id == ctx.member.id
    return pass_thanks(ctx, seat, other, thanks, named=not hidden)


def pass_thanks(
    ctx: ActionContext, seat: Member, other: Person, thanks: str, *, named: bool = True
) -> ActionResult:
    """Carry a line of thanks to another, without what could reach anyone; passed or gone.

    Whoever is kept apart or away gets none, which is not said.
    """
    words = without_contacts(thanks.strip(), ctx.identity.country)
    if ctx.member is None or not any(sign.isalnum() for sign in words):
        return ActionResult("gone", {"thanks": ""})
    apart = other.id in apart_from(ctx.session, ctx.person.id)
    note = Note(
        circle_id=ctx.member.circle_id,
        from_member_id=ctx.member.id,
        to_member_id=seat.id,
        kind=THANKS,
        words=words,
        named=named,
        at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    if not apart:
        ctx.session.add(note)
        ctx.session.flush()
    if apart or is_away(ctx.session, seat, ctx.identity.sender):
        return ActionResult("passed", {"thanks": ""})
    circle = ctx.session.get_one(Circle, seat.circle_id)
    told = Tell(
        other.id,
        "thanks_to_you",
        {
            "other_name": name_in(
                ctx.person if named else Person(),
                other.language or circle.language,
                placeholder="other_name",
            ),
            "words": words,
        },
        purpose="relay",
        circle_id=ctx.member.circle_id,
        verbatim=("words",),
        member_id=seat.id,
        carries=f"note:{note.id}{ONLY_A_SIGN if other.plain else ''}",
    )
    return ActionResult("passed", {"thanks": ""}, (told,))


def _helped(ctx: ActionContext, listing_id: int, approach_id: int) -> tuple[Listing, Approach] | None:
    """Return a link in which this member was the one to be helped."""
    listing, approach = ctx.session.get(Listing, listing_id), ctx.session.get(Approach, approach_id)
    if listing is None or approach is None or ctx.member is None or approach.linked_at is None:
        return None
    helped = approach.member_id if listing.kind == "offer" else listing.member_id
    return (listing, approach) if helped == ctx.member.id and listing.words is not None else None


def _other(ctx: ActionContext, listing: Listing, approach: Approach) -> tuple[Member, Person]:
    if listing.kind == "offer":
        return writer_of(ctx.session, listing)
    seat = ctx.session.get_one(Member, approach.member_id)
    return seat, ctx.session.get_one(Person, seat.person_id)


def _note(
    ctx: ActionContext, listing_id: int, approach_id: int, helped: str
) -> tuple[Listing, Approach] | None:
    found = _helped(ctx, listing_id, approach_id)
    if found is not None:
        found[1].helped, found[1].helped_at = helped, ctx.now
        ctx.session.flush()
    return found


def _spare(ctx: ActionContext, listing: Listing) -> Approach | None:
    """Return who else would help with an ask; with an offer the first one's no changes nothing."""
    return spare_for(ctx, listing) if listing.kind == "ask" else None
