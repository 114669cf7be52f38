"""Tells members of a circle hour in their own time, hears whether they come, and reminds them once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.asking_again import forget_asked
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start
from assistant.circles.actions.placeholders import language_of, name_of
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.recipients import still_gets
from assistant.circles.hours.hour_rows import (
    hour_ahead,
    is_left_in_peace,
    locked_hour,
    seat_in,
    seats_in,
    stands,
    timer_values,
    way_values,
    whereabouts,
)
from assistant.circles.hours.hour_times import LASTS, open_at, remind_at
from assistant.circles.people.inactivity import is_left_alone, may_nudge
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.reachability import reach
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.schedule.local_time import next_allowed
from assistant.store.tables import Answer, Circle, CircleHour, HourSeat, Member, Person

LOOK_AGAIN: Final = dt.timedelta(hours=2)
"""So often, while an hour is ahead, we look whether somebody came, or came back, who has not heard of it."""
STILL_TIME: Final = dt.timedelta(minutes=30)
"""Whoever's day begins later than so long before the hour is not told of it any more."""
ASKS: Final = ("hour_invite", "hour_reminder")
"""Flows that ask whether somebody comes."""
KEY: Final = "coming"
"""What an answer whether somebody comes is kept as."""
Reply = Literal["coming", "not"]


def invitations(
    session: Session, circle: Circle, hour: CircleHour, sender: str, now: dt.datetime
) -> Iterator[Start]:
    """Invite whoever takes part or reads along and has not heard of the hour at the time that it has now.

    Each is told in their own daytime. Who does not hear us, or is kept apart from the host, is passed over.
    """
    rows = session.execute(
        select(Member, Person, HourSeat)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(HourSeat, (HourSeat.hour_id == hour.id) & (HourSeat.member_id == Member.id))
        .where(
            Member.circle_id == circle.id,
            Member.state.in_(("active", "reading")),
            Member.promised_at.is_not(None),
        )
        .order_by(Member.id)
    ).all()
    untold = [row for row in rows if row[2] is None or row[2].told_for != hour.starts_at]
    reached = reach(session, [person.id for _, person, _ in untold], sender)
    apart = apart_from(session, hour.set_by) if hour.set_by is not None else set()
    for member, person, seat in untold:
        if person.id in apart or not reached[person.id].hears:
            continue
        moved = seat is not None and seat.told_for is not None
        suits = seat is not None and not moved and seat.reply == "coming"
        mine = seat or seat_in(session, hour, member.id)
        mine.told_for, mine.heard_at, mine.role, mine.came = hour.starts_at, None, None, None
        if not suits:
            mine.reply = mine.replied_at = mine.answer_id = None
        around = whereabouts(session, person, circle)
        due_at = next_allowed(now, around.zones, around.hours)
        if due_at <= hour.starts_at - STILL_TIME:
            told = "moved" if moved else "suits" if suits else "first"
            yield Start(
                person.id, "hour_invite", {**timer_values(hour), "told": told}, member.id, due_at=due_at
            )
    session.flush()


def let_in(
    session: Session, circle: Circle, hour: CircleHour, person: Person, member_id: int
) -> Iterator[Start]:
    """Plan the opening of an hour for somebody, where texts may reach them then."""
    around = whereabouts(session, person, circle)
    due_at = open_at(hour.starts_at, around.zones, around.hours)
    if due_at is not None:
        yield Start(person.id, "circle_hour", timer_values(hour), member_id, due_at=due_at, at_once=True)
        over = hour.starts_at + LASTS
        yield Start(person.id, "hour_over", timer_values(hour), member_id, due_at=over, at_once=True)


@action("ask", "suits", "reader", "over")
def open_invite(
    ctx: ActionContext, *, circle_hour: int = 0, at: str = "", told: str = "first"
) -> ActionResult:
    """Ask a member whether they come, if the hour is still to come; reader: who only reads along is told.

    suits: they said before that this time suits, and come.

    From now on they have heard of it: a reminder and the opening are planned.
    """
    found = locked_hour(ctx.session, circle_hour)
    if found is None or not stands(found, at) or found.starts_at <= ctx.now:
        return ActionResult("over")
    member, circle = ctx.member, ctx.circle
    if (
        member is None
        or circle is None
        or not still_gets(ctx.session, member, ctx.identity.sender, readers=True)
    ):
        _forget_telling(ctx, found)
        return ActionResult("over")
    if is_left_in_peace(ctx.session, ctx.person.id):
        _forget_telling(ctx, found)
        return ActionResult("over")
    seat = seat_in(ctx.session, found, member.id)
    planned = seat.heard_at is not None
    if planned and seat.told_for == found.starts_at and seat.reply is not None:
        return ActionResult("over")  # They said it by themselves, before this came.
    seat.told_for, seat.heard_at = found.starts_at, seat.heard_at or ctx.now
    ctx.session.flush()
    effects = () if planned else tuple(_plan(ctx, circle, found))
    values = _about(ctx, found)
    outcome = "suits" if told == "suits" and seat.reply == "coming" else "ask"
    return ActionResult("reader" if member.state == "reading" else outcome, values, effects)


@action("in", "out", "now", "over")
def note_reply(ctx: ActionContext, *, circle_hour: int = 0, reply: Reply | None = None) -> ActionResult:
    """Keep whether the member comes, the newest word counting; now: it has begun, and they are let in.

    Without `circle_hour` it is about the next one of their circles.
    """
    found, member = _meant(ctx, circle_hour)
    if found is None or member is None or reply is None:
        return ActionResult("over")
    if found.state != "set" or found.starts_at + LASTS <= ctx.now:
        return ActionResult("over", member=member)
    circle = ctx.session.get_one(Circle, found.circle_id)
    seat = seat_in(ctx.session, found, member.id)
    begun = found.starts_at <= ctx.now and seat.reply != "coming"
    effects = () if seat.heard_at is not None else tuple(_plan(ctx, circle, found))
    seat.told_for, seat.heard_at = found.starts_at, seat.heard_at or ctx.now
    seat.reply, seat.replied_at, seat.answer_id = reply, ctx.now, _answer(ctx, member)
    ctx.session.flush()
    values = {**_about(ctx, found), **timer_values(found)}
    if reply == "not":
        return ActionResult("out", values, effects, member=member)
    return ActionResult("now" if begun else "in", values, effects, member=member)


@action("meant")
def mean_coming(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """They come."""
    return ActionResult("meant", {"reply": "coming"})


@action("meant")
def mean_not_coming(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """They do not come."""
    return ActionResult("meant", {"reply": "not"})


@action("coming", "ask", "over")
def open_reminder(ctx: ActionContext, *, circle_hour: int = 0, at: str = "") -> ActionResult:
    """Remind whoever comes, and ask once more whoever has not said; `count` come so far.

    over: they do not come, it was moved or called off, or one more nudge would be one too many.
    """
    found, member, circle = locked_hour(ctx.session, circle_hour), ctx.member, ctx.circle
    if (
        found is None
        or not stands(found, at)
        or found.starts_at <= ctx.now
        or member is None
        or circle is None
    ):
        return ActionResult("over")
    if not still_gets(ctx.session, member, ctx.identity.sender, readers=True):
        return ActionResult("over")
    if is_left_in_peace(ctx.session, ctx.person.id):
        return ActionResult("over")
    seat = seat_in(ctx.session, found, member.id)
    coming = sum(each.reply == "coming" for each, _, _ in seats_in(ctx.session, found))
    values = {**_about(ctx, found), "count": str(coming), "when": _when(ctx, circle, found)}
    if seat.reply == "coming":
        return ActionResult("coming", values)
    silent = seat.reply is None and member.state == "active" and not member.weekly_only
    may = silent and may_nudge(ctx.session, ctx.person.id, ctx.now)
    if may and not is_left_alone(ctx.session, member, ctx.now):
        return ActionResult("ask", values)
    return ActionResult("over")


@action("in", "out", "ask", "none")
def my_hour(ctx: ActionContext) -> ActionResult:
    """The next circle hour of a member's circles, and what they said to it; ask: they have not said."""
    found, member = _meant(ctx, 0)
    if found is None or member is None or found.state != "set":
        return ActionResult("none")
    seat = seat_in(ctx.session, found, member.id)
    values = {**_about(ctx, found, here=True), **timer_values(found), "told": "first"}
    outcome = {"coming": "in", "not": "out"}.get(seat.reply or "", "ask")
    return ActionResult(outcome, values, member=member)


@action("told", "over")
def hear_hour_off(ctx: ActionContext, *, circle_hour: int = 0, at: str = "") -> ActionResult:
    """Tell a member once that an hour is off, and ask nothing about it any more."""
    found = ctx.session.get(CircleHour, circle_hour)
    forget_asked(ctx, *ASKS)
    if (
        found is None
        or found.state != "off"
        or found.starts_at.isoformat() != at
        or found.starts_at <= ctx.now
    ):
        return ActionResult("over")
    return ActionResult("told" if is_in(ctx.member) else "over")


def _plan(ctx: ActionContext, circle: Circle, hour: CircleHour) -> Iterator[Effect]:
    """Plan what follows once somebody has heard of an hour: one reminder, and the opening."""
    assert ctx.member is not None
    around = whereabouts(ctx.session, ctx.person, circle)
    due_at = remind_at(hour.starts_at, around.zones, around.hours, ctx.now)
    if due_at is not None:
        yield Start(ctx.person.id, "hour_reminder", timer_values(hour), ctx.member.id, due_at=due_at)
    yield from let_in(ctx.session, circle, hour, ctx.person, ctx.member.id)


def _forget_telling(ctx: ActionContext, hour: CircleHour) -> None:
    """Let somebody who is away just now be told when they are back."""
    if ctx.member is not None:
        seat_in(ctx.session, hour, ctx.member.id).told_for = None
        ctx.session.flush()


def _about(ctx: ActionContext, hour: CircleHour, *, here: bool = False) -> dict[str, Any]:
    """Return what texts about an hour say; `here`: the member asked, so that a shared phone shows where."""
    host = ctx.session.get(Person, hour.set_by) if hour.set_by is not None else None
    way = way_values(ctx.session, hour, ctx.person, ctx.identity.country, asked=here)
    # Day and time are looked up as each text is written: asked again later, it says what holds then.
    named = {"host": name_of(host, language_of(ctx))} if host is not None else {}
    return {**named, **way}


def _when(ctx: ActionContext, circle: Circle, hour: CircleHour) -> str:
    """Whether an hour is today or tomorrow where the member is."""
    zone = whereabouts(ctx.session, ctx.person, circle).home
    days = (hour.starts_at.astimezone(zone).date() - ctx.now.astimezone(zone).date()).days
    return {0: "today", 1: "tomorrow"}.get(days, "later")


def _meant(ctx: ActionContext, hour_id: int) -> tuple[CircleHour | None, Member | None]:
    """Return the hour that is meant, and the member's seat in its circle: that one, or the next there is."""
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id) if member.promised_at is not None]
    if hour_id:
        found = locked_hour(ctx.session, hour_id)
        theirs = [each for each in seats if found is not None and each.circle_id == found.circle_id]
        return (found, theirs[0]) if theirs else (None, None)
    ahead = [
        (found.starts_at, found.id, member)
        for member in seats
        if (found := hour_ahead(ctx.session, member.circle_id, ctx.now)) is not None
    ]
    if not ahead:
        return None, None
    _, found_id, member = min(ahead, key=lambda each: each[:2])
    return locked_hour(ctx.session, found_id), member


def _answer(ctx: ActionContext, member: Member) -> int | None:
    """Return the answer just given, if the reply was one: its reader leaves a receipt."""
    if ctx.inbox_id is None:
        return None
    return ctx.session.scalars(
        select(Answer.id)
        .where(Answer.member_id == member.id, Answer.key == KEY, Answer.inbox_id == ctx.inbox_id)
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
