"""Ends introductions in the same words whatever they came to, and asks a week after a meeting how it was."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.exchange.introductions.two_sides import end, let_go, locked, person_of, sides_of
from assistant.circles.exchange.lifetimes import LINKED_FOR, daytime
from assistant.circles.exchange.listings import name_in
from assistant.circles.exchange.open_talks import rests_until
from assistant.circles.exchange.outcomes import pass_thanks
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import Circle, Introduced, Introduction, Member


@action("none", "none_two", "none_other", "over")
def end_introduction(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """End what two yeses did not make one; who asked for it, and who said yes, hears so, and never why.

    none: the member asked for it. none_two: they wanted to introduce two. none_other: they said yes to it.
    """
    found = locked(ctx.session, introduction)
    if found is None or found.outcome in ("met", "gone"):
        return ActionResult("over")
    if (until := rests_until(ctx.session, ctx.person.id, ctx.now)) is not None:
        # Not in the midst of a talk about someone's safety.
        values = {"introduction": introduction, "side": side}
        member_id = ctx.member.id if ctx.member is not None else None
        due = daytime(ctx.person, ctx.session.get_one(Circle, found.circle_id), until)
        later = Start(ctx.person.id, "introduction_end", values, member_id, due, at_once=True)
        return ActionResult("over", effects=(later,))
    sides = sides_of(ctx.session, found)
    if end(found, "none", ctx.now):
        let_go(ctx.session, found, [each for each in sides if each.reply is None], ctx.now)
    ctx.session.flush()
    names = [name_in(person_of(ctx.session, each), language_of(ctx)) for each in sides]
    if found.kind == "two" and not side:
        return ActionResult("none_two", {"first": names[0], "second": names[1]})
    mine = next((each for each in sides if each.id == side), None)
    if mine is None or mine.reply != "yes" or mine.withdrawn_at is not None:
        return ActionResult("over")
    if mine.due_at is not None:
        return ActionResult("none_other")
    other = next(name for name, each in zip(names, sides, strict=True) if each.id != side)
    return ActionResult("none", {"other_name": other})


@action("ask", "over")
def open_meeting_outcome(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """Ask whether it was good to meet; not where the two were parted since, or it was asked before."""
    found, mine, other = _met(ctx, introduction, side)
    if found is None or mine is None or other is None or mine.helped is not None:
        return ActionResult("over")
    name = name_in(person_of(ctx.session, other), language_of(ctx), placeholder="other_name")
    return ActionResult("ask", {"other_name": name})


@action("noted", "over")
def note_good_meeting(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """It was."""
    return _note(ctx, introduction, side, "yes")


@action("noted", "over")
def note_no_meeting_yet(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """Not yet: the line stays open a week more."""
    found, _, _ = _met(ctx, introduction, side)
    if found is not None:
        found.link_ends_at = ctx.now + LINKED_FOR
    return _note(ctx, introduction, side, "not_yet")


@action("noted", "over")
def note_no_use(ctx: ActionContext, *, introduction: int = 0, side: int = 0) -> ActionResult:
    """It was not; nobody hears of it."""
    return _note(ctx, introduction, side, "no")


@action("passed", "gone")
def thank_for_meeting(
    ctx: ActionContext, *, introduction: int = 0, side: int = 0, thanks: str = ""
) -> ActionResult:
    """Carry a line of thanks to the other."""
    found, _, other = _met(ctx, introduction, side)
    if found is None or other is None:
        return ActionResult("gone", {"thanks": ""})
    seat = ctx.session.get_one(Member, other.member_id)
    return pass_thanks(ctx, seat, person_of(ctx.session, other), thanks)


def _met(
    ctx: ActionContext, introduction_id: int, side_id: int
) -> tuple[Introduction | None, Introduced | None, Introduced | None]:
    """Return a meeting of this member's with both sides, while nothing parts the two."""
    found = ctx.session.get(Introduction, introduction_id)
    if found is None or found.linked_at is None or ctx.member is None:
        return None, None, None
    sides = sides_of(ctx.session, found)
    mine = next((each for each in sides if each.id == side_id and each.member_id == ctx.member.id), None)
    other = next((each for each in sides if each.id != side_id), None)
    if mine is None or other is None:
        return None, None, None
    if person_of(ctx.session, other).id in apart_from(ctx.session, ctx.person.id):
        return None, None, None
    return found, mine, other


def _note(ctx: ActionContext, introduction_id: int, side_id: int, helped: str) -> ActionResult:
    found, mine, _ = _met(ctx, introduction_id, side_id)
    if found is None or mine is None:
        return ActionResult("over")
    mine.helped, mine.helped_at = helped, ctx.now
    ctx.session.flush()
    return ActionResult("noted")
