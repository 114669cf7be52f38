"""Shows a host who comes to a circle hour, and afterwards who was there: names and counts, never words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.recipients import named
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hours.hour_polls import carried
from assistant.circles.hours.hour_rows import hour_ahead, local_when, open_poll, seats_in, stands
from assistant.circles.hours.hour_times import LASTS
from assistant.circles.people.audit import record
from assistant.circles.people.permissions import circle_for
from assistant.store.tables import Circle, CircleHour, HourSeat, PendingAction, Person

Said = Sequence[tuple[HourSeat, Person]]


@action("shown", "poll", "nothing", "none")
def show_hour(ctx: ActionContext) -> ActionResult:
    """Show a host the hour that is set, with who comes and who does not; poll: times are asked about."""
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    hour, poll = hour_ahead(ctx.session, circle.id, ctx.now), open_poll(ctx.session, circle.id, ctx.now)
    lines = (Lines(tuple(_before(ctx, circle, hour))),) if hour is not None else ()
    if poll is not None:
        return ActionResult("poll", {"poll": poll}, lines)
    return ActionResult("shown", effects=lines) if lines else ActionResult("nothing", {"wrong": "empty"})


@action("told", "over")
def tell_host(
    ctx: ActionContext, *, circle_hour: int = 0, at: str = "", part: str = "before"
) -> ActionResult:
    """Tell a host of an hour: that the plan has it, who comes, who was there; over: there is nothing."""
    found = ctx.session.get(CircleHour, circle_hour)
    circle = circle_for(ctx.session, ctx.person.id, found.circle_id) if found is not None else None
    if found is None or circle is None or not stands(found, at):
        return ActionResult("over")
    if part != "after":
        if found.starts_at <= ctx.now:
            return ActionResult("over")
        lines = _by_plan(ctx, circle, found) if part == "planned" else _before(ctx, circle, found)
        return ActionResult("told", effects=(Lines(tuple(lines)),), circle=circle)
    if found.starts_at + LASTS > ctx.now:
        return ActionResult("over")
    found.digest_at = found.digest_at or ctx.now
    return ActionResult("told", effects=(Lines(tuple(_after(ctx, circle, found))),), circle=circle)


def _by_plan(ctx: ActionContext, circle: Circle, hour: CircleHour) -> Iterator[Line]:
    yield Line("hour_ahead", {"circle": circle.name, **local_when(ctx.session, hour, ctx.person, circle)})
    yield Line("hour_by_plan")


def _before(ctx: ActionContext, circle: Circle, hour: CircleHour) -> Iterator[Line]:
    said = _said(ctx, hour)
    coming = [each for each in said if each[0].reply == "coming"]
    away = [each for each in said if each[0].reply == "not"]
    waiting = [each for each in said if each[0].reply is None]
    record(ctx.session, "hour status", ctx.now, by=ctx.person.id, circle_id=circle.id, hour=hour.id)
    yield Line("hour_ahead", {"circle": circle.name, **local_when(ctx.session, hour, ctx.person, circle)})
    yield Line(
        "hour_coming" if coming else "hour_coming_none", _named(ctx, coming), carries=carried(ctx, coming)
    )
    if away:
        yield Line("hour_not_coming", _named(ctx, away), carries=carried(ctx, away))
    if waiting:
        yield Line("hour_not_said", _named(ctx, waiting))
    if (way := _way(ctx, hour)) is not None:
        yield Line("hour_way_shown", {"way": way})


def _after(ctx: ActionContext, circle: Circle, hour: CircleHour) -> Iterator[Line]:
    said = _said(ctx, hour)
    came = [each for each in said if each[0].came]
    unheard = [each for each in said if each[0].reply == "coming" and each[0].came is None]
    record(ctx.session, "hour attendance", ctx.now, by=ctx.person.id, circle_id=circle.id, hour=hour.id)
    yield Line("hour_was", {"circle": circle.name, **local_when(ctx.session, hour, ctx.person, circle)})
    yield Line("hour_came" if came else "hour_came_none", _named(ctx, came), carries=carried(ctx, came))
    if unheard:
        yield Line("hour_unheard", _named(ctx, unheard), carries=carried(ctx, unheard))


def _said(ctx: ActionContext, hour: CircleHour) -> Said:
    return [(seat, person) for seat, _, person in seats_in(ctx.session, hour) if seat.heard_at is not None]


def _named(ctx: ActionContext, said: Said) -> dict[str, Any]:
    return dict(named(ctx, [person for _, person in said]))


def _way(ctx: ActionContext, hour: CircleHour) -> str | None:
    """Return how to come, where this host wrote it."""
    written = ctx.session.get(PendingAction, hour.way_id) if hour.way_id is not None else None
    mine = written is not None and written.by_person_id == ctx.person.id
    return written.words if written is not None and mine else None
