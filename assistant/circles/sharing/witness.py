"""Lets a buddy witness goals: goal and plan, the next step, how it went; nobody unless it was said."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import are_apart, bonds_of
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.sharing.goals import goal_of, open_step
from assistant.circles.sharing.news_planning import add_news
from assistant.schedule.programs import programs
from assistant.store.tables import Answer, Circle, Goal, GoalStep, Member, Person, Share

ROUNDS: Final = "buddy_meet"
"""The flow by which a round begins."""


@action("found")
def find_witness(ctx: ActionContext) -> ActionResult:
    """Who would witness what the member says now, as `witness`.

    now: a buddy. later: whoever is the next one. none: nobody will, so that nobody is said to.
    """
    return ActionResult("found", {"witness": _witness(ctx)})


@action("found")
def find_step_witness(ctx: ActionContext) -> ActionResult:
    """Whether a buddy knows of the open step, and hears how it goes (`witness`: now, or none)."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    witnessed = ctx.member is not None and step is not None and step.witnessed
    known = witnessed and ctx.member is not None and witnesses(ctx, ctx.member)
    return ActionResult("found", {"witness": "now" if known else "none"})


@action("met")
def meet_goals(ctx: ActionContext) -> ActionResult:
    """At the beginning of a round, let a member hear of the buddies' goals, plans and steps."""
    if ctx.member is not None:
        for writer in witnesses(ctx, ctx.member):
            goal, step = goal_of(ctx.session, writer.id), open_step(ctx.session, writer.id)
            if goal is not None and goal.witnessed and not _heard_by_all(ctx, goal):
                add_news(
                    ctx.session, [ctx.member], writer, ctx.now, kind="goal", goal_id=goal.id, due_at=ctx.now
                )
            if step is not None and step.witnessed:
                add_news(
                    ctx.session, [ctx.member], writer, ctx.now, kind="step", step_id=step.id, due_at=ctx.now
                )
    return ActionResult("met")


@action("told")
def witness_goal(ctx: ActionContext) -> ActionResult:
    """Let the buddies hear the goal just set, if the member was told so before."""
    goal = goal_of(ctx.session, ctx.member.id) if ctx.member else None
    if ctx.member is not None and goal is not None:
        goal.witnessed = _seen_by_buddies(ctx, "goal", goal.words) is not None
        _tell_witnesses(ctx, ctx.member, goal, "goal")
    return ActionResult("told")


@action("told")
def witness_plan(ctx: ActionContext) -> ActionResult:
    """Let them hear the plan with it, if that was asked for a buddy's ears; one for nobody's stays so."""
    goal = goal_of(ctx.session, ctx.member.id) if ctx.member else None
    if ctx.member is not None and goal is not None:
        goal.plan_witnessed = _seen_by_buddies(ctx, "plan", goal.plan) is not None
        if goal.plan_witnessed:
            _tell_witnesses(ctx, ctx.member, goal, "goal")
    return ActionResult("told")


@action("dated", "undated", "none")
def witness_step(ctx: ActionContext) -> ActionResult:
    """Let the buddies hear the step just set; `witness` says who does. dated: it has a day."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if ctx.member is None or step is None:
        return ActionResult("none")
    seen = _seen_by_buddies(ctx, "step", step.words)
    step.witnessed = seen is not None
    if seen == "buddy":  # The circle hears of it anyway, a buddy in it too.
        _tell_witnesses(ctx, ctx.member, step, "step")
    values = {"witness": _witness(ctx) if step.witnessed else "none"}
    return ActionResult("dated" if step.due_on is not None else "undated", values)


@action("told")
def witness_details(ctx: ActionContext) -> ActionResult:
    """Let them hear when and where, with the step."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if ctx.member is not None and step is not None and step.details:
        if _seen_by_buddies(ctx, "details", step.details) is None:
            step.details = None if step.witnessed else step.details
        else:
            _tell_witnesses(ctx, ctx.member, step, "step")
    return ActionResult("told")


@action("told")
def witness_went(ctx: ActionContext, *, witness: str = "") -> ActionResult:
    """Let the buddies hear how the step went, where the member was told that they do."""
    if ctx.member is not None and witness == "now":
        step = ctx.session.scalars(
            select(GoalStep)
            .join(Goal, Goal.id == GoalStep.goal_id)
            .where(Goal.member_id == ctx.member.id, GoalStep.words.is_not(None))
            .order_by(GoalStep.id.desc())
            .limit(1)
        ).first()
        if step is not None:
            _tell_witnesses(ctx, ctx.member, step, "went")
    return ActionResult("told")


def _heard_by_all(ctx: ActionContext, goal: Goal) -> bool:
    """Whether the whole circle has heard the goal, and there is no plan for buddies besides."""
    if goal.plan and goal.plan_witnessed:
        return False
    told = select(Share.words).where(Share.member_id == goal.member_id, Share.kind == "goal")
    return goal.words in ctx.session.scalars(told).all()


def witnesses(ctx: ActionContext, member: Member) -> list[Member]:
    """Return a member's buddies of now, who hear what the member says for a buddy's ears."""
    person = ctx.session.get_one(Person, member.person_id)
    return [
        other
        for bond in bonds_of(ctx.session, member)
        for _, other, whose in bond.others
        if not are_apart(ctx.session, person, whose)
    ]


def _seen_by_buddies(ctx: ActionContext, key: str, words: str | None) -> str | None:
    """Return who the question said would see these words, if a buddy is among them: buddy, or circle.

    What was meant for the circle and then kept back, is not for a buddy either.
    """
    assert ctx.member is not None
    answer = ctx.session.scalars(
        select(Answer)
        .where(Answer.member_id == ctx.member.id, Answer.key == key, Answer.words.is_not(None))
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
    if answer is None or (answer.words or "").strip() != (words or "").strip():
        return None
    if answer.visible_to == "circle":
        shared = ctx.session.scalar(select(Share.id).where(Share.answer_id == answer.id))
        return "circle" if shared is not None else None
    return "buddy" if answer.visible_to == "buddy" else None


def _tell_witnesses(ctx: ActionContext, member: Member, of: Goal | GoalStep, kind: str) -> None:
    """Let the buddies of now hear of a goal or a step (`kind` as in `News`), at their own hour."""
    about: dict[str, Any] = {"goal_id": of.id} if isinstance(of, Goal) else {"step_id": of.id}
    if of.witnessed:
        add_news(ctx.session, witnesses(ctx, member), member, ctx.now, kind=kind, **about)


def _witness(ctx: ActionContext) -> str:
    member = ctx.member
    if member is None or ctx.circle is None or member.unpaired_at is not None or member.state == "reading":
        return "none"
    if witnesses(ctx, member):
        return "now"
    return "later" if _rounds_to_come(ctx, ctx.circle) else "none"


def _rounds_to_come(ctx: ActionContext, circle: Circle) -> bool:
    """Whether the season still has a round in which a buddy would hear."""
    program = programs().get(circle.program)
    if program is None or circle.state == "closed":
        return False
    week = current_week(circle, ctx.now)
    return any(entry.flow == ROUNDS and entry.week > week for entry in program.entries)
