"""Lets hosts be away until a day: meanwhile alerts go to whoever else is on call; BACK ends it early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Line, Lines, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.permissions import hosted_by
from assistant.language.rendering import readable_date, readable_day
from assistant.language.times.dates import read_date
from assistant.safety.on_call import LEVELS, on_level
from assistant.schedule.local_time import home, zone_of
from assistant.schedule.wall import at_wall
from assistant.store.tables import Alert, AlertStep, Circle, Outbox, Person, Role
from assistant.store.tables.operation_tables import URGENT

LONGEST_AWAY: Final = dt.timedelta(weeks=12)
BACK_AT: Final = dt.time(9)
"""Alerts come back to the host on the morning after the last day away, at this hour there."""
LINES_A_TEXT: Final = 3
"""So many fit into two segments, whatever the circles are called."""


@action("yes", "no")
def runs_a_circle(ctx: ActionContext) -> ActionResult:
    """Say whether the person hosts or backs up a circle that is not over."""
    return ActionResult("yes" if hosted_by(ctx.session, ctx.person.id) else "no")


@action("heard", "ask", "unclear")
def hear_away(ctx: ActionContext, *, date: str | None = None) -> ActionResult:
    """Read the last day away into `away_until`; ask: none was named."""
    if date is None:
        return ActionResult("ask")
    zone = _zone(ctx)
    today = ctx.now.astimezone(zone).date()
    day = next(
        (
            found
            for words in (date, f"in {date}")  # "2 weeks" is said for "in 2 weeks"
            if (found := read_date(words, now=ctx.now, zone=zone.key, country=ctx.identity.country))
        ),
        None,
    )
    if day is None or not today <= day <= today + LONGEST_AWAY:
        return ActionResult("unclear")
    return ActionResult("heard", {"away_until": day.isoformat()})


@action("away", "none")
def go_away(ctx: ActionContext, *, away_until: dt.date | None = None) -> ActionResult:
    """Take the host off call until that day is over; the host reads who is on call, and they hear of it.

    Pages that wait for this host's answer go on to the next at once.
    """
    roles = _roles(ctx)
    if not roles or away_until is None:
        return ActionResult("none")
    until = at_wall(away_until + dt.timedelta(days=1), BACK_AT, _zone(ctx))
    for role, _ in roles:
        role.away_until = until
    ctx.session.flush()
    circles = list({circle.id: circle for _, circle in roles}.values())
    record(ctx.session, "away", ctx.now, by=ctx.person.id, until=away_until.isoformat())
    _pass_pages_on(ctx, [circle.id for circle in circles])
    _stands_in_no_more(ctx)
    language = language_of(ctx)
    lines = [
        Line(
            "away_set",
            {"day": readable_day(away_until, language), "date": readable_date(away_until, language)},
        ),
        *(_who_instead(ctx, circle) for circle in circles),
    ]
    if seats_of(ctx.session, ctx.person.id):
        lines.append(Line("away_own_seat"))
    texts = (Lines(tuple(lines[at : at + LINES_A_TEXT])) for at in range(0, len(lines), LINES_A_TEXT))
    return ActionResult("away", effects=(*texts, *_tell_others(ctx, roles, "host_away", away_until)))


@action("back", "here", "no")
def end_away(ctx: ActionContext) -> ActionResult:
    """Put the host on call again. here: the host was not away. no: the person hosts no circle."""
    roles = _roles(ctx)
    away = [(role, circle) for role, circle in roles if role.away_until and role.away_until > ctx.now]
    if not away:
        return ActionResult("here" if roles else "no")
    for role, _ in away:
        role.away_until = None
    ctx.session.flush()
    record(ctx.session, "back", ctx.now, by=ctx.person.id)
    return ActionResult("back", effects=tuple(_tell_others(ctx, away, "host_back")))


def _zone(ctx: ActionContext) -> ZoneInfo:
    """Return the zone of the host, else that of the host's first circle."""
    circles = hosted_by(ctx.session, ctx.person.id)
    return home(zone_of(ctx.person.zone, circles[0].zone if circles else None))


def _roles(ctx: ActionContext) -> list[tuple[Role, Circle]]:
    rows = ctx.session.execute(
        select(Role, Circle)
        .join(Circle, Circle.id == Role.circle_id)
        .where(
            Role.person_id == ctx.person.id,
            Role.kind.in_(("host", "backup")),
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state != "closed",
        )
        .order_by(Role.id)
    )
    return [(role, circle) for role, circle in rows]


def _who_instead(ctx: ActionContext, circle: Circle) -> Line:
    """A line that says who is on call for a circle now."""
    for level in LEVELS:
        if people := _on(ctx, circle, level):
            names = [person.name for person in people if person.name]
            placeholders = (
                {"other_name": shorten(names[0], PLACEHOLDERS["other_name"].longest)} if names else {}
            )
            notice = "away_to_organizer" if level == "organizer" else "away_to"
            return Line(notice, {**placeholders, "circle": circle.name})
    return Line("away_to_nobody", {"circle": circle.name})


def _on(ctx: ActionContext, circle: Circle, level: str) -> Sequence[Person]:
    """Return who is on call there, besides this host."""
    return on_level(ctx.session, circle.id, level, ctx.person.id, ctx.identity.sender, ctx.now)


def _tell_others(
    ctx: ActionContext, roles: Iterable[tuple[Role, Circle]], notice: str, day: dt.date | None = None
) -> Iterable[Effect]:
    """Tell those who share a circle with this host that alerts come to them, or no longer do."""
    for role, circle in roles:
        levels = ("host", "backup") if role.kind == "host" else ("host",)
        people = next((found for level in levels if (found := _on(ctx, circle, level))), [])
        for person in people:
            language = person.language or circle.language
            placeholders = {"circle": circle.name}
            if ctx.person.name:
                placeholders["other_name"] = ctx.person.name
            if day is not None:
                placeholders["date"] = readable_date(day, language)
            told = notice if role.kind == "host" else notice.replace("host", "backup")
            yield Tell(person.id, told, placeholders, circle_id=circle.id)


def _stands_in_no_more(ctx: ActionContext) -> None:
    """Withdraw what this host was to hear in the morning: that alerts come here."""
    ctx.session.execute(
        update(Outbox)
        .where(
            Outbox.person_id == ctx.person.id,
            Outbox.state == "queued",
            Outbox.wording == "notices/host_away",
        )
        .values(state="cancelled", reason="is away now")
    )


def _pass_pages_on(ctx: ActionContext, circle_ids: Sequence[int]) -> None:
    """Move pages on: nobody waits a quarter of an hour for someone who has just gone away."""
    waiting = ctx.session.scalars(
        select(Alert).where(
            Alert.circle_id.in_(circle_ids),
            Alert.kind.in_(URGENT),
            Alert.closed_at.is_(None),
            Alert.answered_at.is_(None),
            Alert.next_page_at.is_not(None),
        )
    ).all()
    for alert in waiting:
        paged = select(AlertStep.id).where(
            AlertStep.alert_id == alert.id,
            AlertStep.person_id == ctx.person.id,
            AlertStep.what.like("%paged%"),
        )
        if ctx.session.scalar(paged.limit(1)) is not None:
            alert.next_page_at = ctx.now
            ctx.session.add(
                AlertStep(alert_id=alert.id, at=ctx.now, what="went away", person_id=ctx.person.id)
            )
