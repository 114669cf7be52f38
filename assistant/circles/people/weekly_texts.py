"""Knows how many texts a week may come unasked: the number that the confirmation of joining says."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, not_, or_, select
from sqlalchemy.orm import Session

from assistant.circles.people.inactivity import NUDGES_A_WEEK, OPENING
from assistant.schedule.programs import monday_of, programs
from assistant.schedule.wall import at_wall
from assistant.store.tables import Circle, CircleHour, HourSeat, Member, Outbox, Timer

PLANNED_A_WEEK: Final = 8
"""Four that the season plans, and what someone who has just come is asked, a question a day, in that week.

A week with a circle hour has room for what that takes, too: the invitation, one reminder, and to whoever
comes the opening and the closing round. There is one such hour a week at most, and one of the plan takes the
place of another text.
"""
CHANGES_A_WEEK: Final = 1
"""A change of buddies, which cannot wait for the next news."""
NEWS_A_WEEK: Final = 3
"""Of those who hear once a day (the default). One every day would be more than all else together; what waits
stands in the next one, and READ shows it at once."""
TEXTS_A_WEEK: Final = PLANNED_A_WEEK + NUDGES_A_WEEK + NEWS_A_WEEK + CHANGES_A_WEEK
"""What every confirmation promises; whoever chooses EACH is told that more may come."""
ROOM: Final = 2
"""So many of them are kept for what the season plans, and not given to what others ask for."""
OF_OWN_ASKS: Final = (
    *("ask_match/", "ask_across/", "ask_end/", "ask_outcome/", "introduction_end/", "introduction_outcome/"),
    *("notices/ask_", "notices/offer_", "notices/introduced", "notices/two_introduced"),
    *("rally_care/", "joy_gathered/", "notices/rally_"),
)
"""Wordings of what follows from what a member asked, offered or said yes to; not counted."""
UNASKED: Final = ("prompt", "notice", "invitation")
"""Purposes of the texts that count; what others write to a member is not among them. What asks
a reader to open the chat counts, whatever waits: it is a text of ours more."""
NEWS: Final = "notices/news_"
"""How wordings of news begin; they count for those who hear once a day."""
CAPPED: Final = "daily"
"""The mode that the promised number of texts holds for: weekly is fewer, each is the member's own wish."""
_FIRST_DAYS: Final = frozenset({"onboarding/teach", "onboarding/learn", "goal/goal", "onboarding/ready_now"})
"""What whoever has just come is asked and told, on a day each."""
_PARTS: Final = {"buddy_meet": 3}
"""Flows of the plan that come in several texts."""
_OF_AN_HOUR: Final = ("hour_invite/ask", "hour_reminder/coming", "circle_hour/open", "circle_hour/close")
"""What a circle hour brings whoever comes; whoever says no hears no more of it."""
_OF_A_STEP: Final = "step_reminder"
"""What comes on the day that a member chose for a step."""
_WEEK: Final = dt.timedelta(days=7)
_NOT_SENT: Final = ("cancelled", "dropped", "failed")


def is_full(session: Session, member: Member, now: dt.datetime) -> bool:
    """Whether a seat has had, or this week still gets, so many texts that others ask it for nothing more."""
    had = texts_in_a_week(session, [member], now)[member.id]
    return had >= TEXTS_A_WEEK - ROOM or member.id in crowded(session, [member], now)


def crowded(session: Session, members: Collection[Member], now: dt.datetime) -> set[int]:
    """Return which of these seats have no room this week for what can wait: a survey, news, an ask.

    What came since Monday, what the season, the first days and own steps still bring, and room for a
    nudge and a change.
    """
    circles = {
        circle.id: circle
        for circle in session.scalars(
            select(Circle).where(Circle.id.in_({each.circle_id for each in members}))
        )
    }
    mondays = {each.id: _monday(circles[each.circle_id], now) for each in members}
    since = min(mondays.values(), default=now)
    came: dict[int, int] = defaultdict(int)
    begun: dict[int, set[str]] = defaultdict(set)
    rows = session.execute(
        select(Outbox.member_id, Outbox.created_at, Outbox.wording).where(*_counted(members, since))
    )
    for seat, at, wording in rows:
        if seat is not None and at >= mondays[seat]:
            came[seat] += 1
            begun[seat].add("/".join((wording or "").split("/")[:2]))
    hours = _hours_ahead(session, members, mondays, now)
    steps = _steps_ahead(session, mondays, now)
    return {
        each.id
        for each in members
        if came[each.id]
        + _still_comes(each, circles[each.circle_id], begun[each.id], now)
        + (len(set(_OF_AN_HOUR) - begun[each.id]) if each.id in hours else 0)
        + steps[each.id]
        + ROOM
        >= TEXTS_A_WEEK
    }


def _hours_ahead(
    session: Session, members: Collection[Member], mondays: Mapping[int, dt.datetime], now: dt.datetime
) -> set[int]:
    """Return which of these seats have a circle hour ahead of them this week, and have not said no to it."""
    ends = max(mondays.values(), default=now) + _WEEK
    circles = {each.circle_id for each in members}
    ahead = (CircleHour.starts_at > now, CircleHour.starts_at < ends, CircleHour.circle_id.in_(circles))
    meetings = select(CircleHour.id, CircleHour.circle_id).where(
        *ahead, CircleHour.state.in_(("planned", "set"))
    )
    hours = {row.id: row.circle_id for row in session.execute(meetings)}
    if not hours:
        return set()
    no = select(HourSeat.member_id).where(HourSeat.hour_id.in_(hours), HourSeat.reply == "not")
    out, meeting = set(session.scalars(no)), set(hours.values())
    return {each.id for each in members if each.circle_id in meeting and each.id not in out}


def _steps_ahead(session: Session, mondays: Mapping[int, dt.datetime], now: dt.datetime) -> Mapping[int, int]:
    """Return of how many steps each of these seats is reminded before its week is over."""
    ahead = select(Timer.member_id, Timer.due_at).where(
        Timer.flow == _OF_A_STEP, Timer.done_at.is_(None), Timer.due_at > now, Timer.member_id.in_(mondays)
    )
    due: Counter[int] = Counter()
    for seat, at in session.execute(ahead):
        if seat is not None and at < mondays[seat] + _WEEK:
            due[seat] += 1
    return due


def texts_in_a_week(session: Session, members: Collection[Member], now: dt.datetime) -> dict[int, int]:
    """Return how many texts of those that count each of these seats has had in seven days."""
    had = session.execute(
        select(Outbox.member_id, func.count(Outbox.id))
        .where(*_counted(members, now - _WEEK))
        .group_by(Outbox.member_id)
    )
    seats = [member.id for member in members]
    return dict.fromkeys(seats, 0) | {seat: count for seat, count in had if seat is not None}


def _counted(members: Collection[Member], since: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what tells the texts that count, to these seats and since then."""
    answers = or_(*(Outbox.wording.startswith(each) for each in OF_OWN_ASKS))
    daily = [member.id for member in members if member.news == CAPPED]
    news = Outbox.wording.startswith(NEWS) & Outbox.member_id.in_(daily)
    return (
        Outbox.person_id.in_({member.person_id for member in members}),
        Outbox.member_id.in_([member.id for member in members]),
        or_(Outbox.purpose.in_(UNASKED), news),
        Outbox.created_at > since,
        Outbox.state.not_in(_NOT_SENT),
        or_(Outbox.wording.is_(None), not_(answers)),
    )


def _still_comes(member: Member, circle: Circle, begun: Collection[str], now: dt.datetime) -> int:
    """Return how many texts the season has planned for the rest of a seat's week, first days included."""
    days = (now - member.promised_at).days if member.promised_at is not None else len(_FIRST_DAYS)
    coming_in = max(0, min(len(_FIRST_DAYS - set(begun)), len(_FIRST_DAYS) + 1 - days))
    program = programs().get(circle.program)
    if circle.state != "running" or circle.starts_on is None or program is None:
        return coming_in
    today = now.astimezone(ZoneInfo(circle.zone)).date()
    sunday = monday_of(today) + dt.timedelta(days=6)
    few = member.weekly_only or member.state != "active"
    planned = sum(
        _PARTS.get(entry.flow, 1)
        for entry in program.entries
        if today <= entry.day(circle.starts_on) <= sunday
        and entry.flow not in {each.partition("/")[0] for each in begun}
        and (not few or entry.readers or (member.weekly_only and entry.flow == OPENING))
    )
    return planned + coming_in


def _monday(circle: Circle, now: dt.datetime) -> dt.datetime:
    """Return when this week began where a circle is (aware UTC)."""
    zone = ZoneInfo(circle.zone)
    return at_wall(monday_of(now.astimezone(zone).date()), dt.time(0), zone)
