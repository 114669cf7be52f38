"""Lets members pause, only read along, rest and come back; the seat stays theirs, and nobody is told why."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, Start
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.rematching import let_go, welcome_back
from assistant.circles.calendar.season_plan import current_week, planned_prompt, replan
from assistant.circles.people.inactivity import LEFT_ALONE_AFTER, NOT_WEEKLY, OPENING, quiet_weeks
from assistant.circles.people.memberships import seats_of
from assistant.circles.sharing.goals import REMINDER
from assistant.circles.sharing.news_planning import replan_news
from assistant.language.folding import fold, plain_words
from assistant.language.rendering import readable_date
from assistant.language.replies.numbers import find_number_words, find_numbers
from assistant.language.times.dates import read_date
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.schedule.programs import Entry, programs
from assistant.schedule.waits import USUAL_HOUR
from assistant.schedule.wall import at_wall
from assistant.store.tables import Answer, Circle, Conversation, Member, Question, Timer

USUAL_PAUSE: Final = dt.timedelta(weeks=2)
LONGEST_PAUSE: Final = dt.timedelta(weeks=12)
"""A longer one outlasts every season."""
PAUSE_OVER: Final = "pause_over"
"""The flow with which a pause ends by itself."""
_A_PAUSE: Final = re.compile(r"\b(?:una?|a|one) (?=pausa|pause|break|descanso)")
"""Of these "one" is no number of weeks: "necesito una pausa"."""
_UNTIL: Final = re.compile(r"\b(until|till?|hasta)\b")
_FOR: Final = re.compile(
    r"\b(?:for|por|durante|de)\s+(?P<after>.+)$"
    r"|(?P<bare>\S+ (?:days?|weeks?|months?|dias?|semanas?|mes(?:es)?))\W*$"
)
"""How long: what stands after "for", or a number and its unit at the end."""


@action("usual", "quiet_two", "quiet_three", "reading", "away")
def how_are_things(ctx: ActionContext) -> ActionResult:
    """How a member stands before a planned question: taking part, only reading, quiet for long, or away.

    quiet_three: from now on not paired, so that nobody waits in vain. away: not to be asked.
    """
    member = ctx.member
    if member is None or member.state not in ("active", "reading"):
        return ActionResult("away")
    if member.state == "reading":
        return ActionResult("reading")
    weeks = quiet_weeks(ctx.session, member, ctx.now)
    if weeks >= LEFT_ALONE_AFTER:
        if member.unpaired_at is not None:
            return ActionResult("away")
        member.unpaired_at = ctx.now
        ctx.session.flush()
        return ActionResult("quiet_three", effects=let_go(ctx.session, member, ctx.identity.sender, ctx.now))
    return ActionResult("quiet_two" if weeks == LEFT_ALONE_AFTER - 1 else "usual")


@action("yes", "no")
def stays_in(ctx: ActionContext, *, stay: str = "") -> ActionResult:
    """Whether the member has just chosen to stay in."""
    here = ctx.member is not None and ctx.member.state == "active"
    return ActionResult("yes" if here and stay == "in" else "no")


@action("heard", "unclear")
def hear_pause(ctx: ActionContext) -> ActionResult:
    """Hear until when to pause: so many weeks (or days), a day that is named, or the usual two weeks."""
    zone = _zone(ctx)
    today = ctx.now.astimezone(zone).date()
    until = _named_end(ctx, zone.key, today)
    if until is None or not today < until <= today + LONGEST_PAUSE:
        return ActionResult("unclear")
    return ActionResult("heard", {"pause_until": until.isoformat()})


@action("paused", "early", "none")
def pause(ctx: ActionContext, *, pause_until: dt.date | None = None) -> ActionResult:
    """Pause the seat until the day in `pause_until` (else the usual time); it ends by itself.

    early: the member has yet to come in, so that there is nothing to pause.
    """
    member = ctx.member
    if member is None or member.state not in ("joining", "active", "reading", "paused"):
        return ActionResult("none")
    if member.promised_at is None:
        return ActionResult("early")
    zone = _zone(ctx)
    day = pause_until or ctx.now.astimezone(zone).date() + USUAL_PAUSE
    return ActionResult("paused", {"date": readable_date(day, language_of(ctx))}, rest(ctx, member, day))


def rest(ctx: ActionContext, member: Member, day: dt.date) -> tuple[Effect, ...]:
    """Put a seat of the person in `ctx` on pause until that day; it ends by itself at the person's hour."""
    member.state, member.state_at, member.paused_until = "paused", ctx.now, _at_usual_hour(ctx, day)
    ctx.session.flush()
    over = Start(ctx.person.id, PAUSE_OVER, {}, member.id, due_at=member.paused_until)
    return (
        Finish(ctx.person.id, member.id),
        *let_go(ctx.session, member, ctx.identity.sender, ctx.now),
        over,
    )


@action("over", "stands")
def end_pause(ctx: ActionContext) -> ActionResult:
    """A pause ends by itself; stands: the member came back before, left, or has paused anew."""
    member = ctx.member
    if member is None or member.state != "paused" or member.paused_until is None:
        return ActionResult("stands")
    return ActionResult("over" if member.paused_until <= ctx.now else "stands")


@action("reading", "early", "none")
def only_read(ctx: ActionContext) -> ActionResult:
    """From now on the member reads along and is asked nothing; the buddy finds another."""
    member = ctx.member
    if member is None or member.state not in ("joining", "active", "paused", "reading"):
        return ActionResult("none")
    if member.promised_at is None:
        return ActionResult("early")
    member.state, member.state_at, member.paused_until = "reading", ctx.now, None
    ctx.session.flush()
    replan(ctx.session, member, ctx.now)
    asked_no_more = Finish(ctx.person.id, member.id, keep_plans=True)
    return ActionResult(
        "reading", effects=(asked_no_more, *let_go(ctx.session, member, ctx.identity.sender, ctx.now))
    )


@action("kept", "none")
def keep_weekly_only(ctx: ActionContext) -> ActionResult:
    """From now on only the weekly question comes by itself; a buddy of this round stays one to its end."""
    member = ctx.member
    if member is None or member.state not in ("active", "reading", "paused") or member.promised_at is None:
        return ActionResult("none")
    if member.state != "active":
        member.state, member.state_at, member.paused_until = "active", ctx.now, None
    member.weekly_only, member.unpaired_at = True, member.unpaired_at or ctx.now
    if member.news != "read":
        member.news = "weekly"
    ctx.session.flush()
    replan(ctx.session, member, ctx.now)
    replan_news(ctx.session, member, ctx.now)
    # Reminders that wait already do not come any more; those asked for from now on do.
    ctx.session.execute(
        update(Timer)
        .where(
            Timer.member_id == member.id,
            Timer.kind == "prompt",
            Timer.flow.in_((REMINDER, *NOT_WEEKLY)),
            Timer.key.is_(None),
            Timer.done_at.is_(None),
        )
        .values(done_at=ctx.now)
    )
    return ActionResult("kept")


@action("one", "several", "none")
def find_away(ctx: ActionContext) -> ActionResult:
    """Which seat BACK is about: the only one that rests, or the only one; several: the member has to say."""
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    resting = [member for member in seats if _rests(member)] or seats
    if not resting:
        return ActionResult("none")
    return ActionResult("one", member=resting[0]) if len(resting) == 1 else ActionResult("several")


@action("question", "back", "here", "none")
def come_back(ctx: ActionContext) -> ActionResult:
    """The member is back, whatever it was that kept them away; what was missed is not counted and not shown.

    question: this week's question waits (`week`, `theme` and what else its flow needs are set). back: there
    is none to ask now. here: the member was not away.
    """
    member = ctx.member
    if member is None or member.state not in ("joining", "active", "paused", "reading", "unreachable"):
        return ActionResult("none")
    if not _rests(member):
        return ActionResult("here")
    if member.state != "joining":
        member.state = "active" if member.promised_at else "joining"
    member.state_at = ctx.now
    member.paused_until = member.unpaired_at = None
    if member.weekly_only and member.news == "weekly":
        member.news = "daily"
    member.misses, member.weekly_only = 0, False
    ctx.session.flush()
    replan_news(ctx.session, member, ctx.now)
    entry = _question_of_the_week(ctx, member)
    if entry is not None:
        _mark_as_come(ctx, member, entry)
    replan(ctx.session, member, ctx.now)
    effects = welcome_back(ctx.session, member, ctx.now)
    return (
        ActionResult("question", dict(entry.values), effects)
        if entry
        else ActionResult("back", effects=effects)
    )


def _rests(member: Member) -> bool:
    away = member.state in ("paused", "reading", "unreachable")
    return away or member.unpaired_at is not None or member.weekly_only


def _question_of_the_week(ctx: ActionContext, member: Member) -> Entry | None:
    """Return this week's opening question, if its day has come and the member has not answered it."""
    circle = ctx.session.get_one(Circle, member.circle_id)
    program = programs().get(circle.program)
    if circle.state != "running" or circle.starts_on is None or program is None:
        return None
    week = current_week(circle, ctx.now)
    today = ctx.now.astimezone(_zone(ctx)).date()
    entry = next((each for each in program.entries if each.week == week and each.flow == OPENING), None)
    if entry is None or entry.day(circle.starts_on) > today:
        return None
    answered = ctx.session.scalars(
        select(Conversation.values)
        .join(Question, Question.conversation_id == Conversation.id)
        .join(Answer, Answer.question_id == Question.id)
        .where(Answer.member_id == member.id, Question.flow == OPENING, Answer.outcome != "skip")
    )
    return None if any(values.get("week") == week for values in answered) else entry


def _mark_as_come(ctx: ActionContext, member: Member, entry: Entry) -> None:
    """It comes now, as an answer to BACK, so its own hour must not bring it once more."""
    timer = ctx.session.scalars(
        select(Timer).where(Timer.member_id == member.id, Timer.key == entry.key)
    ).first()
    if timer is None:
        timer = Timer(**planned_prompt(ctx.session, member, entry, ctx.now))
        ctx.session.add(timer)
    timer.done_at = ctx.now
    ctx.session.flush()


def _named_end(ctx: ActionContext, zone: str, today: dt.date) -> dt.date | None:
    words = plain_words(ctx.words)
    if _UNTIL.search(" ".join(words)):
        named = _UNTIL.split(ctx.words.lower(), maxsplit=1)[-1]
        return read_date(named, now=ctx.now, zone=zone, country=ctx.identity.country)
    span = _FOR.search(fold(ctx.words))
    for begins in ("in", "en"):
        if span is None:
            break
        said = f"{begins} {span['after'] or span['bare']}"
        if (named := read_date(said, now=ctx.now, zone=zone, country=ctx.identity.country)) is not None:
            return named
    said = _A_PAUSE.sub("", fold(ctx.words))
    numbers = find_numbers(said) or find_number_words(plain_words(said))
    if not numbers:
        return today + USUAL_PAUSE
    # Bounded before it is a date: "pause 99999999" is unclear, not an error.
    return today + dt.timedelta(weeks=numbers[0]) if len(numbers) == 1 and 0 < numbers[0] < 1000 else None


def _zone(ctx: ActionContext) -> ZoneInfo:
    return home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))


def _at_usual_hour(ctx: ActionContext, day: dt.date) -> dt.datetime:
    zones = zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None)
    hour = USUAL_HOUR if ctx.person.hour is None else ctx.person.hour
    return next_allowed(at_wall(day, dt.time(hour), home(zones)), zones, hours_for(None))
