"""Finds what is true for whoever asks back: who sees an answer, who hosts, who is here, what comes next.

Each fact chooses among the variants of an answer in `flows/answers.toml` (`sees_circle`, `next_dated`) and
fills in its placeholders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of, shorten
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.membership.invitations import open_invitations
from assistant.circles.membership.waiting_answers import waits_for_seat
from assistant.circles.people.memberships import hosts_of
from assistant.circles.people.permissions import hosted_by
from assistant.circles.sharing.shares import apart_from
from assistant.conversations.turn_context import Context
from assistant.language.rendering import readable_date, readable_day, readable_time
from assistant.safety.alert_holding import hands_of, open_about
from assistant.schedule.local_time import home, zone_of
from assistant.schedule.programs import programs
from assistant.store.tables import Address, Invitation, Member, Person, Timer
from assistant.store.tables.circle_tables import SEATED

Facts = Mapping[str, Any]


def standing(context: Context) -> ActionContext:
    """Return where the person asks from: the open question's seat, else the seat that has gone furthest.

    Whoever has none and hosts asks from the circle hosted: the oldest, where there are several.
    """
    question = context.question
    if question is not None and question.member_id is not None:
        seats = [seat for seat in context.known.seats if seat[0].id == question.member_id]
    else:
        seats = [seat for seat in context.known.seats if seat[0].state in SEATED]
    ctx = context.about(None)
    if not seats:
        hosts = "host" in context.known.hears
        circles = hosted_by(context.session, context.person.id) if hosts else ()
        return replace(ctx, member=None, circle=circles[0] if circles else None)
    member, circle = max(seats, key=lambda seat: (seat[0].promised_at is not None, -seat[0].id))
    return replace(ctx, member=member, circle=circle)


def facts_for(context: Context, ctx: ActionContext, variants: set[str]) -> dict[str, Any]:
    """Return what chooses among these variants, and what stands in their placeholders."""
    found: dict[str, Any] = {}
    for name, find in FACTS.items():
        if any(variant.startswith(f"{name}_") for variant in variants):
            found |= find(context, ctx)
    return found


def _sees(context: Context, ctx: ActionContext) -> Facts:
    if context.known.in_alert:
        hands = [hands_of(context.session, alert) for alert in open_about(context.session, ctx.person.id)]
        holder = next((each.holder for each in hands if each.told and each.holder is not None), None)
        if holder is not None:
            host = context.session.get_one(Person, holder)
            return {"sees": "paged", "host": name_of(host, language_of(ctx))}
    question = context.question
    return {"sees": question.visible_to if question is not None else "none"}


def _seat(_context: Context, ctx: ActionContext) -> Facts:
    return {"seat": "none" if ctx.member is None else "taken"}


def _hosted(_context: Context, ctx: ActionContext) -> Facts:
    if ctx.circle is None:
        return {"hosted": "nowhere"}
    hosts = hosts_of(ctx.session, ctx.circle.id, ctx.now)
    if any(host.id == ctx.person.id for host in hosts):
        return {"hosted": "self"}
    return {"hosted": "yes", "host": name_of(hosts[0], language_of(ctx))} if hosts else {"hosted": "no"}


def _came(context: Context, ctx: ActionContext) -> Facts:
    if ctx.circle is not None and ctx.member is not None:
        theirs = (
            select(Invitation.id)
            .join(Address, Address.id == Invitation.address_id)
            .where(
                Invitation.circle_id == ctx.circle.id,
                Address.person_id == ctx.person.id,
                Invitation.sent_at.is_not(None),
            )
        )
        invited = ctx.session.scalar(theirs.limit(1)) is not None
        return {"came": "invited" if invited else "joined"}
    invited_to = open_invitations(ctx.session, ctx.person.id, ctx.now)
    if invited_to:
        circle = invited_to[-1][1]
        return {"came": "asked", "circle": circle.name, "code": circle.code}
    running = context.known.hears.intersection(("host", "organizer", "on_call"))
    if not running and waits_for_seat(ctx.session, ctx.person.id):
        return {"came": "waiting"}
    return {"came": "hosting" if running else "alone"}


def _here(_context: Context, ctx: ActionContext) -> Facts:
    if ctx.circle is None:
        return {"here": "nowhere"}
    others = ctx.session.scalars(
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .where(
            Member.circle_id == ctx.circle.id,
            Member.state.in_(SEATED),
            Member.promised_at.is_not(None),
            Person.id != ctx.person.id,
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Member.id)
    ).all()
    counted = {"count": str(len(others))}
    if ctx.member is not None and ctx.member.promised_at is None:
        return {"here": "hidden", **counted}
    if not others:
        return {"here": "alone" if ctx.member is not None else "none"}
    if ctx.person.plain:
        return {"here": "plain", **counted}
    return {"here": "named", "names": _listed(others, language_of(ctx))}


def _listed(people: list[Person] | Any, language: str) -> str:
    """Return as many first names as there is room for, and how many more there are."""
    unnamed = PLACEHOLDERS["other_name"].plain[language]
    names = [shorten(person.name or unnamed, PLACEHOLDERS["other_name"].longest) for person in people]
    for shown in range(len(names), 0, -1):
        more = f" +{len(names) - shown}" if shown < len(names) else ""
        told = f"{', '.join(names[:shown])}{more}"
        if len(told) <= PLACEHOLDERS["names"].longest:
            return told
    return f"+{len(names)}"


def _next(_context: Context, ctx: ActionContext) -> Facts:
    """What the season has planned for the seat, by the clock of whoever holds it."""
    member, circle = ctx.member, ctx.circle
    if member is None or circle is None:
        return {"next": "waiting" if waits_for_seat(ctx.session, ctx.person.id) else "unknown"}
    zone = home(zone_of(ctx.person.zone, circle.zone))
    if member.state == "paused" and member.paused_until is not None:
        return {"next": "paused", **_moment(member.paused_until, zone, ctx)}
    if member.state == "reading":
        return {"next": "reads"}
    today = ctx.now.astimezone(zone).date()
    if circle.starts_on is not None and circle.starts_on > today:
        language = language_of(ctx)
        said = {
            "day": readable_day(circle.starts_on, language),
            "date": readable_date(circle.starts_on, language),
        }
        return {"next": "begins", **said}
    due = ctx.session.scalar(
        select(Timer.due_at)
        .where(Timer.member_id == member.id, Timer.key.is_not(None), Timer.done_at.is_(None))
        .order_by(Timer.due_at)
        .limit(1)
    )
    if due is not None:
        return {"next": "dated", **_moment(due, zone, ctx)}
    running = circle.state == "running" and member.promised_at is not None
    return {"next": "over" if running else "unknown"}


def _moment(when: dt.datetime, zone: ZoneInfo, ctx: ActionContext) -> dict[str, str]:
    local, language = when.astimezone(zone), language_of(ctx)
    return {
        "day": readable_day(local.date(), language),
        "date": readable_date(local.date(), language),
        "time": readable_time(local.hour, local.minute, language),
    }


def _season(_context: Context, ctx: ActionContext) -> Facts:
    """How long a season of the circle lasts, and how far it has come."""
    circle = ctx.circle
    if circle is None:
        return {"season": "none"}
    weeks, week = programs()[circle.program].weeks, current_week(circle, ctx.now)
    stage = "begins" if week == 0 else "running" if week <= weeks else "over"
    return {"season": stage, "week": str(week), "weeks": str(weeks)}


FACTS: Final[Mapping[str, Callable[[Context, ActionContext], Facts]]] = {
    "sees": _sees,
    "seat": _seat,
    "hosted": _hosted,
    "came": _came,
    "here": _here,
    "next": _next,
    "season": _season,
}
"""What an answer's variants may go by."""
