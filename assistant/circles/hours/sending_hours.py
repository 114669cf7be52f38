"""Carries out what a host did about the circle hour, its minute over: whoever is to hear of it does, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.pending_actions import take_up
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.recipients import recipients_of
from assistant.circles.hours.hour_rows import (
    hour_to_come,
    local_when,
    locked_hour,
    seat_in,
    seats_in,
    timer_values,
    times_asked_about,
    whereabouts,
)
from assistant.circles.hours.hour_times import remind_at
from assistant.circles.hours.setting_hours import OFF, POLL, WAY
from assistant.circles.hours.telling_hours import LOOK_AGAIN, invitations, let_in
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.memberships import hosts_of, lock_circle, seat_of
from assistant.circles.people.permissions import circle_for
from assistant.language.phones.contacts import contact_spans
from assistant.schedule.local_time import next_allowed
from assistant.store.tables import Circle, CircleHour, PendingAction, Person

TALLY_AFTER: Final = dt.timedelta(hours=24)
"""So long after times were asked about, the host hears which suit whom, if not all have answered before."""
LAST_MOMENT: Final = dt.timedelta(hours=12)
"""And so long before the first of them, if that is sooner."""
DIGEST_AFTER: Final = dt.timedelta(hours=18)
"""So long after an hour began, its hosts hear who was there: by then those who said nothing were asked."""


@action("told", "late", "none")
def send_hour_out(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Set, move or call off the hour, say how to come, or ask which of several times suit.

    late: the time is past by now. none: it was undone, or the person does not host the circle any more.
    """
    pending = take_up(ctx.session, pending_action, ctx.now)
    if pending is None or pending.by_person_id != ctx.person.id:
        return ActionResult("none")
    circle = circle_for(ctx.session, ctx.person.id, pending.circle_id)
    if circle is None:
        return ActionResult("none")
    circle = lock_circle(ctx.session, circle.id)
    if pending.kind == OFF:
        effects = tuple(_call_off(ctx, circle, pending))
    elif pending.kind == WAY:
        effects = tuple(_say_how(ctx, circle, pending))
    else:
        times = [dt.datetime.fromisoformat(each) for each in pending.details.get("times") or ()]
        times = [time for time in times if time > ctx.now]
        if not times:
            return ActionResult("late", circle=circle)
        ask = pending.kind == POLL and len(times) > 1
        effects = tuple((_ask_about if ask else _set)(ctx, circle, pending, times))
    return ActionResult("told", effects=effects, circle=circle)


def _set(
    ctx: ActionContext, circle: Circle, pending: PendingAction, times: list[dt.datetime]
) -> Iterator[Effect]:
    """Set the hour: a time that was asked about, the one that is set, at another time, or a new one."""
    session, before = ctx.session, hour_to_come(ctx.session, circle.id, ctx.now)
    picked = session.get(CircleHour, pending.details.get("picked") or 0)
    if picked is not None:
        for other in times_asked_about(session, picked.poll_id or 0):
            if other is not picked or before is not None:
                other.state, other.settled_at, other.look_at = "dropped", ctx.now, None
    hour = before or picked
    if picked is not None and before is not None:
        before.way_id = (
            picked.way_id or before.way_id
        )  # The hour that is set moves to the time that was chosen.
    if hour is None:
        hour = CircleHour(circle_id=circle.id, created_at=ctx.now, state="set", starts_at=times[0])
        session.add(hour)
    hour.state, hour.settled_at, hour.set_by = "set", ctx.now, ctx.person.id
    hour.starts_at, hour.digest_at = times[0], None
    hour.way_id = pending.id if pending.words else hour.way_id
    session.flush()
    locked_hour(session, hour.id)  # Whoever says now whether they come waits until all of them are told.
    yield from tell_of(session, circle, hour, ctx.identity.sender, ctx.now)


def tell_of(
    session: Session, circle: Circle, hour: CircleHour, sender: str, now: dt.datetime
) -> Iterator[Effect]:
    """Let everyone hear of an hour that was set or moved; its hosts are reminded, and told what came of it.

    A host with a seat comes, unless they say otherwise.
    """
    hour.look_at = now + LOOK_AGAIN
    for host in hosts_of(session, circle.id, now):
        seat = seat_of(session, host.id, circle.id)
        if seat is not None and seat.state in ("active", "reading") and host.id == hour.set_by:
            mine = seat_in(session, hour, seat.id)
            mine.told_for, mine.heard_at = hour.starts_at, now
            mine.reply, mine.replied_at, mine.answer_id = "coming", now, None
            mine.role = mine.came = None
            yield from let_in(session, circle, hour, host, seat.id)
        yield from _for_host(session, circle, hour, host, now)
    session.flush()
    yield from invitations(session, circle, hour, sender, now)


def _for_host(
    session: Session, circle: Circle, hour: CircleHour, host: Person, now: dt.datetime
) -> Iterator[Start]:
    around = whereabouts(session, host, circle)
    if hour.set_by is None:
        told = next_allowed(now, around.zones, around.hours)
        values = {**timer_values(hour), "part": "planned"}
        yield Start(host.id, "hour_host", values, due_at=told, at_once=True)
    before = remind_at(hour.starts_at, around.zones, around.hours, now)
    after = next_allowed(hour.starts_at + DIGEST_AFTER, around.zones, around.hours)
    for part, due_at in (("before", before), ("after", after)):
        if due_at is not None:
            values = {**timer_values(hour), "part": part}
            yield Start(host.id, "hour_host", values, due_at=due_at, at_once=True)


def _call_off(ctx: ActionContext, circle: Circle, pending: PendingAction) -> Iterator[Effect]:
    hour = locked_hour(ctx.session, int(pending.details.get("hour") or 0))
    if hour is None or hour.state != "set":
        return
    hour.state, hour.settled_at, hour.look_at = "off", ctx.now, None
    ctx.session.flush()
    for seat, member, person in seats_in(ctx.session, hour):
        if seat.heard_at is not None and seat.told_for == hour.starts_at and person.id != ctx.person.id:
            around = whereabouts(ctx.session, person, circle)
            due_at = next_allowed(ctx.now, around.zones, around.hours)
            yield Start(person.id, "hour_is_off", timer_values(hour), member.id, due_at=due_at, at_once=True)


def _say_how(ctx: ActionContext, circle: Circle, pending: PendingAction) -> Iterator[Effect]:
    """Say how to come to those who come, or have not said; who was not told yet hears it with the rest."""
    hour = locked_hour(ctx.session, int(pending.details.get("hour") or 0))
    if hour is None or hour.state != "set" or not pending.words:
        return
    hour.way_id = pending.id
    ctx.session.flush()
    for seat, member, person in seats_in(ctx.session, hour):
        if seat.heard_at is None or seat.reply == "not" or person.id == ctx.person.id:
            continue
        hidden = person.plain and not contact_spans(pending.words, ctx.identity.country)
        placeholders: dict[str, Any] = {
            **local_when(ctx.session, hour, person, circle),
            "way": pending.words,
            "how": "hidden" if hidden else "said",
        }
        yield Tell(
            person.id,
            "hour_how",
            placeholders,
            circle_id=circle.id,
            member_id=member.id,
            verbatim=("way",),
            carries=f"said:{pending.id}{ONLY_A_SIGN if hidden else ''}",
        )


def _ask_about(
    ctx: ActionContext, circle: Circle, pending: PendingAction, times: list[dt.datetime]
) -> Iterator[Effect]:
    """Ask everyone which of several times suit, and later tell the host."""
    for old in _older_polls(ctx, circle):
        old.state, old.settled_at, old.look_at = "dropped", ctx.now, None
    for time in times:
        ctx.session.add(
            CircleHour(
                circle_id=circle.id,
                set_by=ctx.person.id,
                state="asked",
                starts_at=time,
                way_id=pending.id if pending.words else None,
                poll_id=pending.id,
                created_at=ctx.now,
                look_at=time,
            )
        )
    ctx.session.flush()
    there, _ = recipients_of(ctx, circle, readers=False)
    shown = set(pending.details.get("members") or ())
    for each in there:
        if each.member.id not in shown:
            continue
        yield Start(each.person.id, "hour_suits", {"poll": pending.id}, each.member.id, due_at=each.at)
    around = whereabouts(ctx.session, ctx.person, circle)
    soon = max(ctx.now + dt.timedelta(hours=1), min(ctx.now + TALLY_AFTER, times[0] - LAST_MOMENT))
    due_at = next_allowed(soon, around.zones, around.hours)
    yield Start(ctx.person.id, "hour_tally", {"poll": pending.id}, due_at=due_at)


def _older_polls(ctx: ActionContext, circle: Circle) -> Iterator[CircleHour]:
    yield from ctx.session.scalars(
        select(CircleHour).where(CircleHour.circle_id == circle.id, CircleHour.state == "asked")
    ).all()
