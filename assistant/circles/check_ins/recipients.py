"""Knows who in a circle gets what its host sends, and when; and who does not, and why."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Line
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of
from assistant.circles.people.reachability import hears_us, reach_of, uri_of
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.language.rendering import readable_time
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.store.tables import Circle, Member, Person
from assistant.store.tables.circle_tables import SEATED


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member who gets it, and when (aware UTC): at once, or when the member's day begins."""

    member: Member
    person: Person
    at: dt.datetime
    zone: ZoneInfo


def recipients_of(
    ctx: ActionContext, circle: Circle, *, readers: bool
) -> tuple[list[Recipient], dict[str, list[Person]]]:
    """Return who gets what the host in `ctx` sends to a circle, and who does not, by reason.

    Args:
        readers: Whether those who only read along get it, too.
    """
    there: list[Recipient] = []
    left_out: dict[str, list[Person]] = defaultdict(list)
    apart = apart_from(ctx.session, ctx.person.id)
    rows = ctx.session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == circle.id,
            Member.state.in_((*SEATED, "left")),
            Person.id != ctx.person.id,
        )
        .order_by(Member.id)
    )
    for member, person in rows.all():
        reason = _why_not(ctx, member, apart, readers=readers)
        if reason is None:
            there.append(recipient(ctx, circle, member, person))
        elif reason != "gone":
            left_out[reason].append(person)
    return there, left_out


def recipient(ctx: ActionContext, circle: Circle, member: Member, person: Person) -> Recipient:
    """Return when what the host in `ctx` sends now arrives: after its minute, in the member's daytime."""
    uri = uri_of(ctx.session, person.id)
    zones = zone_of(person.zone, circle.zone, uri)
    at = next_allowed(ctx.now + HELD_FOR, zones, hours_for(uri))
    return Recipient(member, person, at, home(zones))


def still_gets(session: Session, member: Member | None, sender: str, *, readers: bool) -> bool:
    """Say whether what was sent to a member is still for the member, now that it comes."""
    if member is None or not is_in(member) or not hears_us(session, member.person_id, sender):
        return False
    return member.state == "active" or (readers and member.state == "reading")


def left_out_lines(
    ctx: ActionContext, there: Iterable[Recipient], left_out: dict[str, list[Person]]
) -> list[Line]:
    """A line for each reason why someone gets it later, or not at all."""
    lines = []
    later: dict[str, list[Person]] = defaultdict(list)
    for each in there:
        if each.at > ctx.now + HELD_FOR:
            local = each.at.astimezone(each.zone)
            later[readable_time(local.hour, local.minute, language_of(ctx))].append(each.person)
    for time, people in later.items():
        lines.append(Line("left_out", {"reason": "asleep", "time": time, **named(ctx, people)}))
    for reason, people in left_out.items():
        lines.append(Line("left_out", {"reason": reason, **named(ctx, people)}))
    return lines


def named(ctx: ActionContext, people: Sequence[Person]) -> dict[str, str]:
    """Return `names` and `count` for these people: as many names as there is room for, and their count."""
    language, longest = language_of(ctx), PLACEHOLDERS["names"].longest
    names = [_first_name(person, language) for person in people]
    told = ", ".join(names)
    for shown in range(len(names) - 1, 0, -1):
        if len(told) <= longest:
            break
        told = f"{', '.join(names[:shown])} +{len(names) - shown}"
    return {"names": told, "count": str(len(people))}


def _first_name(person: Person, language: str) -> str:
    name = person.name or PLACEHOLDERS["other_name"].plain[language]
    return name[: PLACEHOLDERS["other_name"].longest]


def _why_not(ctx: ActionContext, member: Member, apart: set[int], *, readers: bool) -> str | None:
    """Say why a member gets nothing: "gone" is not told. A pause and a wish to be left alone are told alike.

    A pause was promised to look like being away, and nobody is told whom a member does not want to hear from.
    """
    stands = reach_of(ctx.session, member.person_id, ctx.identity.sender)
    hears, silent = stands.hears, stands.silent
    if member.promised_at is None or member.state == "joining":
        return "new" if hears and member.state != "left" else "gone"
    if not hears:
        if member.state == "left":
            return "gone" if silent else "stopped"
        return "unreachable" if silent else "stopped"
    if member.state == "left":
        return "gone"
    if member.state == "unreachable":
        return "unreachable"
    if member.state == "paused" or member.person_id in apart:
        return "away"
    return "reading" if member.state == "reading" and not readers else None
