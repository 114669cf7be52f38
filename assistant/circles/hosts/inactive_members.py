"""Tells a host who has not been heard from for weeks, and who is away; never why someone is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.audit import record
from assistant.circles.people.inactivity import quiet_weeks
from assistant.circles.people.reachability import unreachable
from assistant.circles.people.roster import members_of
from assistant.schedule.wall import at_wall
from assistant.store.tables import Circle, Member, Person

QUIET_FROM: Final = 2
"""Weeks without a word from which a host hears of it; as many as she herself is asked after."""
_EVERYWHERE: Final = dt.timedelta(hours=12)
"""A week has begun somewhere on Earth so long before it begins here."""


@action("one", "several", "nobody", "away", "none")
def list_quiet(ctx: ActionContext) -> ActionResult:
    """Show her who has been quiet for two weeks or more, and who is away; `to_ids` are the quiet ones.

    one: it is `other_name`. away: nobody is quiet, but somebody is away. nobody: all are heard from.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    record(ctx.session, "quiet", ctx.now, by=ctx.person.id, circle_id=circle.id)
    quiet = quiet_members(ctx.session, circle, ctx.now, but=ctx.person.id)
    lines = [
        Line("quiet_weeks", {**name_placeholders(ctx, person), "count": str(weeks)})
        for _, person, weeks in quiet
    ]
    lines += _away(ctx, circle)
    effects = (Lines(tuple(lines)),) if lines else ()
    if not quiet:
        return ActionResult("away" if lines else "nobody", effects=effects)
    values = {"to_ids": [member.id for member, _, _ in quiet]}
    if len(quiet) > 1:
        return ActionResult("several", {**values, "many": True}, effects)
    return ActionResult("one", {**values, **other_name_of(quiet[0][1])}, effects)


@action("listed")
def number_quiet(ctx: ActionContext) -> ActionResult:
    """Show the quiet ones of `to_ids` with numbers, to choose one of them."""
    people = people_of(ctx.session, ctx.values.get("to_ids") or ())
    return ActionResult("listed", {"people": choices_of(people.items())}, (numbered(ctx, people.values()),))


@action("one", "none")
def take_one(ctx: ActionContext) -> ActionResult:
    """Go on with the one she chose in `to_id`, as `other_name`."""
    chosen = str(ctx.values.get("to_id") or "")
    listed = [int(each) for each in ctx.values.get("to_ids") or ()]
    if not chosen.isdigit() or int(chosen) not in listed:
        return ActionResult("none")
    person = people_of(ctx.session, [int(chosen)])[int(chosen)]
    return ActionResult("one", {"to_ids": [int(chosen)], "many": False, **other_name_of(person)})


def quiet_members(
    session: Session, circle: Circle, now: dt.datetime, *, but: int = 0
) -> list[tuple[Member, Person, int]]:
    """Who takes part and has sent no word for two whole weeks or more, with how many; the longest first.

    Args:
        but: Id of a person who is not among them: the host who asks.
    """
    since = week_began(circle, now)
    quiet = [
        (member, person, weeks)
        for member, person, _ in members_of(session, [circle], ("active",))
        if person.id != but and (weeks := quiet_weeks(session, member, since)) >= QUIET_FROM
    ]
    return sorted(quiet, key=lambda each: (-each[2], each[0].id))


def week_began(circle: Circle, now: dt.datetime) -> dt.datetime:
    """When this week began wherever its members are: what was asked before has had its week."""
    zone = ZoneInfo(circle.zone)
    today = now.astimezone(zone).date()
    return at_wall(today - dt.timedelta(days=today.weekday()), dt.time(0), zone) - _EVERYWHERE


def people_of(session: Session, member_ids: Iterable[Any]) -> dict[int, Person]:
    """Who sits in these seats, by seat, in the order given."""
    wanted = [int(each) for each in member_ids]
    rows = session.execute(
        select(Member.id, Person).join(Person, Person.id == Member.person_id).where(Member.id.in_(wanted))
    )
    found = {row.id: row.Person for row in rows}
    return {each: found[each] for each in wanted if each in found}


def name_placeholders(ctx: ActionContext, person: Person) -> dict[str, Any]:
    """How a line names a member to a host: by name, and on a shared phone by the first letter."""
    return {**other_name_of(person), "initials": initials([person], language_of(ctx))}


def initials(people: Iterable[Person], language: str) -> str:
    """First letters, for a host whose phone others see: "A.", "A. & R."."""
    letters = [
        f"{person.name.strip()[0].upper()}." if person.name else PLACEHOLDERS["other_name"].plain[language]
        for person in people
    ]
    return " & ".join(letters)


def choices_of(people: Iterable[tuple[int, Person]]) -> list[dict[str, str]]:
    """These seats as choices: by number, or by name."""
    return [{"key": str(key), "label": person.name or str(key)} for key, person in people]


def numbered(ctx: ActionContext, people: Iterable[Person]) -> Lines:
    """These members, a line each, by the numbers that choose them."""
    return Lines(
        tuple(
            Line("numbered_name", {**name_placeholders(ctx, person), "count": str(number)})
            for number, person in enumerate(people, 1)
        )
    )


def _away(ctx: ActionContext, circle: Circle) -> list[Line]:
    """Who is away, in no other words than her circle may hear: on pause she was told it sees "away"."""
    rows = members_of(ctx.session, [circle], ("active", "paused", "unreachable"))
    lost = unreachable(ctx.session, [person.id for _, person, _ in rows])
    lines = []
    for member, person, _ in rows:
        if person.id == ctx.person.id:
            continue
        if member.state == "paused":
            lines.append(Line("away_now", name_placeholders(ctx, person)))
        elif member.state == "unreachable" or person.id in lost:
            lines.append(Line("not_reached", name_placeholders(ctx, person)))
    return lines
