"""Chooses what a week asks by its theme, and counts what came of the week before."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import func, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.sharing.shares import is_in, sharers
from assistant.store.tables import Goal, GoalStep, Member

FOLLOW_UPS: Final = {
    1: "private",
    2: "help",
    3: "plan",
    4: "ask",
    5: "question",
    6: "private",
    7: "private",
    8: "thanks",
}
"""Week's theme -> what is asked after the member's answer."""
CLOSES: Final = {1: "kind", 3: "step", 7: "kind_again"}
"""Week's theme -> what its close asks for, where that is not just words for the circle."""
SPEAKS_OF_OTHERS: Final = frozenset({1, 2})
"""Themes whose close makes sense only when someone else has shared."""


@action("news", "nothing")
def recap_week(ctx: ActionContext, *, week: int | None = None) -> ActionResult:
    """How many shared last week, and how many steps were done: counts only, as `count` and `total`."""
    if ctx.circle is None:
        return ActionResult("nothing")
    last_week = (current_week(ctx.circle, ctx.now) if week is None else week) - 1
    since = ctx.now - dt.timedelta(days=7)
    shared = sharers(ctx.session, ctx.circle.id, week=last_week)
    if not shared - {ctx.member.id if ctx.member else 0}:
        return ActionResult("nothing")
    done = ctx.session.scalar(
        select(func.count())
        .select_from(GoalStep)
        .join(Goal, Goal.id == GoalStep.goal_id)
        .join(Member, Member.id == Goal.member_id)
        .where(Member.circle_id == ctx.circle.id, GoalStep.outcome == "did", GoalStep.settled_at >= since)
    )
    return ActionResult(
        "news", {"count": str(len(shared)), "steps_done": str(done or 0), "steps": bool(done)}
    )


@action("private", "plan", "help", "ask", "question", "thanks", "nothing")
def choose_follow_up(ctx: ActionContext, *, theme: int = 0) -> ActionResult:  # noqa: ARG001
    """What comes straight after the answer to the week's question, by its `theme`."""
    return ActionResult(FOLLOW_UPS.get(theme, "nothing"))


@action("kind", "kind_again", "step", "share", "nothing")
def choose_close(ctx: ActionContext, *, theme: int = 0, week: int | None = None) -> ActionResult:
    """How this week's circle closes, by its `theme`; nothing: there are no words of others to speak of.

    kind, kind_again: a kind line to someone. step: a next step, told to the circle. share: words for all.
    """
    if ctx.circle is None or not is_in(ctx.member):
        return ActionResult("nothing")
    close = CLOSES.get(theme, "share")
    assert ctx.member is not None
    this_week = current_week(ctx.circle, ctx.now) if week is None else week
    shared = sharers(ctx.session, ctx.circle.id, week=this_week)
    if theme in SPEAKS_OF_OTHERS and not shared - {ctx.member.id}:
        return ActionResult("nothing")
    return ActionResult(close, {"count": str(len(shared))})
