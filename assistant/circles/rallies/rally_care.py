"""What comes after a rally: notes of care, what others said to a joy, and thanks to those who stood by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.exchange.listings import approaches_of, end, is_here, locked, name_in
from assistant.circles.exchange.open_talks import rests_until
from assistant.circles.exchange.outcomes import pass_thanks
from assistant.circles.exchange.withdrawal import withdraw
from assistant.circles.people.reachability import is_away
from assistant.circles.rallies.rally_drafts import RALLY
from assistant.circles.rallies.rally_telling import CARE_ON, GATHERED_AFTER
from assistant.circles.rallies.standing_by import KIND
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import LANGUAGES, spoken
from assistant.store.tables import Listing, Member, Note, Person

STOOD_BY = ("can", "line")


@action("care", "over")
def open_care(ctx: ActionContext, *, listing: int = 0, day: str = "") -> ActionResult:
    """Whether a note of care is still welcome; with the last one, the rally is over.

    Not in the midst of a talk about someone's safety, and not to whoever closed it, left or is away.
    """
    found = _own(ctx, listing)
    if found is None or found.state != "open":
        return ActionResult("over")
    here = is_here(ctx.session, found) and not rests_until(ctx.session, ctx.person.id, ctx.now)
    if day == str(CARE_ON[-1]):
        end(ctx.session, found, "expired", ctx.now)
        withdraw(ctx.session, found, ctx.now)
    labels = LANGUAGES[spoken(language_of(ctx))].labels
    said = labels[f"here_{found.audience or 'circle'}"]
    return ActionResult("care" if here else "over", {"said": said})


@action("gathered", "plain", "nothing", "over")
def gather_joy(ctx: ActionContext, *, listing: int = 0, ok_here: str = "") -> ActionResult:
    """Bring what others said to a joy, a line each in one text; nothing: nobody wrote yet, which is said."""
    found = _own(ctx, listing)
    if found is None or found.state != "open" or not is_here(ctx.session, found):
        return ActionResult("over")
    lines = tuple(_glad_lines(ctx, found))
    if not lines:
        return ActionResult("nothing")
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain", {"count": str(len(lines))})
    return ActionResult("gathered", effects=(Lines((Line("joy_heading"), *lines)),))


@action("rally", "other")
def was_rally(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Whether what was closed just now is a rally that somebody stood by: they can be thanked."""
    found = _own(ctx, listing)
    stood = found is not None and found.kind == RALLY and bool(_stood_by(ctx, found))
    return ActionResult("rally" if stood else "other")


@action("thanked")
def thank_supporters(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Thank those who stood by, without words of whoever rallied."""
    found = _own(ctx, listing)
    if found is None:
        return ActionResult("thanked")
    told = tuple(
        Tell(seat.person_id, "rally_over", circle_id=seat.circle_id, member_id=seat.id)
        for seat in _stood_by(ctx, found)
    )
    return ActionResult("thanked", effects=told)


@action("passed", "empty")
def carry_rally_thanks(ctx: ActionContext, *, listing: int = 0, thanks: str = "") -> ActionResult:
    """Carry a line of thanks to everyone who stood by, without what could reach anyone."""
    found = _own(ctx, listing)
    if found is None or not any(sign.isalnum() for sign in thanks):
        return ActionResult("empty", {"thanks": ""})
    passed = [
        pass_thanks(ctx, seat, ctx.session.get_one(Person, seat.person_id), thanks)
        for seat in _stood_by(ctx, found)
    ]
    told = tuple(effect for each in passed for effect in each.effects)
    return ActionResult("passed" if told else "empty", {"thanks": ""}, told)


def _own(ctx: ActionContext, listing_id: int) -> Listing | None:
    found = locked(ctx.session, listing_id)
    if found is None or ctx.member is None:
        return None
    writer = ctx.session.get_one(Member, found.member_id)
    return found if writer.person_id == ctx.person.id else None


def _stood_by(ctx: ActionContext, listing: Listing) -> Sequence[Member]:
    """Return who answered with a yes or a line, and can still be thanked."""
    apart = apart_from(ctx.session, ctx.person.id)
    seats = [
        ctx.session.get_one(Member, each.member_id)
        for each in approaches_of(ctx.session, listing)
        if each.reply in STOOD_BY
    ]
    return [
        seat
        for seat in seats
        if seat.person_id not in apart and not is_away(ctx.session, seat, ctx.identity.sender)
    ]


def _glad_lines(ctx: ActionContext, listing: Listing) -> Iterator[Line]:
    """Yield what was written to a joy in its first day, the oldest first; of nobody kept apart since."""
    assert listing.posted_at is not None
    rows = ctx.session.execute(
        select(Note, Person)
        .join(Member, Member.id == Note.from_member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Note.to_member_id == listing.member_id,
            Note.kind == KIND,
            Note.at >= listing.posted_at,
            Note.at < listing.posted_at + GATHERED_AFTER,
            Note.words.is_not(None),
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Note.id)
    )
    language = language_of(ctx)
    for note, person in rows:
        placeholders = {"writer": name_in(person, language), "words": note.words or ""}
        yield Line("joy_line", placeholders, verbatim=("words",), carries=f"note:{note.id}")
