"""Agrees on a time: asks everyone which of two or three suit, and shows the host, who picks one, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Line, Lines, Start, Tell
from assistant.circles.actions.placeholders import language_of, name_of
from assistant.circles.actions.registry import action
from assistant.circles.calendar.breaks import clock_of
from assistant.circles.check_ins.recipients import named, still_gets
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hours.hour_rows import (
    is_left_in_peace,
    open_poll,
    seat_in,
    seats_in,
    times_asked_about,
)
from assistant.circles.hours.hour_times import short_when, when_values
from assistant.circles.hours.setting_hours import hold_set, numbered_times, start_hour_out
from assistant.circles.people.audit import record
from assistant.circles.people.permissions import circle_for
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.language.replies.choice_reading import Choice, read_choice
from assistant.language.replies.numbers import find_numbers
from assistant.language.times.weekdays import WEEKDAYS
from assistant.store.tables import Answer, CircleHour, HourSeat, Member, PendingAction, Person

KEY: Final = "suits"
"""What an answer which times suit is kept as."""
ASK_TALLY_AGAIN: Final = dt.timedelta(hours=24)
"""So long after nobody had answered the host is shown it once more."""
_ALL_OR_NONE: Final = tuple(
    Choice(key, {code: language.replies[f"suits_{key}"] for code, language in LANGUAGES.items()})
    for key in ("all", "none")
)


@action("ask", "over")
def open_suits(ctx: ActionContext, *, poll: int = 0) -> ActionResult:
    """Ask a member which of the times suit, by their own clock."""
    pending, times = _asked(ctx, poll)
    if pending is None or not times or ctx.circle is None:
        return ActionResult("over")
    if not still_gets(ctx.session, ctx.member, ctx.identity.sender, readers=False):
        return ActionResult("over")
    if is_left_in_peace(ctx.session, ctx.person.id):
        return ActionResult("over")
    zone = clock_of(ctx.session, ctx.person, ctx.circle).zone
    host = ctx.session.get_one(Person, pending.by_person_id)
    options = numbered_times([time.starts_at for time in times], zone, language_of(ctx))
    values = {
        "options": options,
        "host": name_of(host, language_of(ctx)),
        "asked": [time.id for time in times],
    }
    return ActionResult("ask", values)


@action("noted", "none", "unclear", "over")
def note_suits(
    ctx: ActionContext, *, poll: int = 0, asked: Sequence[int] = (), suits: str = ""
) -> ActionResult:
    """Keep which times suit the member: the numbers of `suits`, their days, all or none of them.

    The host hears once everyone has said. over: a time was chosen meanwhile.
    """
    pending, times = _asked(ctx, poll)
    if pending is None or not times or ctx.member is None or ctx.circle is None:
        return ActionResult("over")
    zone = clock_of(ctx.session, ctx.person, ctx.circle).zone
    numbers = _numbers(asked, times)
    days = {
        numbers[time.id]: _days(time.starts_at.astimezone(zone).date())
        for time in times
        if time.id in numbers
    }
    chosen = _chosen(suits, days)
    if chosen is None:
        return ActionResult("unclear")
    answer = _newest_answer(ctx, ctx.member)
    for time in times:
        seat = seat_in(ctx.session, time, ctx.member.id)
        seat.reply = "coming" if numbers.get(time.id) in chosen else "not"
        seat.replied_at, seat.answer_id = ctx.now, answer
    ctx.session.flush()
    effects: tuple[Effect, ...] = ()
    if _everyone_said(ctx, pending, times):
        effects = (Start(pending.by_person_id, "hour_tally", {"poll": poll}, at_once=True),)
    return ActionResult("noted" if chosen else "none", effects=effects)


@action("pick", "nobody", "over")
def show_tally(ctx: ActionContext, *, poll: int = 0, again: bool = False) -> ActionResult:
    """Show the host how many each time suits, and whom; `day`, `date` and `time` are those of the best.

    `times` lists them by number. nobody: nobody has said yet. over: one was chosen, or all are past.
    """
    pending = ctx.session.get(PendingAction, poll or _newest_poll(ctx))
    times = times_asked_about(ctx.session, pending.id) if pending is not None else ()
    times = [time for time in times if time.starts_at > ctx.now]
    circle = circle_for(ctx.session, ctx.person.id, pending.circle_id) if pending is not None else None
    if pending is None or circle is None or not times:
        return ActionResult("over")
    zone, language = clock_of(ctx.session, ctx.person, circle).zone, language_of(ctx)
    counts: list[tuple[int, CircleHour]] = []
    lines: list[Line] = []
    for number, time in enumerate(times, 1):
        suited = [(seat, person) for seat, _, person in seats_in(ctx.session, time) if seat.reply == "coming"]
        counts.append((len(suited), time))
        when = {"number": str(number), "said": short_when(time.starts_at, zone, language)}
        whose = named(ctx, [person for _, person in suited])
        lines.append(
            Line(
                "hour_suits_some" if suited else "hour_suits_none",
                {**when, **whose},
                carries=carried(ctx, suited),
            )
        )
    record(
        ctx.session, "hour tally", ctx.now, by=ctx.person.id, circle_id=circle.id, pending_action=pending.id
    )
    said = _who_said(ctx, times)
    most, best = max(counts, key=lambda each: (each[0], -each[1].starts_at.timestamp()))
    values: dict[str, Any] = {
        "poll": pending.id,
        "count": str(len(said)),
        "total": str(len(pending.details.get("members") or ())),
        **when_values(best.starts_at, zone, language),
        **list_choices("times", ((time.id, short_when(time.starts_at, zone, language)) for time in times)),
    }
    if not most:
        once_more = ctx.now + ASK_TALLY_AGAIN
        later = Start(ctx.person.id, "hour_tally", {"poll": pending.id, "again": True}, due_at=once_more)
        ahead = once_more < times[0].starts_at and not said and not again
        return ActionResult("nobody", values, (later,) if ahead else (), circle=circle)
    return ActionResult("pick", values, (Lines(tuple(lines)),), circle=circle)


@action("held", "over")
def pick_time(ctx: ActionContext, *, poll: int = 0, picked: str = "") -> ActionResult:
    """Set the chosen time, in a minute; over: it is past, or another one was set."""
    circle = hosted(ctx)
    times = {str(time.id): time for time in times_asked_about(ctx.session, poll)}
    time = times.get(picked)
    if circle is None or time is None or time.starts_at <= ctx.now or time.circle_id != circle.id:
        return ActionResult("over")
    pending = hold_set(ctx, circle, time)
    zone = clock_of(ctx.session, ctx.person, circle).zone
    return ActionResult(
        "held",
        when_values(time.starts_at, zone, language_of(ctx)),
        (start_hour_out(ctx, pending),),
    )


@action("dropped")
def drop_poll(ctx: ActionContext, *, poll: int = 0) -> ActionResult:
    """Choose none of the times; whoever answered hears that no hour came of it."""
    return ActionResult("dropped", effects=tuple(end_poll(ctx, poll)))


def end_poll(ctx: ActionContext, poll: int) -> Sequence[Tell]:
    """Let none of the times be chosen any more; return what those hear who answered."""
    times = times_asked_about(ctx.session, poll)
    told = lapse(times, ctx.now)
    circle_ids = {time.circle_id for time in times}
    answered = _who_said(ctx, times) if told else {}
    return [
        Tell(person.id, "hour_came_to_none", circle_id=circle_id, member_id=member.id)
        for circle_id in circle_ids
        for member, person in answered.values()
    ]


def lapse(times: Sequence[CircleHour], now: dt.datetime) -> bool:
    """Drop these times; return whether there were any."""
    for time in times:
        time.state, time.settled_at, time.look_at = "dropped", now, None
    return bool(times)


def carried(ctx: ActionContext, said: Sequence[tuple[HourSeat, Person]]) -> str | None:
    """Return whose answers stand behind names that a host reads; a shared phone shows counts alone."""
    if ctx.person.plain:
        return None
    return " ".join(f"answer:{seat.answer_id}" for seat, _ in said if seat.answer_id is not None) or None


def _asked(ctx: ActionContext, poll: int) -> tuple[PendingAction | None, list[CircleHour]]:
    pending = ctx.session.get(PendingAction, poll)
    if pending is None or ctx.circle is None or pending.circle_id != ctx.circle.id:
        return None, []
    return pending, [time for time in times_asked_about(ctx.session, poll) if time.starts_at > ctx.now]


def _newest_poll(ctx: ActionContext) -> int:
    return (open_poll(ctx.session, ctx.circle.id, ctx.now) if ctx.circle is not None else None) or 0


def _numbers(asked: Sequence[int], times: Sequence[CircleHour]) -> dict[int, int]:
    """Return by which number each time was asked about; one that is past by now has kept its own."""
    shown = list(asked) or [time.id for time in times]
    return {hour_id: number for number, hour_id in enumerate(shown, 1)}


def _chosen(words: str, days: Mapping[int, frozenset[str]]) -> set[int] | None:
    """Return the numbers of the times that words name; empty: none of them. None: nobody can tell.

    Args:
        days: Number of each time that can still be chosen -> what its day is called.
    """
    found = set(find_numbers(words))
    if found == {0}:
        return set()
    if found:
        return found if found <= set(days) else None
    said = set(plain_words(words))
    if by_day := {number for number, names in days.items() if names & said}:
        return by_day
    whole = read_choice(words, _ALL_OR_NONE, numbered=False)
    return {"all": set(days), "none": set()}.get(whole or "")


def _days(day: dt.date) -> frozenset[str]:
    """Return what a day of the week is called, in every language, in plain form, whole and short."""
    names = {name for name, number in WEEKDAYS.items() if number == day.weekday()}
    return frozenset(names | {name[:3] for name in names})


def _who_said(ctx: ActionContext, times: Sequence[CircleHour]) -> dict[int, tuple[Member, Person]]:
    """Return who has answered about any of these times, by their seats."""
    rows = ctx.session.execute(
        select(Member, Person)
        .join(HourSeat, HourSeat.member_id == Member.id)
        .join(Person, Person.id == Member.person_id)
        .where(
            HourSeat.hour_id.in_([time.id for time in times]),
            HourSeat.reply.is_not(None),
            Member.state.in_(("active", "reading")),
        )
        .order_by(Member.id)
    )
    return {member.id: (member, person) for member, person in rows}


def _everyone_said(ctx: ActionContext, pending: PendingAction, times: Sequence[CircleHour]) -> bool:
    asked = set(pending.details.get("members") or ())
    here = set(ctx.session.scalars(select(Member.id).where(Member.id.in_(asked), Member.state == "active")))
    return bool(here) and here <= set(_who_said(ctx, times))


def _newest_answer(ctx: ActionContext, member: Member) -> int | None:
    return ctx.session.scalars(
        select(Answer.id)
        .where(Answer.member_id == member.id, Answer.key == KEY)
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
