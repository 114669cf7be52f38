"""Lets a host remind those who have not answered a check-in: once, a minute later, and kindly."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines, Start
from assistant.circles.actions.pending_actions import hold, take_up
from assistant.circles.actions.placeholders import language_of, name_of
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.check_in_replies import newest_check_in, people_of
from assistant.circles.check_ins.check_in_results import FLOW, tally
from assistant.circles.check_ins.recipients import named, recipient, still_gets
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.inactivity import may_nudge
from assistant.store.tables import Circle, Conversation, Member, PendingAction, Person, Question


@action("held", "already", "answered", "coming", "one", "enough", "none_yet", "none")
def nudge_waiting(ctx: ActionContext, *, code: str = "") -> ActionResult:
    """Remind those who have not answered the newest check-in, in a minute, once; `count` of them.

    coming: whoever has not answered has yet to be asked. one: somebody was named (`code`), but they are
    reminded together. enough: everyone who could be reminded has had two nudges this week.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    if code:
        return ActionResult("one")
    asked_in = newest_check_in(ctx, circle)
    if asked_in is None:
        return ActionResult("none_yet")
    # Two hosts who remind at once: the second finds that the first has.
    ctx.session.scalars(select(PendingAction).where(PendingAction.id == asked_in.id).with_for_update()).one()
    if _was_nudged(ctx, asked_in):
        return ActionResult("already")
    count = tally(ctx.session, asked_in)
    waiting = people_of(ctx, count.waiting)
    if not waiting:
        return ActionResult("coming" if count.coming else "answered")
    gets = [each for each in waiting if may_nudge(ctx.session, each.id, ctx.now)]
    enough = [each for each in waiting if each not in gets]
    told = (Lines((Line("nudged_enough", named(ctx, enough)),)),) if enough else ()
    if not gets:
        return ActionResult("enough", effects=told)
    pending = hold(ctx, "nudge", circle, about=asked_in)
    starts = (_start(ctx, circle, person, pending) for person in gets)
    return ActionResult("held", {"count": str(len(gets))}, (*told, *starts))


@action("yes", "no")
def is_check_in_open(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Say whether to remind the member now: no answer yet, nothing else being asked, and no two nudges had.

    What else is being asked would get the answer; the check-in comes back by itself after that.
    """
    pending = take_up(ctx.session, pending_action, ctx.now)
    asked_in = (
        ctx.session.get(PendingAction, pending.about_id) if pending is not None and pending.about_id else None
    )
    member = ctx.member
    if asked_in is None or member is None:
        return ActionResult("no")
    if not still_gets(ctx.session, member, ctx.identity.sender, readers=False):
        return ActionResult("no")
    if member.id not in tally(ctx.session, asked_in).waiting or _is_asked_something_else(ctx, asked_in):
        return ActionResult("no")
    if not may_nudge(ctx.session, ctx.person.id, ctx.now):
        return ActionResult("no")
    host = ctx.session.get_one(Person, asked_in.by_person_id)
    return ActionResult("yes", {"host": name_of(host, language_of(ctx))})


def _was_nudged(ctx: ActionContext, asked_in: PendingAction) -> bool:
    """Whether a host has reminded people of this check-in, and has not taken that back."""
    before = select(PendingAction.id).where(
        PendingAction.kind == "nudge",
        PendingAction.about_id == asked_in.id,
        PendingAction.state.in_(("held", "done")),
    )
    return ctx.session.scalar(before.limit(1)) is not None


def _start(ctx: ActionContext, circle: Circle, person: Person, pending: PendingAction) -> Start:
    """The reminder of one member, in that member's own daytime."""
    member = ctx.session.scalars(
        select(Member).where(Member.circle_id == circle.id, Member.person_id == person.id)
    ).one()
    due_at = recipient(ctx, circle, member, person).at
    values = {"pending_action": pending.id}
    return Start(person.id, "check_in_nudge", values, member.id, due_at=due_at, at_once=True)


def _is_asked_something_else(ctx: ActionContext, asked_in: PendingAction) -> bool:
    """Say whether the member's next words would answer another question than this check-in's."""
    last = ctx.session.scalars(
        select(Conversation)
        .join(Question, Question.conversation_id == Conversation.id)
        .where(Question.person_id == ctx.person.id)
        .order_by((Question.state == "open").desc(), Question.id.desc())
        .limit(1)
    ).first()
    return last is None or last.flow != FLOW or last.values.get("pending_action") != asked_in.id
