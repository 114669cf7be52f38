"""Tells a host who has not been heard from for weeks, and who is away; never why someone is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hosts.member_menus import member_choices, name_placeholders, numbered, people_of
from assistant.circles.people.audit import record
from assistant.circles.people.inactivity import quiet_weeks_of
from assistant.circles.people.reachability import out_of_reach
from assistant.circles.people.roster import members_of
from assistant.schedule.programs import monday_of
from assistant.schedule.wall import at_wall
from assistant.store.tables import Circle, Member, Person

QUIET_FROM: Final = 2
"""Weeks without a word from which a host hears of it; as many as a member is asked after."""
_EVERYWHERE: Final = dt.timedelta(hours=12)
"""A week has begun somewhere on Earth so long before it begins here."""


@action("one", "several", "nobody", "away", "none")
def list_quiet(ctx: ActionContext) -> ActionResult:
    """Show the host who has been quiet for two weeks or more, and who is away; `to_ids` are the quiet ones.

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
def number_quiet(ctx: ActionContext, *, to_ids: Sequence[int] = ()) -> ActionResult:
    """Show the quiet ones of `to_ids` with numbers, to choose one of them."""
    people = people_of(ctx.session, to_ids)
    return ActionResult("listed", member_choices(people), (numbered(ctx, people.values()),))


@action("one", "none")
def take_one(ctx: ActionContext, *, to_id: str = "", to_ids: Sequence[int] = ()) -> ActionResult:
    """Go on with the one that was chosen in `to_id`, as `other_name`."""
    chosen = int(to_id) if to_id.isdigit() else None
    if chosen is None or chosen not in to_ids:
        return ActionResult("none")
    person = people_of(ctx.session, [chosen])[chosen]
    return ActionResult("one", {"to_ids": [chosen], "many": False, **other_name_of(person)})


def quiet_members(
    session: Session, circle: Circle, now: dt.datetime, *, but: int = 0
) -> list[tuple[Member, Person, int]]:
    """Who takes part and has sent no word for two whole weeks or more, with how many; the longest first.

    Args:
        but: Id of a person who is not among them: the host who asks.
    """
    since = week_began(circle, now)
    there = [each for each in members_of(session, [circle], ("active",)) if each.person.id != but]
    weeks = quiet_weeks_of(session, [each.member for each in there], since)
    quiet = [
        (member, person, weeks[member.id]) for member, person, _ in there if weeks[member.id] >= QUIET_FROM
    ]
    return sorted(quiet, key=lambda each: (-each[2], each[0].id))


def week_began(circle: Circle, now: dt.datetime) -> dt.datetime:
    """When this week began wherever its members are: what was asked before has had its week."""
    zone = ZoneInfo(circle.zone)
    return at_wall(monday_of(now.astimezone(zone).date()), dt.time(0), zone) - _EVERYWHERE


def _away(ctx: ActionContext, circle: Circle) -> list[Line]:
    """Say who is away, in no words but what the circle may hear: who pauses was told that it sees "away"."""
    rows = members_of(ctx.session, [circle], ("active", "paused", "unreachable"))
    lost = out_of_reach(ctx.session, [person.id for _, person, _ in rows], ctx.identity.sender)
    lines = []
    for member, person, _ in rows:
        if person.id == ctx.person.id:
            continue
        if member.state == "paused":
            lines.append(Line("away_now", name_placeholders(ctx, person)))
        elif member.state == "unreachable" or person.id in lost:
            lines.append(Line("not_reached", name_placeholders(ctx, person)))
    return lines
