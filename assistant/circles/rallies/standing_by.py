"""Tells a member of a rally and hears the answer: a line between two, words, or not now, which none sees."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.exchange.lifetimes import LINKED_FOR
from assistant.circles.exchange.listings import (
    asked_enough,
    carried,
    is_here,
    locked,
    name_in,
    writer_of,
)
from assistant.circles.exchange.open_talks import rests_until
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.reachability import is_away
from assistant.circles.people.weekly_texts import is_full
from assistant.circles.rallies.rally_telling import GATHERED_AFTER
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import LANGUAGES, spoken
from assistant.language.phones.contacts import without_contacts
from assistant.store.tables import Approach, Circle, Listing, Member, Note

KIND: Final = "rally"
CHOSEN: Final = "chosen"
TOLD_AGAIN: Final = dt.timedelta(days=1)
TOLD_WITHIN: Final = dt.timedelta(days=8)
"""So long after a rally its news still is some to whoever had too much else in that week."""


@action("ask", "joy", "plain", "over")
def open_rally(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Tell a member, if it still goes on; joy: something to be glad about. plain: others see the phone."""
    found, mine = _mine(ctx, listing, approach)
    if found is None or mine is None or not _goes_on(ctx, found, mine):
        return ActionResult("over")
    if not _is_free(ctx, mine):
        return ActionResult("over", effects=_another_day(ctx, found, mine))
    mine.asked_at = mine.asked_at or ctx.now
    ctx.session.flush()
    return ActionResult("plain") if ctx.person.plain else _show(ctx, found)


@action("ask", "joy", "over")
def show_rally(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Show the words on a shared phone, now that it is a good moment."""
    found, mine = _mine(ctx, listing, approach)
    if found is None or mine is None or not _goes_on(ctx, found, mine):
        return ActionResult("over")
    return _show(ctx, found)


@action("linked", "over")
def stand_with(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """With them: for a week the two reach each other; whoever rallied sees who it is."""
    found, mine = _mine(ctx, listing, approach)
    if found is None or mine is None or not _goes_on(ctx, found, mine):
        return ActionResult("over")
    writer, person = writer_of(ctx.session, found)
    first = mine.linked_at is None
    mine.reply, mine.replied_at = "can", ctx.now
    mine.linked_at, mine.link_ends_at = mine.linked_at or ctx.now, ctx.now + LINKED_FOR
    ctx.session.flush()
    circle = ctx.session.get_one(Circle, writer.circle_id)
    language = spoken(person.language or circle.language)
    placeholders = {"other_name": name_in(ctx.person, language, placeholder="other_name")}
    told = Tell(
        person.id, "rally_with", placeholders, purpose="relay", circle_id=circle.id, member_id=writer.id
    )
    name = name_in(person, language_of(ctx), placeholder="other_name")
    reached = first and not is_away(ctx.session, writer, ctx.identity.sender)
    return ActionResult("linked", {"other_name": name}, (told,) if reached else ())


@action("held")
def hold_rally_line(ctx: ActionContext) -> ActionResult:
    """Hold what was written instead of a choice: it may be the line itself."""
    line = " ".join(ctx.words.split())
    return ActionResult("held", {"line": line, "said": shorten(line, PLACEHOLDERS["said"].longest)})


@action("passed", "later", "empty", "over")
def carry_rally_line(
    ctx: ActionContext, *, listing: int = 0, approach: int = 0, line: str = ""
) -> ActionResult:
    """Carry a line, without what could reach anyone; later: to a joy it comes with what others say."""
    found, mine = _mine(ctx, listing, approach)
    words = without_contacts(line.strip(), ctx.identity.country)
    if found is None or mine is None or ctx.member is None or not _goes_on(ctx, found, mine):
        return ActionResult("over", {"line": ""})
    if not any(sign.isalnum() for sign in words):
        return ActionResult("empty", {"line": ""})
    writer, person = writer_of(ctx.session, found)
    note = Note(
        circle_id=ctx.member.circle_id,
        from_member_id=ctx.member.id,
        to_member_id=writer.id,
        kind=KIND,
        words=words,
        at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    ctx.session.add(note)
    if mine.reply != "can":
        mine.reply, mine.replied_at = "line", ctx.now
    ctx.session.flush()
    if found.need == "joy" and found.posted_at and ctx.now < found.posted_at + GATHERED_AFTER:
        return ActionResult("later", {"line": ""})
    effects: list[Effect] = []
    if not is_away(ctx.session, writer, ctx.identity.sender):
        circle = ctx.session.get_one(Circle, writer.circle_id)
        name = name_in(ctx.person, person.language or circle.language, placeholder="other_name")
        effects.append(
            Tell(
                person.id,
                "rally_line",
                {"other_name": name, "words": words},
                purpose="relay",
                circle_id=circle.id,
                verbatim=("words",),
                member_id=writer.id,
                carries=f"note:{note.id}{ONLY_A_SIGN if person.plain else ''}",
            )
        )
    return ActionResult("passed", {"line": ""}, tuple(effects))


@action("heard")
def not_this_time(ctx: ActionContext, *, listing: int = 0, approach: int = 0) -> ActionResult:
    """Not now: nobody hears of it."""
    _, mine = _mine(ctx, listing, approach)
    if mine is not None and mine.reply is None:
        mine.reply, mine.replied_at = "no", ctx.now
        ctx.session.flush()
    return ActionResult("heard")


def _mine(ctx: ActionContext, listing_id: int, approach_id: int) -> tuple[Listing | None, Approach | None]:
    found, mine = locked(ctx.session, listing_id), ctx.session.get(Approach, approach_id)
    if found is None or mine is None or ctx.member is None or mine.member_id != ctx.member.id:
        return None, None
    return found, mine


def _is_free(ctx: ActionContext, approach: Approach) -> bool:
    """Whether a member may be told now: not asked too much this week, nor in a talk about their safety."""
    if rests_until(ctx.session, ctx.person.id, ctx.now) is not None:
        return False
    seat = ctx.session.get_one(Member, approach.member_id)
    often = asked_enough(ctx.session, approach, ctx.now) or is_full(ctx.session, seat, ctx.now)
    return approach.wave == CHOSEN or not often


def _another_day(ctx: ActionContext, listing: Listing, approach: Approach) -> tuple[Effect, ...]:
    """They are told another day, as long as it is news."""
    if listing.posted_at is None or ctx.now + TOLD_AGAIN > listing.posted_at + TOLD_WITHIN:
        approach.withdrawn_at = ctx.now
        ctx.session.flush()
        return ()
    values = {"listing": listing.id, "approach": approach.id}
    due = ctx.now + TOLD_AGAIN
    return (Start(ctx.person.id, "stand_by", values, approach.member_id, due_at=due),)


def _goes_on(ctx: ActionContext, listing: Listing, approach: Approach) -> bool:
    _, writer = writer_of(ctx.session, listing)
    return (
        listing.state == "open"
        and listing.words is not None
        and approach.withdrawn_at is None
        and is_here(ctx.session, listing)
        and writer.id not in apart_from(ctx.session, ctx.person.id)
    )


def _show(ctx: ActionContext, listing: Listing) -> ActionResult:
    """Show what happened, in its writer's own words, before it is asked what the reader would do."""
    _, writer = writer_of(ctx.session, listing)
    language = language_of(ctx)
    name, joy = name_in(writer, language), listing.need == "joy"
    values: dict[str, Any] = {
        "writer": name,
        "said": LANGUAGES[spoken(language)].labels[f"need_{listing.need or 'listen'}"],
        "other_name": name_in(writer, language, placeholder="other_name"),
    }
    shown = Tell(
        ctx.person.id,
        "joy_words" if joy else "rally_words",
        {"words": listing.words or "", "writer": name},
        purpose="reply",
        circle_id=ctx.circle.id if ctx.circle else None,
        verbatim=("words",),
        carries=carried(listing),
    )
    return ActionResult("joy" if joy else "ask", values, (shown,))
