"""Keeps what a member wants to reach: the goal, the if-then plan, and the next step with its day."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.inactivity import may_nudge
from assistant.language.rendering import readable_date, readable_day
from assistant.language.times.dates import read_date
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.schedule.waits import USUAL_HOUR
from assistant.schedule.wall import at_wall
from assistant.store.tables import Conversation, Goal, GoalStep, Member, Question, Timer
from assistant.store.tables.circle_tables import SEATED

FURTHEST: Final = dt.timedelta(days=180)
"""A day that lies further ahead was misread, or is no next step."""
SAME_DAY: Final = dt.timedelta(hours=3)
"""A step planned for today, after the member's hour, comes up so much later."""
THEMES_OF_GOALS: Final = frozenset({3, 8})
"""Next moves, and the harvest: weeks that ask about the goal in the member's own words."""
_OPENING: Final = re.compile(
    r"^(?:\W*[\w'’,]+){0,6}?\W*\b(?:i will|i['’]ll|i am going to|i['’]m going to|voy a)\s+", re.IGNORECASE
)
"""By Friday I will ..., Antes del viernes voy a ..."""
REMINDER: Final = "step_reminder"


def goal_of(session: Session, member_id: int) -> Goal | None:
    """Return a member's goal as it stands; the one place where it lives."""
    return session.scalars(
        select(Goal)
        .where(Goal.member_id == member_id, Goal.state == "open", Goal.words.is_not(None))
        .order_by(Goal.id.desc())
        .limit(1)
    ).first()


def open_step(session: Session, member_id: int) -> GoalStep | None:
    """Return the step that a member has set and not settled; there is one at most."""
    return session.scalars(
        select(GoalStep)
        .join(Goal, Goal.id == GoalStep.goal_id)
        .where(Goal.member_id == member_id, GoalStep.settled_at.is_(None), GoalStep.words.is_not(None))
        .order_by(GoalStep.id.desc())
        .limit(1)
    ).first()


@action("kept", "no_seat")
def keep_goal(ctx: ActionContext, *, goal: str = "") -> ActionResult:
    """Keep `goal` as what the member wants to reach; the goal before is changed, its open step goes along."""
    words = _said(ctx, goal)
    if ctx.member is None or words is None:
        return ActionResult("no_seat")
    before = goal_of(ctx.session, ctx.member.id)
    after = Goal(member_id=ctx.member.id, words=words, set_at=ctx.now, state="open")
    ctx.session.add(after)
    ctx.session.flush()
    if before is not None:
        before.state, before.settled_at = "changed", ctx.now
        step = open_step(ctx.session, ctx.member.id)
        if step is not None:
            step.goal_id = after.id
    return ActionResult("kept")


@action("kept", "no_goal")
def keep_plan(ctx: ActionContext, *, plan: str = "") -> ActionResult:
    """Keep `plan`, the obstacle and the if-then plan, with the goal."""
    goal = goal_of(ctx.session, ctx.member.id) if ctx.member else None
    words = _said(ctx, plan)
    if goal is None or words is None:
        return ActionResult("no_goal")
    goal.plan, goal.plan_witnessed = words, False
    return ActionResult("kept")


@action("goal", "none", "no_seat")
def recall_goal(ctx: ActionContext) -> ActionResult:
    """Whether there is a goal, which comes back in the member's words; `asked`: the member came to it."""
    if ctx.member is None:
        return ActionResult("no_seat")
    return ActionResult("goal" if goal_of(ctx.session, ctx.member.id) else "none", {"asked": True})


@action("goal", "none")
def recall_goal_in_week(ctx: ActionContext, *, theme: int = 0) -> ActionResult:
    """Whether this week's `theme` comes back to the member's goal, and there is one."""
    if ctx.member is None or theme not in THEMES_OF_GOALS:
        return ActionResult("none")
    return ActionResult("goal" if goal_of(ctx.session, ctx.member.id) else "none")


@action("reached", "none")
def reach_goal(ctx: ActionContext) -> ActionResult:
    """Settle the goal as reached; whether the circle hears of it (`sharing`) is asked next."""
    goal = goal_of(ctx.session, ctx.member.id) if ctx.member else None
    if goal is None:
        return ActionResult("none")
    goal.state, goal.settled_at = "reached", ctx.now
    return ActionResult("reached", {"sharing": {"goal": goal.id}, "step": _short(goal.words)})


@action("dated", "undated", "no_seat")
def keep_step(ctx: ActionContext, *, step: str = "") -> ActionResult:
    """Keep `step` as the next step, with the day that its words name; undated: they name none, or two."""
    words = _said(ctx, step)
    if ctx.member is None or words is None:
        return ActionResult("no_seat")
    goal = goal_of(ctx.session, ctx.member.id) or _unnamed_goal(ctx, ctx.member)
    kept = open_step(ctx.session, ctx.member.id)
    if kept is None:
        kept = GoalStep(goal_id=goal.id, set_at=ctx.now)
        ctx.session.add(kept)
    kept.goal_id, kept.words, kept.set_at, kept.due_on = goal.id, words, ctx.now, None
    kept.details, kept.witnessed = None, False
    ctx.session.flush()
    day = read_date(words, now=ctx.now, zone=_zone(ctx).key, country=ctx.identity.country)
    return _plan_for(ctx, kept, day)


@action("dated", "undated", "none")
def keep_details(ctx: ActionContext, *, details: str = "") -> ActionResult:
    """Keep when and where the open step is to be, in the member's words; a day that they name is its day."""
    step, words = open_step(ctx.session, ctx.member.id) if ctx.member else None, _said(ctx, details)
    if step is None:
        return ActionResult("none")
    step.details = words
    day = read_date(words or "", now=ctx.now, zone=_zone(ctx).key, country=ctx.identity.country)
    return _plan_for(ctx, step, day or step.due_on)


@action("dated", "undated", "none")
def set_step_day(ctx: ActionContext, *, day_said: dt.date | None = None) -> ActionResult:
    """Move the open step to the day in `day_said`; undated: it is past, or too far to be a next step."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if step is None:
        return ActionResult("none")
    return _plan_for(ctx, step, day_said)


@action("due", "over")
def step_today(ctx: ActionContext, *, step_id: int = 0) -> ActionResult:
    """Whether the reminder in hand is wanted: the step is open, today is its day, it is no third nudge."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if ctx.member is None or ctx.member.state not in ("active", "reading") or step is None:
        return ActionResult("over")
    if step.id != step_id or step.due_on != _today(ctx):
        return ActionResult("over")
    if not may_nudge(ctx.session, ctx.person.id, ctx.now, asked_for=True):
        return ActionResult("over")
    return ActionResult("due", {"step": _short(step.words)})


@action("due", "none")
def step_is_due(ctx: ActionContext) -> ActionResult:
    """Whether a step is to be asked about: its day has come, or it never had one."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if step is None or (step.due_on is not None and step.due_on > _today(ctx)):
        return ActionResult("none")
    return ActionResult("due", {"step": _short(step.words)})


@action("step", "none", "no_seat")
def recall_step(ctx: ActionContext) -> ActionResult:
    """Recall the step that the member has set, if any."""
    if ctx.member is None:
        return ActionResult("no_seat")
    step = open_step(ctx.session, ctx.member.id)
    return ActionResult("step", {"step": _short(step.words)}) if step else ActionResult("none")


@action("did", "none")
def step_did(ctx: ActionContext) -> ActionResult:
    """Settle the step as done; whether the circle hears of it is asked next."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if step is None:
        return ActionResult("none")
    step.outcome, step.settled_at = "did", ctx.now
    _drop_reminders(ctx)
    return ActionResult("did", {"sharing": {"step": step.id}, "step": _short(step.words)})


@action("kept", "none")
def step_part(ctx: ActionContext) -> ActionResult:
    """Part way: it counts, and stays open."""
    return _note_progress(ctx, "part")


@action("kept", "none")
def step_not_yet(ctx: ActionContext) -> ActionResult:
    """Not yet: no harm done, it stays open."""
    return _note_progress(ctx, "not_yet")


@action("rested", "none")
def rest_step(ctx: ActionContext) -> ActionResult:
    """Let the step go; what came of it so far stays on record."""
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if step is None:
        return ActionResult("none")
    step.outcome, step.settled_at = step.outcome or "not_yet", ctx.now
    _drop_reminders(ctx)
    return ActionResult("rested")


def _note_progress(ctx: ActionContext, outcome: str) -> ActionResult:
    step = open_step(ctx.session, ctx.member.id) if ctx.member else None
    if step is None:
        return ActionResult("none")
    step.outcome = outcome
    _drop_reminders(ctx)
    return ActionResult("kept")


def _plan_for(ctx: ActionContext, step: GoalStep, day: dt.date | None) -> ActionResult:
    """Plan a reminder on that day, at the member's hour; one for another day finds that it is over."""
    today = _today(ctx)
    if day is None or not today <= day <= today + FURTHEST:
        return ActionResult("undated", {"step": _short(step.words)})
    step.due_on = day
    assert ctx.member is not None
    _drop_reminders(ctx)
    language = language_of(ctx)
    reminder = Start(
        ctx.person.id, REMINDER, {"step_id": step.id}, ctx.member.id, due_at=_at_usual_hour(ctx, day)
    )
    values = {
        "step": _short(step.words),
        "day": readable_day(day, language),
        "date": readable_date(day, language),
    }
    return ActionResult("dated", values, (reminder,))


def _at_usual_hour(ctx: ActionContext, day: dt.date) -> dt.datetime:
    zones = zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None)
    hour = USUAL_HOUR if ctx.person.hour is None else ctx.person.hour
    due = at_wall(day, dt.time(hour), home(zones))
    return next_allowed(max(due, ctx.now + SAME_DAY) if day == _today(ctx) else due, zones, hours_for(None))


def _unnamed_goal(ctx: ActionContext, member: Member) -> Goal:
    """A step may come before its goal has words."""
    goal = ctx.session.scalars(
        select(Goal).where(Goal.member_id == member.id, Goal.state == "open", Goal.words.is_(None)).limit(1)
    ).first()
    if goal is None:
        goal = Goal(member_id=member.id, words=None, set_at=ctx.now, state="open")
        ctx.session.add(goal)
        ctx.session.flush()
    return goal


def _said(ctx: ActionContext, words: str) -> str | None:
    seated = ctx.member is not None and ctx.member.state in SEATED
    return words.strip() or None if seated else None


def bare_step(words: str) -> str:
    """Return what the member will do, without "By Friday I will" before it."""
    bare = _OPENING.sub("", words.strip(), count=1).strip()
    return bare or words.strip()


def _short(words: str | None) -> str:
    return shorten(bare_step(words or ""), PLACEHOLDERS["step"].longest)


def _drop_reminders(ctx: ActionContext) -> None:
    """A reminder that is still open, or to come, is about a step that has moved on."""
    assert ctx.member is not None
    ctx.session.execute(
        update(Timer)
        .where(
            Timer.member_id == ctx.member.id,
            Timer.kind == "prompt",
            Timer.flow == REMINDER,
            Timer.done_at.is_(None),
        )
        .values(done_at=ctx.now)
    )
    for conversation in ctx.session.scalars(
        select(Conversation).where(
            Conversation.member_id == ctx.member.id,
            Conversation.flow == REMINDER,
            Conversation.ended_at.is_(None),
        )
    ).all():
        conversation.ended_at = ctx.now
        for question in ctx.session.scalars(
            select(Question).where(Question.conversation_id == conversation.id, Question.state != "closed")
        ).all():
            question.state, question.outcome, question.closed_at = "closed", "ended", ctx.now
    ctx.session.flush()


def _zone(ctx: ActionContext) -> ZoneInfo:
    return home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))


def _today(ctx: ActionContext) -> dt.date:
    return ctx.now.astimezone(_zone(ctx)).date()
