"""Starts a circle's season when its host says BEGIN, and tells her once when enough people are there."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Tell
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.membership.newcomers import ENOUGH, _promised
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import hosts_of, lock_circle, told_of_news
from assistant.language.folding import plain_words
from assistant.language.rendering import readable_date
from assistant.schedule.programs import programs
from assistant.store.tables import Circle

_SAID_ALONG: Final = frozenset({"on", "this", "next", "monday", "el", "este", "proximo", "lunes"})


@action("begun", "few", "dated", "running", "no_program", "unsure", "none")
def begin_circle(ctx: ActionContext) -> ActionResult:
    """Start the season of the circle she hosts next Monday, never today; everyone in it hears the date.

    few: fewer than four have promised (`count`). dated, running: it begins, or began, on `date` already.
    unsure: more was said than BEGIN.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    if set(plain_words(str(ctx.values.get("text") or ""))) - _SAID_ALONG:
        return ActionResult("unsure")
    circle = lock_circle(ctx.session, circle.id)
    today = ctx.now.astimezone(ZoneInfo(circle.zone)).date()
    if circle.state != "gathering" and circle.starts_on is not None:
        date = readable_date(circle.starts_on, language_of(ctx))
        return ActionResult("dated" if circle.starts_on > today else "running", {"date": date})
    here = _promised(ctx, circle)
    if here < ENOUGH:
        return ActionResult("few", {"count": str(here)})
    if circle.program not in programs():
        return ActionResult("no_program")
    tomorrow = today + dt.timedelta(days=1)
    begin_season(ctx.session, circle, max(circle.starts_on or tomorrow, tomorrow), ctx.now)
    record(ctx.session, "start circle", ctx.now, by=ctx.person.id, circle_id=circle.id)
    return ActionResult("begun", effects=_tell_all(ctx, circle))


def _tell_all(ctx: ActionContext, circle: Circle) -> tuple[Effect, ...]:
    """Members who take part or read along, and whoever else hosts, hear it once, in their own daytime."""
    members = told_of_news(ctx.session, circle.id, but=[ctx.person.id])
    told = {ctx.person.id, *(member.person_id for member in members)}
    hosts = [host for host in hosts_of(ctx.session, circle.id, ctx.now) if host.id not in told]
    return (
        *(Tell(m.person_id, "season_begins", circle_id=circle.id, member_id=m.id) for m in members),
        *(Tell(host.id, "season_begins", circle_id=circle.id) for host in hosts),
    )
