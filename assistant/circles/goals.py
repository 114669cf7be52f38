"""Keeps what a member wants to reach: her goal, her if-then plan, and the next step with its day."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.fills import FILLS, shorten
from assistant.circles.quiet import may_nudge
from assistant.circles.scene import Done, Scene, Start, action
from assistant.language.dates import read_date
from assistant.language.rendering import readable_date, readable_day
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.schedule.waits import USUAL_HOUR
from assistant.schedule.wall import at_wall
from assistant.store.circles import SEATED
from assistant.store.tables import Conversation, Goal, GoalStep, Member, Question

FURTHEST: Final = dt.timedelta(days=180)
"""A day that lies further ahead was misread, or is no next step."""
SAME_DAY: Final = dt.timedelta(hours=3)
"""A step planned for today, after her hour, comes up so much later."""
THEMES_OF_GOALS: Final = frozenset({3, 8})
"""Next moves, and the harvest: weeks that ask about her goal in her own words."""
_OPENING: Final = re.compile(
    r"^(?:\W*[\w'’,]+){0,6}?\W*\b(?:i will|i['’]ll|i am going to|i['’]m going to|voy a)\s+", re.IGNORECASE
)
"""By Friday I will ..., Antes del viernes voy a ..."""
REMINDER: Final = "step_reminder"


def goal_of(session: Session, member_id: int) -> Goal | None:
    """Her goal as it stands; the one place where it lives."""
    return session.scalars(
        select(Goal)
        .where(Goal.member_id == member_id, Goal.state == "open", Goal.words.is_not(None))
        .order_by(Goal.id.desc())
        .limit(1)
    ).first()


def open_step(session: Session, member_id: int) -> GoalStep | None:
    """The step she has set and not settled; there is one at most."""
    return session.scalars(
        select(GoalStep)
        .join(Goal, Goal.id == GoalStep.goal_id)
        .where(Goal.member_id == member_id, GoalStep.settled_at.is_(None), GoalStep.words.is_not(None))
        .order_by(GoalStep.id.desc())
        .limit(1)
    ).first()


@action("kept", "no_seat")
def keep_goal(scene: Scene) -> Done:
    """Keep `goal` as what she wants to reach; the goal before it is changed, and its open step goes along."""
    words = _said(scene, "goal")
    if scene.member is None or words is None:
        return Done("no_seat")
    before = goal_of(scene.session, scene.member.id)
    goal = Goal(member_id=scene.member.id, words=words, set_at=scene.now, state="open")
    scene.session.add(goal)
    scene.session.flush()
    if before is not None:
        before.state, before.settled_at = "changed", scene.now
        step = open_step(scene.session, scene.member.id)
        if step is not None:
            step.goal_id = goal.id
    return Done("kept")


@action("kept", "no_goal")
def keep_plan(scene: Scene) -> Done:
    """Keep `plan`, her obstacle and if-then plan, with her goal."""
    goal = goal_of(scene.session, scene.member.id) if scene.member else None
    words = _said(scene, "plan")
    if goal is None or words is None:
        return Done("no_goal")
    goal.plan = words
    return Done("kept")


@action("goal", "none", "no_seat")
def recall_goal(scene: Scene) -> Done:
    """Whether she has a goal, which then comes back in her words; `asked`: she came to it herself."""
    if scene.member is None:
        return Done("no_seat")
    return Done("goal" if goal_of(scene.session, scene.member.id) else "none", {"asked": True})


@action("goal", "none")
def recall_goal_in_week(scene: Scene) -> Done:
    """Whether this week's `theme` comes back to her goal, and she has one."""
    if scene.member is None or scene.values.get("theme") not in THEMES_OF_GOALS:
        return Done("none")
    return Done("goal" if goal_of(scene.session, scene.member.id) else "none")


@action("reached", "none")
def reach_goal(scene: Scene) -> Done:
    """She reached it; whether the circle hears of it is asked next (`sharing` holds what it would hear)."""
    goal = goal_of(scene.session, scene.member.id) if scene.member else None
    if goal is None:
        return Done("none")
    goal.state, goal.settled_at = "reached", scene.now
    return Done("reached", {"sharing": {"goal": goal.id}, "step": _short(goal.words)})


@action("dated", "undated", "no_seat")
def keep_step(scene: Scene) -> Done:
    """Keep `step` as her next step, with the day that its words name; undated: they name none, or two."""
    words = _said(scene, "step")
    if scene.member is None or words is None:
        return Done("no_seat")
    goal = goal_of(scene.session, scene.member.id) or _unnamed_goal(scene, scene.member)
    step = open_step(scene.session, scene.member.id)
    if step is None:
        step = GoalStep(goal_id=goal.id, set_at=scene.now)
        scene.session.add(step)
    step.goal_id, step.words, step.set_at, step.due_on = goal.id, words, scene.now, None
    scene.session.flush()
    day = read_date(words, now=scene.now, zone=_zone(scene).key, country=scene.house.country)
    return _plan_for(scene, step, day)


@action("dated", "undated", "none")
def set_step_day(scene: Scene) -> Done:
    """Move her open step to the day in `day`; undated: that day is past, or too far to be a next step."""
    step = open_step(scene.session, scene.member.id) if scene.member else None
    if step is None:
        return Done("none")
    said = scene.values.get("day_said")
    return _plan_for(scene, step, dt.date.fromisoformat(said) if isinstance(said, str) else None)


@action("due", "over")
def step_today(scene: Scene) -> Done:
    """Whether the reminder in hand is wanted: the step is open, today is its day, it is no third nudge."""
    step = open_step(scene.session, scene.member.id) if scene.member else None
    if scene.member is None or scene.member.state not in ("active", "reading") or step is None:
        return Done("over")
    if step.id != scene.values.get("step_id") or step.due_on != _today(scene):
        return Done("over")
    if not may_nudge(scene.session, scene.person.id, scene.now, asked_for=True):
        return Done("over")
    return Done("due", {"step": _short(step.words)})


@action("due", "none")
def step_is_due(scene: Scene) -> Done:
    """Whether a step is to be asked about: its day has come, or it never had one."""
    step = open_step(scene.session, scene.member.id) if scene.member else None
    if step is None or (step.due_on is not None and step.due_on > _today(scene)):
        return Done("none")
    return Done("due", {"step": _short(step.words)})


@action("step", "none", "no_seat")
def recall_step(scene: Scene) -> Done:
    """The step she has set, if any."""
    if scene.member is None:
        return Done("no_seat")
    step = open_step(scene.session, scene.member.id)
    return Done("step", {"step": _short(step.words)}) if step else Done("none")


@action("did", "none")
def step_did(scene: Scene) -> Done:
    """She did it; whether the circle hears of it is asked next."""
    step = open_step(scene.session, scene.member.id) if scene.member else None
    if step is None:
        return Done("none")
    step.outcome, step.settled_at = "did", scene.now
    _drop_reminders(scene)
    return Done("did", {"sharing": {"step": step.id}, "step": _short(step.words)})


@action("kept", "none")
def step_part(scene: Scene) -> Done:
    """Part way: it counts, and stays open."""
    return _note_progress(scene, "part")


@action("kept", "none")
def step_not_yet(scene: Scene) -> Done:
    """Not yet: no harm done, it stays open."""
    return _note_progress(scene, "not_yet")


@action("rested", "none")
def rest_step(scene: Scene) -> Done:
    """Let her step go; what came of it so far stays on record."""
    step = open_step(scene.session, scene.member.id) if scene.member else None
    if step is None:
        return Done("none")
    step.outcome, step.settled_at = step.outcome or "not_yet", scene.now
    _drop_reminders(scene)
    return Done("rested")


def _note_progress(scene: Scene, outcome: str) -> Done:
    step = open_step(scene.session, scene.member.id) if scene.member else None
    if step is None:
        return Done("none")
    step.outcome = outcome
    _drop_reminders(scene)
    return Done("kept")


def _plan_for(scene: Scene, step: GoalStep, day: dt.date | None) -> Done:
    """Remind her on that day, at her hour; a reminder for another day finds that it is over."""
    today = _today(scene)
    if day is None or not today <= day <= today + FURTHEST:
        return Done("undated", {"step": _short(step.words)})
    step.due_on = day
    assert scene.member is not None
    _drop_reminders(scene)
    language = scene.person.language or (scene.circle.language if scene.circle else "en")
    reminder = Start(
        scene.person.id, REMINDER, {"step_id": step.id}, scene.member.id, due_at=_her_hour(scene, day)
    )
    values = {
        "step": _short(step.words),
        "day": readable_day(day, language),
        "date": readable_date(day, language),
    }
    return Done("dated", values, (reminder,))


def _her_hour(scene: Scene, day: dt.date) -> dt.datetime:
    zones = zone_of(scene.person.zone, scene.circle.zone if scene.circle else None)
    hour = USUAL_HOUR if scene.person.hour is None else scene.person.hour
    due = at_wall(day, dt.time(hour), home(zones))
    return next_allowed(
        max(due, scene.now + SAME_DAY) if day == _today(scene) else due, zones, hours_for(None)
    )


def _unnamed_goal(scene: Scene, member: Member) -> Goal:
    """A step may come before its goal has words."""
    goal = scene.session.scalars(
        select(Goal).where(Goal.member_id == member.id, Goal.state == "open", Goal.words.is_(None)).limit(1)
    ).first()
    if goal is None:
        goal = Goal(member_id=member.id, words=None, set_at=scene.now, state="open")
        scene.session.add(goal)
        scene.session.flush()
    return goal


def _said(scene: Scene, key: str) -> str | None:
    words = scene.values.get(key)
    seated = scene.member is not None and scene.member.state in SEATED
    return words.strip() if seated and isinstance(words, str) and words.strip() else None


def bare_step(words: str) -> str:
    """What she will do, without "By Friday I will" before it."""
    bare = _OPENING.sub("", words.strip(), count=1).strip()
    return bare or words.strip()


def _short(words: str | None) -> str:
    return shorten(bare_step(words or ""), FILLS["step"].longest)


def _drop_reminders(scene: Scene) -> None:
    """A reminder that is still open is about a step that has moved on."""
    assert scene.member is not None
    for conversation in scene.session.scalars(
        select(Conversation).where(
            Conversation.member_id == scene.member.id,
            Conversation.flow == REMINDER,
            Conversation.ended_at.is_(None),
        )
    ).all():
        conversation.ended_at = scene.now
        for question in scene.session.scalars(
            select(Question).where(Question.conversation_id == conversation.id, Question.state != "closed")
        ).all():
            question.state, question.outcome, question.closed_at = "closed", "ended", scene.now
    scene.session.flush()


def _zone(scene: Scene) -> ZoneInfo:
    return home(zone_of(scene.person.zone, scene.circle.zone if scene.circle else None))


def _today(scene: Scene) -> dt.date:
    return scene.now.astimezone(_zone(scene)).date()
